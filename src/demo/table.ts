/** The reckoning as tables for a terminal. */
import Table from 'cli-table3';
import type { DestinationRow } from './deliveries.ts';
import type { Reckoning } from './reckoning.ts';
import type { Screen } from './screen.ts';
import type { WitnessRow } from './witnesses.ts';

type Paint = Pick<Screen, 'style' | 'width'>;

export function renderReckoning({ webhooks, fates, incidents, destinations, findings }: Reckoning, screen: Paint): string {
  const roomy = screen.width >= roomyWidth;
  const verdict =
    findings.length === 0
      ? screen.style(['bold', 'green'], '✓ It adds up.')
      : [screen.style(['bold', 'red'], '✗ It does not add up:'), ...findings.map((finding) => `  ${finding}`)].join('\n');
  return [
    witnessTable(
      'webhooks',
      roomy ? ['meant by the night', 'answers at sender', "relay's record"] : narrowHeads,
      webhooks,
      screen,
    ),
    witnessTable('what became of the events', ['events'], fates, screen),
    destinationTable(destinations, screen),
    witnessTable('problems', roomy ? ['the night', 'the relay', 'the other end'] : ['night', 'relay', 'end'], incidents, screen),
    verdict,
  ].join('\n\n');
}

/** Columns below which the tables show only what they must. */
const roomyWidth = 80;
const narrowHeads = ['night', 'sender', 'relay'];

function witnessTable(subject: string, witnesses: readonly string[], rows: readonly WitnessRow[], screen: Paint): string {
  const table = plainTable([subject, ...witnesses, ''], screen);
  const labels = screen.width >= roomyWidth ? Infinity : screen.width - narrowCounts;
  for (const { label, counts, differs } of rows)
    table.push([shortened(label, labels), ...counts.map(count), mark(differs, screen)]);
  return table.toString();
}

/** Columns of three counts and a mark. */
const narrowCounts = 24;

function shortened(label: string, most: number): string {
  return label.length <= most ? label : `${label.slice(0, most - 1)}…`;
}

type CountColumn = 'planned' | 'added' | 'delivered' | 'suppressed' | 'dead' | 'open' | 'arrived' | 'edits';
const countColumns: readonly (readonly [head: string, column: CountColumn])[] = [
  ['planned', 'planned'],
  ['later', 'added'],
  ['delivered', 'delivered'],
  ['silenced', 'suppressed'],
  ['dead', 'dead'],
  ['pending', 'open'],
  ['arrived', 'arrived'],
  ['edits', 'edits'],
];
const leftOutWhenZero: readonly CountColumn[] = ['suppressed', 'dead', 'open'];
const leftOutWhenNarrow: readonly CountColumn[] = ['added', 'edits'];

function destinationTable(rows: readonly DestinationRow[], screen: Paint): string {
  const roomy = screen.width >= roomyWidth;
  const shown = countColumns.filter(([, column]) => {
    if (leftOutWhenZero.includes(column)) return rows.some((row) => row[column] !== 0);
    return roomy || !leftOutWhenNarrow.includes(column);
  });
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
