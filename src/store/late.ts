/** Jobs that are watched for staying in a state for too long. All functions belong inside the caller's transaction. */
import type { Owner } from '../destination/destination.ts';
import type { Sql } from '../ports.ts';
import type { Send } from '../rules/rule.ts';

/** What the rule said when the job came to the state. A later change of the rules doesn't rewrite it. */
export interface LateSpec {
  limitMs: number;
  /** Those who are told hear when the job moves on. */
  recover: boolean;
  send: readonly Send[];
  owners: readonly Owner[];
}

export interface Watched {
  jobId: string;
  rule: string;
  state: string;
  /** Narrative's time, µs. */
  sinceUs: number;
  /** The event that said so. */
  eventSeq: number;
  /** Epoch ms; null once it was told everywhere. */
  dueAt: number | null;
  /** Set once it was told anywhere. */
  incident: number | null;
  spec: LateSpec;
}

type Row = Omit<Watched, 'spec'> & { spec: string };

const columns = `job_id AS jobId, rule, state, since_us AS sinceUs, event_seq AS eventSeq, due_at AS dueAt, incident, spec`;

const fromRow = (row: Row): Watched => ({ ...row, spec: JSON.parse(row.spec) as LateSpec });

export type LateStore = ReturnType<typeof createLateStore>;

export function createLateStore(sql: Sql) {
  return {
    /** Whether any job is watched. */
    any: (): boolean => sql.query('SELECT 1 FROM late LIMIT 1').length > 0,
    ofJob: (jobId: string): Watched[] =>
      sql.query<Row>(`SELECT ${columns} FROM late WHERE job_id = ? ORDER BY rule`, jobId).map(fromRow),
    watch({ jobId, rule, state, sinceUs, eventSeq, dueAt, spec }: Omit<Watched, 'incident'>): void {
      sql.query(
        `INSERT INTO late (job_id, rule, state, since_us, event_seq, due_at, incident, spec) VALUES (?, ?, ?, ?, ?, ?, NULL, ?)`,
        jobId,
        rule,
        state,
        sinceUs,
        eventSeq,
        dueAt,
        JSON.stringify(spec),
      );
    },
    dueBy: (now: number, limit: number): Watched[] =>
      sql.query<Row>(`SELECT ${columns} FROM late WHERE due_at <= ? ORDER BY due_at LIMIT ?`, now, limit).map(fromRow),
    nextDueAt: (): number | null =>
      sql.query<{ at: number | null }>('SELECT min(due_at) AS at FROM late WHERE due_at IS NOT NULL')[0]!.at,
    postpone({ jobId, rule }: Watched, dueAt: number): void {
      sql.query('UPDATE late SET due_at = ? WHERE job_id = ? AND rule = ?', dueAt, jobId, rule);
    },
    markTold({ jobId, rule }: Watched, incident: number): void {
      sql.query('UPDATE late SET due_at = NULL, incident = ? WHERE job_id = ? AND rule = ?', incident, jobId, rule);
    },
    /** Where it was told, or is about to be, under its incident: names of destinations. */
    toldAt: ({ eventSeq, incident }: Watched): string[] =>
      incident === null
        ? []
        : sql
            .query<{ destination: string }>(
              `SELECT DISTINCT destination FROM deliveries
                 WHERE event_seq = ? AND status <> 'suppressed' AND json_extract(spec, '$.incident.id') = ?`,
              eventSeq,
              incident,
            )
            .map(({ destination }) => destination),
    /** By the incident under which it was told. */
    ofIncident: (incident: number): Watched | null =>
      sql.query<Row>(`SELECT ${columns} FROM late WHERE incident = ?`, incident).map(fromRow)[0] ?? null,
    remove({ jobId, rule }: Watched): void {
      sql.query('DELETE FROM late WHERE job_id = ? AND rule = ?', jobId, rule);
    },
    /**
     * Whether a later state of a job is known than the one it came to at `us`, by event `seq`; of two at the same time, the
     * end is later. Walks all that is newer, which is little unless the time is long past.
     */
    hasMovedOn: (jobId: string, us: number, seq: number): boolean =>
      sql.query(
        `SELECT 1 FROM transitions WHERE updated_at_us >= ? AND job_id = ? AND event_seq <> ?
           AND (updated_at_us > ? OR state IN ('completed', 'failed', 'cancelled')) LIMIT 1`,
        us,
        jobId,
        seq,
        us,
      ).length > 0,
    /** No row is due later than `settleMs` from now, or than its own time if that is later. */
    rearm(now: number, settleMs: number): void {
      const latest = `max(since_us / 1000 + json_extract(spec, '$.limitMs'), ?)`;
      sql.query(`UPDATE late SET due_at = ${latest} WHERE due_at > ${latest}`, now + settleMs, now + settleMs);
    },
    /**
     * Gives up on up to `limit` jobs that were told of, came to their state before `before` (epoch ms), and were never heard
     * of again: their incidents end. Returns how many.
     */
    forget(before: number, limit: number): number {
      const old = sql
        .query<Row>(`SELECT ${columns} FROM late WHERE due_at IS NULL AND since_us < ? LIMIT ?`, before * 1000, limit)
        .map(fromRow);
      for (const { jobId, rule, incident } of old) {
        sql.query('UPDATE incidents SET ended_at = last_at WHERE id = ? AND ended_at IS NULL', incident);
        sql.query('DELETE FROM late WHERE job_id = ? AND rule = ?', jobId, rule);
      }
      return old.length;
    },
  };
}
