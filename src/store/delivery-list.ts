/**
 * Lists of deliveries in order, by the number of their event, then by their own. A page looks at a bounded number of rows, however many
 * there are, and says where it stopped; whoever asks goes on from there. All functions only read.
 */
import type { Sql, SqlValue } from '../ports.ts';
import { deliveryColumns, deliveryOf, type Delivery, type DeliveryKey, type DeliveryRow, type Told } from './deliveries.ts';
import {
  anyOf,
  everything,
  isBefore,
  madeAfterwards,
  matchingOf,
  parametersOf,
  rangesOf,
  textOf,
  within,
  type DeliveryQuery,
  type DeliveryStatus,
  type Range,
  type Where,
} from './delivery-conditions.ts';

/** A delivery with all that became of it. Times: epoch ms. */
export interface DeliveryRecord extends Delivery {
  status: DeliveryStatus;
  dueAt: number | null;
  finishedAt: number | null;
  /** Of its end, or of its last attempt. */
  reason: string | null;
  detail: string | null;
  /** What the other side gave back. */
  receipt: Record<string, string> | null;
  /** Null: it was not delivered, or is about no incident; or it was before the store kept this. */
  told: Told | null;
  /** The id of the delivery that died, in whose place this one is. */
  fallbackOf: string | null;
}

export interface DeliveryPage {
  rows: DeliveryRecord[];
  /** The last row that was looked at: where the next page goes on. Null when there is nothing more. */
  stoppedAt: DeliveryKey | null;
  /** There were more rows to look at than one request may: fewer than `limit` may have been found though there are more. */
  isCut: boolean;
}

export type DeliveryOrder = 'newest-first' | 'oldest-first';

/*
 * What one page looks at. Measured with a million rows of which 300,000 wait, with filters that match nothing: none takes more than 40 ms.
 */
/** Rows of the table, one after the other. Its JSON is parsed where a rule is asked for. */
const maxLookedAt = 25_000;
/** Rows that an index names, which lie far from each other. */
const maxScattered = 5_000;
/** Entries of the indexes of states, whose first are then looked at. Where more have the states asked for, the table is full of them. */
const maxSorted = 300_000;
const maxPicked = 1_000;

/**
 * Those with an index that holds nothing else, `deliveries_<status>`, and its order. Read from the end where the newest come first, so
 * that what comes later is left out at a glance: sorting takes half the time.
 */
const indexed: Partial<Record<DeliveryStatus, readonly string[]>> = {
  queued: ['destination', 'event_seq', 'n'],
  waiting: ['destination', 'subject', 'event_seq', 'n'],
  scheduled: ['destination', 'due_at'],
  sending: ['lease_until'],
  dead: ['event_seq', 'n'],
};

type Row = DeliveryRow &
  Omit<DeliveryRecord, keyof Delivery | 'receipt' | 'told'> & { receipt: string | null; told: string | null };

const columns = `${deliveryColumns}, status, due_at AS dueAt, finished_at AS finishedAt, reason, detail, receipt, told, fallback_of AS fallbackOf`;

function recordOf({ receipt, told, ...row }: Row): DeliveryRecord {
  return {
    ...deliveryOf(row),
    receipt: receipt === null ? null : (JSON.parse(receipt) as Record<string, string>),
    told: told === null ? null : (JSON.parse(told) as Told),
  };
}

export function createDeliveryList(sql: Sql) {
  const read = (from: Where, where: readonly Where[], order: DeliveryOrder, limit: number): DeliveryRecord[] =>
    sql
      .query<Row>(
        `SELECT ${columns} FROM ${textOf(from, where)} ${by(order, byNumber)} LIMIT ?`,
        ...parametersOf(from, where),
        limit,
      )
      .map(recordOf);

  /** `after`: the last row that the page before looked at. */
  function page(
    query: DeliveryQuery,
    limit: number,
    after: DeliveryKey | null,
    order: DeliveryOrder = 'newest-first',
  ): DeliveryPage {
    const asked: Asked = { query, order };
    const { usual, afterwards } = rangesOf(query);
    const parts = [
      () => inUsual(asked, goingOn(usual, after, order), limit),
      ...(afterwards === null ? [] : [(room: number) => walk(madeLongAfter, asked, goingOn(afterwards, after, order), room)]),
    ];
    return inTurn(order === 'newest-first' ? parts : parts.toReversed(), limit);
  }

  function inUsual(asked: Asked, range: Range, limit: number): DeliveryPage {
    const { query, order } = asked;
    if (query.event !== null) return whole(read(deliveries, [within(range), ...matchingOf(query)], order, limit + 1), limit);
    if (query.statuses.length === 1 && query.statuses[0] === 'dead') return walk(deadOnes, asked, range, limit);
    return canBeSorted(query) ? pick(asked, range, limit) : walk(allOfThem, asked, range, limit);
  }

  /** Looks at one row after the other. */
  function walk({ from, where, budget }: Source, { query, order }: Asked, range: Range, limit: number): DeliveryPage {
    const last = keyAt(from, [within(range), ...where], order, budget);
    const reached = within(last === null ? range : upTo(range, last, order));
    return cutAt(last, whole(read(from, [reached, ...where, ...matchingOf(query)], order, limit + 1), limit));
  }

  /** Sorts what has the states asked for, and looks at the first. */
  function pick({ query, order }: Asked, range: Range, limit: number): DeliveryPage {
    const { text, parameters } = keysOf(query, range, order);
    const first = `(SELECT event_seq AS seq, n AS nth FROM (${text}) ${by(order, byNumber)} LIMIT ${maxPicked})`;
    // CROSS JOIN, so that SQLite begins with those.
    const those: Where = [`${first} AS those CROSS JOIN deliveries ON event_seq = seq AND n = nth`, ...parameters];
    const found = whole(read(those, [within(range), ...matchingOf(query)], order, limit + 1), limit);
    return found.stoppedAt === null ? cutAt(keyAt([`(${text})`, ...parameters], [], order, maxPicked), found) : found;
  }

  /** Null when there are no more rows than that. */
  function keyAt(from: Where, where: readonly Where[], order: DeliveryOrder, nth: number): DeliveryKey | null {
    return (
      sql.query<DeliveryKey & Record<string, never>>(
        `SELECT event_seq AS eventSeq, n FROM ${textOf(from, where)} ${by(order, byNumber)} LIMIT 1 OFFSET ?`,
        ...parametersOf(from, where),
        nth - 1,
      )[0] ?? null
    );
  }

  function canBeSorted(query: DeliveryQuery): boolean {
    const { statuses } = query;
    if (statuses.length === 0 || !statuses.every((each) => each in indexed)) return false;
    const { text, parameters } = keysOf({ ...query, destinations: [] }, everything, 'newest-first');
    const upTo = `SELECT count(*) AS n FROM (SELECT 1 FROM (${text}) LIMIT ${maxSorted + 1})`;
    return sql.query<{ n: number }>(upTo, ...parameters)[0]!.n <= maxSorted;
  }

  return {
    page,
    find: ({ eventSeq, n }: DeliveryKey): DeliveryRecord | null =>
      read(
        deliveries,
        [
          ['event_seq = ?', eventSeq],
          ['n = ?', n],
        ],
        'newest-first',
        1,
      )[0] ?? null,
    /** All of an event, the first first. */
    ofEvent: (eventSeq: number): DeliveryRecord[] => read(deliveries, [['event_seq = ?', eventSeq]], 'oldest-first', -1),
  };
}

