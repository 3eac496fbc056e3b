/** What was measured against what was promised: as a table for people and as JSON. */
import { writeFileSync } from 'node:fs';
import { styleText } from 'node:util';
import Table from 'cli-table3';
import type { Machine } from './machine.ts';

export interface Row {
  what: string;
  value: number;
  /** How the value is written: `×` is a ratio. */
  unit: '×' | 'ms' | 'µs' | 'MB' | '/s' | 's';
  /** Null: no target, only for orientation. */
  target: { atLeast: number } | { atMost: number } | null;
  /** Each round's value. */
  rounds?: readonly number[];
}

export function isMet({ value, target }: Row): boolean {
  if (target === null) return true;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}

export function printReport(machine: Machine, rows: readonly Row[]): void {
  const table = new Table({
    head: ['what', 'measured', 'rounds', 'target', ''],
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([row.what, written(row.value, row.unit), spread(row), targetOf(row), mark(row)]);
  const missed = rows.filter((row) => !isMet(row));
  const verdict = missed.length === 0 ? 'All targets are met.' : `Missed: ${missed.map(({ what }) => what).join('; ')}.`;
  const about = Object.entries(machine).map(([name, value]) => `${name}: ${value}`);
  process.stdout.write(`\n${about.join('\n')}\n\n${table.toString()}\n\n${verdict}\n`);
}

export function writeResults(path: string, machine: Machine, rows: readonly Row[]): void {
  const results = rows.map((row) => ({ ...row, met: row.target === null ? null : isMet(row) }));
  const rounded = (_key: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value);
  writeFileSync(path, `${JSON.stringify({ measuredAt: new Date().toISOString(), machine, results }, rounded, 2)}\n`);
}

function written(value: number, unit: Row['unit']): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const text = value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return unit === '×' ? `${text} ×` : `${text} ${unit}`;
}

function spread({ rounds, unit }: Row): string {
  if (rounds === undefined || rounds.length < 2) return '';
  return `${written(Math.min(...rounds), unit)} … ${written(Math.max(...rounds), unit)}`;
}

function targetOf({ target, unit }: Row): string {
  if (target === null) return '';
  return 'atLeast' in target ? `≥ ${target.atLeast} ${unit}` : `≤ ${target.atMost} ${unit}`;
}

function mark(row: Row): string {
  if (row.target === null) return '';
  return isMet(row) ? styleText('green', '✓') : styleText('red', '✗');
}
