/** Aligned columns without lines between them, for what a command lists. */
import { styleText } from 'node:util';
import Table from 'cli-table3';

/** A cell may hold colours; text from outside has to be one line already, and short. Without a line break at its end. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
  const lines = { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '', left: '', right: '', middle: ' ' };
  const bottom = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };
  const drawn = new Table({
    head: head.map((text) => style('bold', text)),
    chars: { ...none, ...lines, ...bottom },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  });
  for (const cells of rows) drawn.push([...cells]);
  return drawn.toString();
}

/** Coloured where standard output is a terminal that shows colours. */
export function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
