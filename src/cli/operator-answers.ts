/** What a running relay answers, by the shapes of its views. */
import type { z } from 'zod';
import { CommandFailure } from './rules.ts';

/** Fields that this command does not know are left alone: a newer relay may say more. */
export function readView<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  if (parsed.error.issues.every(({ code }) => code === 'unrecognized_keys')) return answer as T;
  const where = parsed.error.issues.find(({ code }) => code !== 'unrecognized_keys')?.path.join('.') ?? '';
  throw new CommandFailure(
    1,
    `the relay's answer is not understood${where === '' ? '' : ` (${where})`}: it is of another version than this command`,
  );
}

/** `a,b,a` as its values, once each. */
export function severalIn(text: string): string[] {
  return [...new Set(text.split(',').map((each) => each.trim()))].filter((each) => each !== '');
}
