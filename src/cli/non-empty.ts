import { InvalidArgumentError } from 'commander';

/** For options: an empty value is a slip, such as a shell variable that is not set, and means something else than no option. */
export function nonEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty: give it a value, or leave the option out.');
  return text;
}
