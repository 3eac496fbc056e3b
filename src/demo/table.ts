/** The reckoning as tables for a terminal. */
import Table from 'cli-table3';
import type { DestinationRow, Reckoning, WebhookRow } from './reckoning.ts';
import type { Screen } from './screen.ts';

type Paint = Pick<Screen, 'style' | 'width'>;

export function renderReckoning({ webhooks, destinations, findings }: Reckoning, screen: Paint): string {
  const verdict =
    findings.length === 0
      ? screen.style(['bold', 'green'], '✓ It adds up.')
      : [screen.style(['bold', 'red'], '✗ It does not add up:'), ...findings.map((finding) => `  ${finding}`)].join('\n');
  return [webhookTable(webhooks, screen), destinationTable(destinations, screen), verdict].join('\n\n');
}

/** Columns below which the tables show only what they must. */
const roomyWidth = 80;

function webhookTable(rows: readonly WebhookRow[], screen: Paint): string {
  const roomy = screen.width >= roomyWidth;
  const witnesses = roomy ? ['meant by the day', 'answers at sender', "relay's record"] : ['day', 'sender', 'relay'];
  const table = plainTable(['webhooks', ...witnesses, ''], screen);
  for (const row of rows) {
    table.push([row.label, count(row.day), count(row.sender), count(row.relay), mark(row.differs, screen)]);
  }
  return table.toString();
}

type CountColumn = 'planned' | 'added' | 'delivered' | 'dead' | 'open' | 'arrived';
const countColumns: readonly (readonly [head: string, column: CountColumn])[] = [
  ['planned', 'planned'],
  ['fallback', 'added'],
  ['delivered', 'delivered'],
  ['dead', 'dead'],
  ['pending', 'open'],
  ['arrived', 'arrived'],
];
const leftOutWhenZero: readonly CountColumn[] = ['added', 'dead', 'open'];

function destinationTable(rows: readonly DestinationRow[], screen: Paint): string {
  const roomy = screen.width >= roomyWidth;
  const shown = countColumns.filter(
    ([, column]) => roomy || !leftOutWhenZero.includes(column) || rows.some((row) => row[column] !== 0),
  );
  const table = plainTable(['deliveries to', ...shown.map(([head]) => head), ''], screen);
  for (const row of rows) {
    const label = row.place === null || !roomy ? row.label : `${row.label} ${screen.style('dim', row.place)}`;
    table.push([label, ...shown.map(([, column]) => count(row[column])), mark(row.differs, screen)]);
  }
  return table.toString();
}

/** Lines only under the head: a table that a person reads, and that pastes well. */
function plainTable(head: string[], screen: Paint): Table.Table {
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '' };
  const lines = { mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '', left: '', right: '', middle: ' ' };
  const bottom = { bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' };
  return new Table({
    head: head.map((text) => screen.style('bold', text)),
    colAligns: head.map((text, column) => (column === 0 || text === '' ? 'left' : 'right')),
    chars: { ...none, ...lines, ...bottom },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  });
}

function count(value: number | null): string {
  return value === null ? '–' : String(value);
}

function mark(differs: string | null, screen: Paint): string {
  return differs === null ? screen.style('green', '✓') : screen.style('red', '✗');
}
