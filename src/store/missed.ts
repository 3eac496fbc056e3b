/** States of jobs that no webhook told of. All functions belong inside the caller's transaction. */
import type { Sql } from '../ports.ts';

/** A state that Narrative says a job came to. */
export interface KnownState {
  jobId: string;
  state: string;
  /** Narrative's time of it, µs. */
  updatedUs: number;
  /** Narrative's time of the job's creation, µs, or one before it. */
  createdUs: number;
}

export interface StoredMissed {
  jobId: string;
  state: string;
  jobType: string;
  datasetId: string | null;
  updatedUs: number;
  /** Its name in the rules. */
  subscription: string;
  /** The event that it became; null: it was only looked for. */
  eventSeq: number | null;
}

/** The time in a webhook can differ from the one in the job list, which may be rounded; even one from before the creation is it, µs. */
const driftUs = 1_000_000;

export type MissedStore = ReturnType<typeof createMissedStore>;

export function createMissedStore(sql: Sql) {
  function takenAs(jobId: string, state: string): number | null {
    return (
      sql.query<{ seq: number }>(
        'SELECT event_seq AS seq FROM missed WHERE job_id = ? AND state = ? AND event_seq IS NOT NULL LIMIT 1',
        jobId,
        state,
      )[0]?.seq ?? null
    );
  }

  function isKnown({ jobId, state, updatedUs }: KnownState): boolean {
    const exact = sql.query(
      'SELECT 1 FROM transitions WHERE updated_at_us = ? AND job_id = ? AND state = ?',
      updatedUs,
      jobId,
      state,
    );
    if (exact.length > 0 || takenAs(jobId, state) !== null) return true;
    const undated = sql.query(
      'SELECT 1 FROM events WHERE job_id = ? AND state = ? AND job_id IS NOT NULL AND updated_at_us IS NULL LIMIT 1',
      jobId,
      state,
    );
    return undated.length > 0;
  }

  /** Of these states, those that came at some time since the job's creation. One walk through all that happened since the oldest. */
  function cameAtAnyTime(states: readonly KnownState[]): ReadonlySet<string> {
    const since = Math.min(...states.map(({ createdUs }) => createdUs)) - driftUs;
    const found = sql.query<{ job_id: string; state: string }>(
      `SELECT job_id, state FROM transitions WHERE updated_at_us >= ?
         AND (job_id, state) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`,
      since,
      JSON.stringify(states.map(({ jobId, state }) => [jobId, state])),
    );
    return new Set(found.map(({ job_id, state }) => nameOf(job_id, state)));
  }

  return {
    /**
     * Of these states, those that never arrived: no webhook told of them, whatever time it gave or if it gave none, and no earlier
     * run took them. In their order.
     */
    neverArrived<State extends KnownState>(states: readonly State[]): State[] {
      const left = states.filter((each) => !isKnown(each));
      if (left.length === 0) return left;
      const came = cameAtAnyTime(left);
      return left.filter(({ jobId, state }) => !came.has(nameOf(jobId, state)));
    },
    /** The event that a run made of a state; null: none did. */
    takenAs,
    /** Whether any run has ever taken a state. */
    anyTaken: (): boolean => sql.query('SELECT 1 FROM missed WHERE event_seq IS NOT NULL LIMIT 1').length > 0,
    /** Adds to what a run found. False when it is there already: pages may repeat records. */
    add(run: number, missed: StoredMissed): boolean {
      return (
        sql.query(
          `INSERT INTO missed (run, n, job_id, state, job_type, dataset_id, updated_us, subscription, event_seq)
             VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM missed WHERE run = ?), ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
          run,
          run,
          missed.jobId,
          missed.state,
          missed.jobType,
          missed.datasetId,
          missed.updatedUs,
          missed.subscription,
          missed.eventSeq,
        ).length === 1
      );
    },
    /** What a run found, in that order, after the n-th (0 for all). */
    of(run: number, after: number, limit: number): StoredMissed[] {
      return sql.query<StoredMissed & Record<string, never>>(
        `SELECT job_id AS jobId, state, job_type AS jobType, dataset_id AS datasetId, updated_us AS updatedUs, subscription,
           event_seq AS eventSeq FROM missed WHERE run = ? AND n > ? ORDER BY n LIMIT ?`,
        run,
        after,
        limit,
      );
    },
  };
}

function nameOf(jobId: string, state: string): string {
  return `${state} ${jobId}`;
}
