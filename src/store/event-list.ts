/**
 * Events for people who look for some: without their bodies, newest first, or as they come. A search goes through the index
 * `events_listed` and reads only what it shows from the table, where each row has its body.
 */
import { firstSeqAt } from '../event/id.ts';
import type { Sql, SqlValue } from '../ports.ts';
import { conditionOf, type EventConditions } from './event-conditions.ts';
import type { EventOutcome } from './events.ts';
import { walkDown } from './walk.ts';

export interface EventRow {
  seq: number;
  subscription: string;
  scheme: string;
  /** Epoch ms. */
  receivedAt: number;
  outcome: EventOutcome;
  reason: string | null;
  kind: string | null;
  type: string | null;
  state: string | null;
  jobId: string | null;
  jobType: string | null;
  datasetId: string | null;
  updatedAtUs: number | null;
  subject: string | null;
  rules: string[];
  duplicateOf: number | null;
  replayOf: number | null;
}

/** What is shown of one event alone, but for its body. */
export interface EventRecord extends EventRow {
  idempotencyKey: string;
  rulesVersion: string;
}

export interface EventPage {
  rows: EventRow[];
  /** The last event that was looked at, from where to go on; null: there is nothing more. */
  next: number | null;
  /** When that was received, epoch ms, if the search ended there with fewer than were asked for. */
  searchedTo: number | null;
}

/**
 * Events that one request looks at. By measurement (`npm run bench -- lists`): the worst filter that matches nothing takes some 20 ms
 * of the one thread that intake runs on, too.
 */
const searchBudget = 40_000;

const columns = `seq, subscription, scheme, received_at AS receivedAt, outcome, reason, kind, type, state, job_id AS jobId,
  job_type AS jobType, dataset_id AS datasetId, updated_at_us AS updatedAtUs, subject, rules, duplicate_of AS duplicateOf,
  replay_of AS replayOf`;

type Stored<Row> = Omit<Row, 'rules'> & { rules: string | null };

function fromStored<Row extends EventRow>(stored: Stored<Row>): Omit<Row, 'rules'> & { rules: string[] } {
  return { ...stored, rules: stored.rules === null ? [] : (JSON.parse(stored.rules) as string[]) };
}

export type EventList = ReturnType<typeof createEventList>;

export function createEventList(sql: Sql) {
  const seqs = (rest: string, ...parameters: SqlValue[]): number[] =>
    sql
      .query<{ seq: number }>(`SELECT seq FROM events INDEXED BY events_listed WHERE ${rest}`, ...parameters)
      .map(({ seq }) => seq);

  /** In the order of `order`. Some may be gone. */
  function rowsOf(wanted: readonly number[], order: 'ASC' | 'DESC'): EventRow[] {
    return sql
      .query<Stored<EventRow>>(
        `SELECT ${columns} FROM events WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq ${order}`,
        JSON.stringify(wanted),
      )
      .map(fromStored<EventRow>);
  }

  /**
   * Newest first, from under the number `below` (null: from the newest). `fromMs` and `untilMs`: when they were accepted, epoch ms,
   * the second exclusive, by their numbers: after a clock was set back these run ahead of what `receivedAt` says.
   */
  function page(
    conditions: EventConditions & { fromMs: number | null; untilMs: number | null },
    { below, limit }: { below: number | null; limit: number },
    budget = searchBudget,
  ): EventPage {
    const { fromMs, untilMs } = conditions;
    const { text, parameters } = conditionOf(conditions);
    const { keys, next, ranOut } = walkDown(
      {
        floor: (from, under, rows) =>
          seqs('seq < ? AND seq >= ? ORDER BY seq DESC LIMIT 1 OFFSET ?', under, from, rows - 1)[0] ?? null,
        matching: (from, under, most) =>
          seqs(`seq < ? AND seq >= ?${text} ORDER BY seq DESC LIMIT ?`, under, from, ...parameters, most),
      },
      {
        from: fromMs === null ? 0 : firstSeqAt(fromMs),
        below: Math.min(below ?? Infinity, untilMs === null ? Infinity : firstSeqAt(untilMs), Number.MAX_SAFE_INTEGER),
        limit,
        budget,
      },
    );
    return { rows: rowsOf(keys, 'DESC'), next, searchedTo: ranOut && next !== null ? receivedAt(next) : null };
  }

  const receivedAt = (seq: number): number | null =>
    sql.query<{ at: number }>('SELECT received_at AS at FROM events WHERE seq = ?', seq)[0]?.at ?? null;

  return {
    page,
    /**
     * Of the first `most` events after the number `after`, up to `limit` that match, the oldest first. `reached`: the last one that
     * was looked at; null: there was none.
     */
    newer(conditions: EventConditions, after: number, { most, limit }: { most: number; limit: number }) {
      const last = seqs('seq > ? ORDER BY seq LIMIT 1 OFFSET ?', after, most - 1)[0] ?? newest();
      if (last <= after) return { rows: [], reached: null };
      const { text, parameters } = conditionOf(conditions);
      const found = seqs(`seq > ? AND seq <= ?${text} ORDER BY seq LIMIT ?`, after, last, ...parameters, limit);
      return { rows: rowsOf(found, 'ASC'), reached: found.length === limit ? found.at(-1)! : last };
    },
    /** The number of the newest event; 0 for none. */
    newest,
    /** The number before which there are at least `count` newer events; 0: there are not so many. */
    before: (count: number): number => seqs('seq > 0 ORDER BY seq DESC LIMIT 1 OFFSET ?', count)[0] ?? 0,
    /** Those of the given numbers that are there, the newest first. */
    rows: (wanted: readonly number[]): EventRow[] => rowsOf(wanted, 'DESC'),
    find: (seq: number): EventRow | null => rowsOf([seq], 'DESC')[0] ?? null,
    exists: (seq: number): boolean => sql.query('SELECT 1 FROM events WHERE seq = ?', seq).length > 0,
    record(seq: number): EventRecord | null {
      const [row] = sql.query<Stored<EventRecord>>(
        `SELECT ${columns}, idempotency_key AS idempotencyKey, rules_version AS rulesVersion FROM events WHERE seq = ?`,
        seq,
      );
      return row ? fromStored<EventRecord>(row) : null;
    },
  };

  function newest(): number {
    return sql.query<{ seq: number | null }>('SELECT max(seq) AS seq FROM events')[0]!.seq ?? 0;
  }
}
