/** Lists of the operator API, however many pages they take. */
import { stringifyJson } from '../event/json.ts';
import { minuteText } from './operator-words.ts';
import { fittedTable, type Column } from './fitted-table.ts';
import { operatorClient, type AskRelay } from './operator-client.ts';
import { filterOf, inFlags, type Filter, type ListFlags } from './operator-flags.ts';
import { clearProgress, showProgress } from './progress.ts';
import { readerGone } from './reader-gone.ts';

/** What one request of the API gives at most. */
const maxPage = 200;

export interface Listing<Row> {
  /** Below `/api/v1`. */
  path: string;
  page(answer: unknown): Page<Row>;
  /** ISO 8601. */
  timeOf(row: Row): string;
  columns: readonly Column<Row>[];
  /** What is said where there is none. */
  none: string;
}

export interface Page<Row> {
  rows: readonly Row[];
  /** For `before`; null: there is nothing more. */
  next: string | null;
  /** How far back the search got, where it was cut. ISO 8601. */
  searchedTo: string | null;
}

export interface Asked {
  query: Record<string, string>;
  /** Rows in all. */
  limit: number;
}

/** Pages until there are so many rows, or no more. Each says where the next would go on. With a line of progress on a terminal. */
export async function* pages<Row>(
  ask: AskRelay,
  { path, page: read, timeOf }: Pick<Listing<Row>, 'path' | 'page' | 'timeOf'>,
  { query, limit }: Asked,
): AsyncGenerator<Page<Row>, void> {
  let found = 0;
  let before = query.before;
  try {
    do {
      const asked = { ...query, limit: String(Math.min(maxPage, limit - found)), ...(before === undefined ? {} : { before }) };
      const page = read(await ask('GET', `${path}?${new URLSearchParams(asked).toString()}`));
      found += page.rows.length;
      clearProgress();
      yield page;
      if (page.next === null) return;
      const last = page.rows.at(-1);
      const back = page.searchedTo ?? (last === undefined ? null : timeOf(last));
      showProgress(`${back === null ? 'searching' : `searched back to ${minuteText(back)} UTC`}, ${found} found`);
      before = page.next;
    } while (found < limit);
  } finally {
    clearProgress();
  }
}

/** As a table, or as a JSON array that is written page by page. */
export async function printList<Row>(listing: Listing<Row>, filters: readonly Filter[], flags: ListFlags): Promise<void> {
  const { limit, before, json = false } = flags;
  const ask = operatorClient(inFlags(filters, 'before'));
  const asked = { query: { ...filterOf(filters, flags), ...(before === undefined ? {} : { before }) }, limit };
  const gone = readerGone();
  const all: Row[] = [];
  let next: string | null = null;
  for await (const page of pages(ask, listing, asked)) {
    if (gone.aborted) return;
    if (json) process.stdout.write(page.rows.map((row, i) => `${all.length + i === 0 ? '[\n' : ',\n'}${indented(row)}`).join(''));
    all.push(...page.rows);
    next = page.next;
  }
  if (json) process.stdout.write(all.length === 0 ? '[]\n' : '\n]\n');
  else process.stdout.write(`${all.length === 0 ? listing.none : fittedTable(listing.columns, all)}\n`);
  if (next !== null && all.length >= limit) {
    process.stderr.write(`There may be more: --before ${next} goes on from here, --limit takes more than ${limit} at once.\n`);
  }
}

function indented(value: unknown): string {
  return stringifyJson(value, 2).replace(/^/gm, '  ');
}
