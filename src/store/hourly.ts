/** How many events came and deliveries ended in each hour, for charts: counted as they do, since to count a million later takes too long. */
import type { Sql } from '../ports.ts';
import type { EventOutcome } from './events.ts';

export const hourMs = 3_600_000;

/** What became of an event at first; `duplicate`: the same key again. */
export type CountedOutcome = EventOutcome | 'duplicate';

export type CountedEnd = 'delivered' | 'dead' | 'suppressed';

interface Counted {
  hour: number;
  what: 'event' | 'delivery';
  outcome: string;
  state: string;
  n: number;
}

/** Counts of the transaction under way. A group commit of many events writes a few rows. */
export interface Tally {
  /** `state`: null where the event has none. `atMs`: when it came, epoch ms. */
  event(outcome: CountedOutcome, state: string | null, atMs: number): void;
  /** `atMs`: when it ended, epoch ms. */
  delivery(status: CountedEnd, atMs: number): void;
  /** Inside the transaction, at its end. */
  write(): void;
  /** After a rollback: what was counted has not happened. */
  drop(): void;
}

export function createTally(sql: Sql): Tally {
  const counts = new Map<string, Counted>();

  function count(what: Counted['what'], outcome: string, state: string, atMs: number): void {
    const hour = Math.floor(atMs / hourMs);
    const name = `${hour} ${what} ${outcome} ${state}`;
    const counted = counts.get(name);
    if (counted) counted.n++;
    else counts.set(name, { hour, what, outcome, state, n: 1 });
  }

  return {
    event: (outcome, state, atMs) => count('event', outcome, state ?? '', atMs),
    delivery: (status, atMs) => count('delivery', status, '', atMs),
    write() {
      for (const { hour, what, outcome, state, n } of counts.values()) {
        sql.query(
          `INSERT INTO hourly (hour, what, outcome, state, n) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET n = n + excluded.n`,
          hour,
          what,
          outcome,
          state,
          n,
        );
      }
      counts.clear();
    },
    drop: () => counts.clear(),
  };
}

export function createHourlyStore(sql: Sql) {
  return {
    /** Of the whole hours from `fromMs` (epoch ms, inclusive) to `untilMs` (exclusive), the oldest first; those of nothing are not there. */
    between: (fromMs: number, untilMs: number): Counted[] =>
      sql.query<Counted & Record<string, never>>(
        'SELECT hour, what, outcome, state, n FROM hourly WHERE hour >= ? AND hour < ? ORDER BY hour, what, outcome, state',
        Math.floor(fromMs / hourMs),
        Math.ceil(untilMs / hourMs),
      ),
    /** Forgets up to `limit` counts of hours that were over before a time (epoch ms). Returns how many. */
    forget: (before: number, limit: number): number =>
      sql.query(
        `DELETE FROM hourly WHERE (hour, what, outcome, state) IN (SELECT hour, what, outcome, state FROM hourly WHERE hour < ? LIMIT ?) RETURNING 1`,
        Math.floor(before / hourMs),
        limit,
      ).length,
  };
}
