/**
 * Why a rule that matched an event did not simply send it. Kept with the event, for whoever asks "why was I not alerted?". All
 * functions belong inside the caller's transaction.
 */
import type { Sql } from '../ports.ts';

export type DecisionKind =
  /** Waits, unless the subject completes. */
  | 'held'
  /** Counted: somebody was told not long ago. */
  | 'repeat'
  | 'silenced'
  /** Told together with others. */
  | 'grouped'
  /** Told in the next digest. */
  | 'collected'
  /** The subject had completed after this failure. */
  | 'late'
  /** An alert about a destination, kept from that destination. */
  | 'itself'
  /** Not told of what is replayed: the rule watches what comes. */
  | 'replay'
  /** What was held or silenced is over: the subject completed. */
  | 'cancelled';

export interface Decision {
  rule: string;
  kind: DecisionKind;
  /** Epoch ms, if it ends by itself. */
  until: number | null;
  /** One sentence for people. */
  detail: string;
}

export type DecisionStore = ReturnType<typeof createDecisionStore>;

export function createDecisionStore(sql: Sql) {
  return {
    /** A later decision of the same rule about the same event replaces the earlier one. */
    put(eventSeq: number, { rule, kind, until, detail }: Decision): void {
      sql.query(
        `INSERT INTO decisions (event_seq, rule, kind, until, detail) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET kind = excluded.kind, until = excluded.until, detail = excluded.detail`,
        eventSeq,
        rule,
        kind,
        until,
        detail,
      );
    },
    remove(eventSeq: number, rule: string): void {
      sql.query('DELETE FROM decisions WHERE event_seq = ? AND rule = ?', eventSeq, rule);
    },
    of: (eventSeq: number): Decision[] =>
      sql.query<Decision & Record<string, never>>(
        'SELECT rule, kind, until, detail FROM decisions WHERE event_seq = ? ORDER BY rule',
        eventSeq,
      ),
  };
}
