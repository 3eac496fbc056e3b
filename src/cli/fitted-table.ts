/** A table that fits the terminal: what is long gives way, the last columns first. */
import type { styleText } from 'node:util';
import { truncate } from '../destination/text.ts';
import { style, table } from './table.ts';

export type Format = Parameters<typeof styleText>[0];

export interface Column<Row> {
  head: string;
  /** One line. */
  text(row: Row): string;
  format?(row: Row): Format;
  /** Its cells may be cut, after those of columns to its right. Default false. */
  flexible?: true;
}

/** Columns of a pipe, and of a terminal that does not say. */
const usualWidth = 100;
/** What is cut shorter says nothing. */
const leastWidth = 8;
/** Between columns, and after the last. */
const gap = 2;

/** Without a line break at its end. */
export function fittedTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = process.stdout.columns || usualWidth,
): string {
  const cells = rows.map((row) => columns.map((column) => column.text(row)));
  const widths = fitted(
    columns.map(({ head, flexible = false }, i) => ({
      width: Math.max(head.length, ...cells.map((row) => row[i]!.length)),
      flexible,
    })),
    width,
  );
  const drawn = rows.map((row, r) =>
    columns.map(({ format }, c) => {
      const text = truncate(cells[r]![c]!, widths[c]!);
      return format ? style(format(row), text) : text;
    }),
  );
  return table(
    columns.map(({ head }) => head),
    drawn,
  );
}

function fitted(columns: readonly { width: number; flexible: boolean }[], room: number): number[] {
  const widths = columns.map(({ width }) => width);
  let over = widths.reduce((sum, each) => sum + each + gap, -1) - room;
  for (let i = widths.length - 1; i >= 0 && over > 0; i -= 1) {
    if (!columns[i]!.flexible) continue;
    const cut = Math.max(0, Math.min(over, widths[i]! - leastWidth));
    widths[i]! -= cut;
    over -= cut;
  }
  return widths;
}
