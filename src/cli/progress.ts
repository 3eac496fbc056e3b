/** One line on standard error that is written over, on a terminal alone. */
import { truncate } from '../destination/text.ts';

export function showProgress(text: string): void {
  const { isTTY, columns } = process.stderr;
  // A terminal of unknown width says 0.
  if (isTTY) process.stderr.write(`\r\u001b[K${truncate(text, (columns || 80) - 1)}`);
}

export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