interface Asked {
  query: DeliveryQuery;
  order: DeliveryOrder;
}

/** Rows to look at, in order. */
interface Source {
  from: Where;
  where: readonly Where[];
  budget: number;
}

const deliveries: Where = ['deliveries'];
const allOfThem: Source = { from: deliveries, where: [], budget: maxLookedAt };
const deadOnes: Source = {
  from: ['deliveries INDEXED BY deliveries_dead'],
  where: [["status = 'dead'"]],
  budget: maxScattered,
};
const madeLongAfter: Source = {
  from: ['deliveries INDEXED BY deliveries_afterwards'],
  where: [[madeAfterwards]],
  budget: maxScattered,
};

const byNumber: readonly string[] = ['event_seq', 'n'];

function by(order: DeliveryOrder, parts: readonly string[]): string {
  return `ORDER BY ${parts.map((part) => (order === 'newest-first' ? `${part} DESC` : part)).join(', ')}`;
}

/** One part after the other, until there are enough or one has to be gone on with. */
function inTurn(parts: readonly ((room: number) => DeliveryPage)[], limit: number): DeliveryPage {
  const rows: DeliveryRecord[] = [];
  for (const [i, part] of parts.entries()) {
    const { rows: found, stoppedAt, isCut } = part(limit - rows.length);
    rows.push(...found);
    if (stoppedAt !== null) return { rows, stoppedAt, isCut };
    if (rows.length === limit && i < parts.length - 1) return { rows, stoppedAt: rows.at(-1)!, isCut: false };
  }
  return { rows, stoppedAt: null, isCut: false };
}

function whole(found: DeliveryRecord[], limit: number): DeliveryPage {
  const rows = found.slice(0, limit);
  return { rows, stoppedAt: found.length > limit ? rows.at(-1)! : null, isCut: false };
}

/** `last`: the last row that was looked at, if there are more. */
function cutAt(last: DeliveryKey | null, found: DeliveryPage): DeliveryPage {
  return found.stoppedAt === null && last !== null ? { ...found, stoppedAt: last, isCut: true } : found;
}

/** What is left of a range. `after`: the last row that was looked at. */
function goingOn({ from, to }: Range, after: DeliveryKey | null, order: DeliveryOrder): Range {
  if (after === null) return { from, to };
  if (order === 'newest-first') return { from, to: isBefore(after, to) ? after : to };
  return { from: isBefore(after, from) ? from : behind(after), to };
}

/** The beginning of a range, as far as `last` and with it. */
function upTo({ from, to }: Range, last: DeliveryKey, order: DeliveryOrder): Range {
  return order === 'newest-first' ? { from: last, to } : { from, to: behind(last) };
}

function behind({ eventSeq, n }: DeliveryKey): DeliveryKey {
  return { eventSeq, n: n + 1 };
}

/** By the indexes of states alone. A few beyond the range may be among them. */
function keysOf(
  { statuses, destinations }: DeliveryQuery,
  { from, to }: Range,
  order: DeliveryOrder,
): { text: string; parameters: SqlValue[] } {
  // Comparing whole keys takes three times as long.
  const isBounded = from.eventSeq > 0 || to.eventSeq < Number.MAX_SAFE_INTEGER;
  const range: Where[] = isBounded ? [['event_seq >= ? AND event_seq <= ?', from.eventSeq, to.eventSeq]] : [];
  const where = [...range, ...anyOf('destination', destinations)];
  const each = statuses.map((status) => {
    const source = textOf([`deliveries INDEXED BY deliveries_${status}`], [[`status = '${status}'`], ...where]);
    // An order within a subquery counts only where that has a limit.
    return `SELECT * FROM (SELECT event_seq, n FROM ${source} ${by(order, indexed[status]!)} LIMIT -1)`;
  });
  return { text: each.join(' UNION ALL '), parameters: statuses.flatMap(() => parametersOf([''], where)) };
}
