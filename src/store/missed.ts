/** States of jobs that no webhook told of. All functions belong inside the caller's transaction. */
import type { Sql } from '../ports.ts';

/** A state that Narrative says a job came to. Times: Narrative's, µs. */
export interface KnownState {
  jobId: string;
  state: string;
  /** When the job came to it, if that is its end; null: the job goes on, or does not say when it ended. */
  endedUs: number | null;
  /** When the job was last changed, which is the time that its webhook gave, unless the job was touched since. */
  updatedUs: number;
  /** When the job was created, or a time before it. */
  createdUs: number;
}

export interface StoredMissed {
  jobId: string;
  state: string;
  jobType: string;
  datasetId: string | null;
  /** When the job came to it, Narrative's time, µs. */
  atUs: number;
  /** Its name in the rules. */
  subscription: string;
  /** The event that it became; null: it was only looked for, or could not be taken. */
  eventSeq: number | null;
}

/** The n-th of its run, from 1. */
export type NumberedMissed = StoredMissed & { n: number };

/**
 * So far apart can two times of one state be, µs: a webhook gives the time of the job's last change, the job list that of its end, each
 * may be rounded, and they come from different machines of Narrative's. A job that comes to the same end again, as Narrative
 * starts a failed one anew under its id, takes longer than that to do so.
 */
const sameStateUs = 60_000_000;
/** Even a time from so long before the job's creation is one of this job, µs. */
const driftUs = 1_000_000;

/**
 * Since when, µs, what was heard of this state means this time and no earlier one. Of a state that goes on, such as `running`, and of
 * an end without a time, only the last change is known, which moves each time the job is touched: whatever was heard since the job was
 * created means them.
 */
function meantSince({ endedUs, createdUs }: KnownState): number {
  return endedUs === null ? createdUs - driftUs : endedUs - sameStateUs;
}

export type MissedStore = ReturnType<typeof createMissedStore>;

export function createMissedStore(sql: Sql) {
  function takenSince(jobId: string, state: string, sinceUs: number): number | null {
    return (
      sql.query<{ seq: number }>(
        `SELECT event_seq AS seq FROM missed WHERE job_id = ? AND state = ? AND at_us >= ? AND event_seq IS NOT NULL
           ORDER BY at_us LIMIT 1`,
        jobId,
        state,
        sinceUs,
      )[0]?.seq ?? null
    );
  }

  function isNoted(run: number, known: KnownState): boolean {
    const { jobId, state } = known;
    const noted = sql.query(
      'SELECT 1 FROM missed WHERE run = ? AND job_id = ? AND state = ? AND at_us >= ? LIMIT 1',
      run,
      jobId,
      state,
      meantSince(known),
    );
    return noted.length > 0;
  }

  function isKnown(known: KnownState): boolean {
    const { jobId, state, updatedUs } = known;
    const exact = sql.query(
      'SELECT 1 FROM transitions WHERE updated_at_us = ? AND job_id = ? AND state = ?',
      updatedUs,
      jobId,
      state,
    );
    if (exact.length > 0 || takenSince(jobId, state, meantSince(known)) !== null) return true;
    // What a run took has its time beside it, whatever its body says; and so it is with a replay of that.
    const undated = sql.query(
      `SELECT 1 FROM events WHERE job_id = ? AND state = ? AND job_id IS NOT NULL AND updated_at_us IS NULL AND scheme NOT IN ('reconcile', 'replay') LIMIT 1`,
      jobId,
      state,
    );
    return undated.length > 0;
  }

  /** When each of these was last heard of, µs, by `nameOf`. One walk through all that happened since the oldest can have been. */
  function lastHeard(states: readonly KnownState[]): ReadonlyMap<string, number> {
    const found = sql.query<{ job_id: string; state: string; lastUs: number }>(
      `SELECT job_id, state, max(updated_at_us) AS lastUs FROM transitions WHERE updated_at_us >= ?
         AND (job_id, state) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?)) GROUP BY job_id, state`,
      Math.min(...states.map(meantSince)),
      JSON.stringify(states.map(({ jobId, state }) => [jobId, state])),
    );
    return new Map(found.map((row) => [nameOf(row.job_id, row.state), row.lastUs]));
  }

  return {
    /**
     * Of these states, those that never arrived: no webhook told of them, or of the job's state without saying when, and no earlier run
     * took them. Nor those that this run has noted: pages may repeat records. In their order.
     */
    neverArrived<State extends KnownState>(run: number, states: readonly State[]): State[] {
      const left = states.filter((each) => !isKnown(each) && !isNoted(run, each));
      if (left.length === 0) return left;
      const heard = lastHeard(left);
      return left.filter((each) => (heard.get(nameOf(each.jobId, each.state)) ?? -Infinity) < meantSince(each));
    },
    /**
     * The event that a run made of what a webhook tells of; null: none did, or it is news, since the job has come to that state again.
     * `sinceUs`: when the job came to it at the earliest, by the webhook, µs; null: it says nothing of that.
     */
    takenAs: (jobId: string, state: string, sinceUs: number | null): number | null =>
      takenSince(jobId, state, sinceUs === null ? Number.MIN_SAFE_INTEGER : sinceUs - sameStateUs),
    /** Whether any run has ever taken a state. */
    anyTaken: (): boolean => sql.query('SELECT 1 FROM missed WHERE event_seq IS NOT NULL LIMIT 1').length > 0,
    /** Adds to what a run found. False when it is there already. */
    add(run: number, missed: StoredMissed): boolean {
      return (
        sql.query(
          `INSERT INTO missed (run, n, job_id, state, job_type, dataset_id, at_us, subscription, event_seq)
             VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM missed WHERE run = ?), ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
          run,
          run,
          missed.jobId,
          missed.state,
          missed.jobType,
          missed.datasetId,
          missed.atUs,
          missed.subscription,
          missed.eventSeq,
        ).length === 1
      );
    },
    /** What a run found, in that order, after the n-th (0 for all). */
    of(run: number, after: number, limit: number): NumberedMissed[] {
      return sql.query<NumberedMissed & Record<string, never>>(
        `SELECT n, job_id AS jobId, state, job_type AS jobType, dataset_id AS datasetId, at_us AS atUs, subscription,
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
