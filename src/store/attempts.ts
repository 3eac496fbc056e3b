/** What came of each attempt, in the store. All functions are synchronous and belong inside the caller's transaction. */
import type { Sql } from '../ports.ts';
import type { Delivery, DeliveryKey } from './deliveries.ts';

/** One that has ended. Times: epoch ms. */
export interface Attempt {
  attempt: number;
  startedAt: number;
  endedAt: number;
  outcome: string;
  reason: string | null;
  detail: string;
}

export type AttemptStore = ReturnType<typeof createAttemptStore>;

export function createAttemptStore(sql: Sql) {
  /** An attempt that was given up as lost and has ended after all is recorded with its true end. */
  function record({ eventSeq, n, attempt }: Delivery, record: Omit<Attempt, 'attempt'>): void {
    sql.query(
      `INSERT INTO attempts (event_seq, n, attempt, started_at, ended_at, outcome, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
         reason = excluded.reason, detail = excluded.detail WHERE attempts.outcome = 'lost'`,
      eventSeq,
      n,
      attempt,
      record.startedAt,
      record.endedAt,
      record.outcome,
      record.reason,
      record.detail,
    );
  }

  /** How many of a delivery's attempts ended for a reason. `sinceMs`: those that began before count no more. */
  function countWith({ eventSeq, n }: DeliveryKey, reason: string, sinceMs: number): number {
    return sql.query<{ count: number }>(
      'SELECT count(*) AS count FROM attempts WHERE event_seq = ? AND n = ? AND reason = ? AND started_at >= ?',
      eventSeq,
      n,
      reason,
      sinceMs,
    )[0]!.count;
  }

  /** Since when an attempt may have arrived without our knowing, epoch ms; null: none may have. Of a lost one no time is known: 0. */
  function unsureSince({ eventSeq, n }: DeliveryKey): number | null {
    return sql.query<{ since: number | null }>(
      `SELECT min(CASE outcome WHEN 'lost' THEN 0 ELSE started_at END) AS since FROM attempts
       WHERE event_seq = ? AND n = ? AND outcome IN ('ambiguous', 'lost')`,
      eventSeq,
      n,
    )[0]!.since;
  }

  /** All of a delivery's, the first first. */
  const of = ({ eventSeq, n }: DeliveryKey): Attempt[] =>
    sql.query<Attempt & Record<string, never>>(
      `SELECT attempt, started_at AS startedAt, ended_at AS endedAt, outcome, reason, detail FROM attempts
       WHERE event_seq = ? AND n = ? ORDER BY attempt`,
      eventSeq,
      n,
    );

  return { record, countWith, unsureSince, of };
}
