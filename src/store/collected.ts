/** Events that wait to be told together at a time of day. All functions belong inside the caller's transaction. */
import type { Sql } from '../ports.ts';

export interface Collected {
  /** Such as `materialize-view`; of an app event its connector and category. */
  jobType: string;
  state: string;
  datasetId: string | null;
  /** Null where the event says none. */
  durationS: number | null;
}

export interface TypeTotals {
  jobType: string;
  count: number;
  failed: number;
  /** Of those whose duration is known; null: of none. */
  meanS: number | null;
  longestS: number | null;
}

export interface Totals {
  /** The most frequent first; `completed` before `failed` before all others. */
  states: { state: string; count: number }[];
  /** How many job types there are, and of those the `types` most frequent. */
  typeCount: number;
  types: TypeTotals[];
  slowest: { jobType: string; datasetId: string | null; durationS: number }[];
}

export function createCollectedStore(sql: Sql) {
  return {
    add(rule: string, eventSeq: number, { jobType, state, datasetId, durationS }: Collected): void {
      sql.query(
        'INSERT INTO collected (rule, event_seq, job_type, state, dataset_id, duration_s) VALUES (?, ?, ?, ?, ?, ?)',
        rule,
        eventSeq,
        jobType,
        state,
        datasetId,
        durationS,
      );
    },
    /** Null when nothing was collected. */
    totals(rule: string, types: number, slowest: number): Totals | null {
      const states = sql.query<{ state: string; count: number }>(
        `SELECT state, count(*) AS count FROM collected WHERE rule = ? GROUP BY state
         ORDER BY state = 'completed' DESC, state = 'failed' DESC, count DESC, state`,
        rule,
      );
      if (states.length === 0) return null;
      const perType = sql.query<TypeTotals & { typeCount: number }>(
        `SELECT job_type AS jobType, count(*) AS count, sum(state = 'failed') AS failed, avg(duration_s) AS meanS,
           max(duration_s) AS longestS, count(*) OVER () AS typeCount
         FROM collected WHERE rule = ? GROUP BY job_type ORDER BY count DESC, job_type LIMIT ?`,
        rule,
        types,
      );
      return {
        states,
        typeCount: perType[0]!.typeCount,
        types: perType.map(({ jobType, count, failed, meanS, longestS }) => ({ jobType, count, failed, meanS, longestS })),
        slowest: sql.query(
          `SELECT job_type AS jobType, dataset_id AS datasetId, duration_s AS durationS FROM collected
           WHERE rule = ? AND duration_s IS NOT NULL ORDER BY duration_s DESC, event_seq LIMIT ?`,
          rule,
          slowest,
        ),
      };
    },
    clear(rule: string): void {
      sql.query('DELETE FROM collected WHERE rule = ?', rule);
    },
  };
}
