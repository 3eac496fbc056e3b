/**
 * Subjects and their incidents in the store. A subject is broken while its last failure is not before its last completion, by
 * Narrative's clock: two maxima, so that the order in which we hear of them makes no difference. All functions belong inside
 * the caller's transaction.
 */
import { firstSeqAt } from '../event/id.ts';
import type { Sql } from '../ports.ts';

export type IncidentKind = 'subject' | 'group' | 'late' | 'expect';

export interface SubjectState {
  /** Narrative's time, µs; 0: never. */
  failedUs: number;
  completedUs: number;
  /** The open one. */
  incident: number | null;
}

export interface Incident {
  id: number;
  kind: IncidentKind;
  subject: string;
  /** Epoch ms in Narrative's time: the first failure, the last. */
  openedAt: number;
  lastAt: number;
  failures: number;
  firstSaid: string | null;
  lastSaid: string | null;
  /** Null while it is open. */
  endedAt: number | null;
  /** The event that ended it; null if none did. */
  endedBy: number | null;
}

const columns = `id, kind, subject, opened_at AS openedAt, last_at AS lastAt, failures, first_said AS firstSaid, last_said AS lastSaid,
  ended_at AS endedAt, ended_by AS endedBy`;
const stateColumns = 'failed_us AS failedUs, completed_us AS completedUs, incident';

/** What was planned at the end of an incident may still be sent for so long, ms: a delivery's 24 h, and its fallback's. */
const stillSentMs = 3 * 24 * 3_600_000;
/** A subject that broke and was not heard of for so long beyond the retention, ms, is not mended any more: a yearly job comes in time. */
const brokenForMs = 370 * 24 * 3_600_000;

export type IncidentStore = ReturnType<typeof createIncidentStore>;

export function createIncidentStore(sql: Sql) {
  /** Notes a failure of a subject, or a completion, at a time (µs) and returns what is known of it then. */
  function note(subject: string, what: 'failed' | 'completed', us: number, now: number): SubjectState {
    const [failed, completed] = what === 'failed' ? [us, 0] : [0, us];
    return sql.query<SubjectState & Record<string, never>>(
      `INSERT INTO subjects (subject, failed_us, completed_us, incident, touched_at) VALUES (?, ?, ?, NULL, ?)
       ON CONFLICT (subject) DO UPDATE SET failed_us = max(failed_us, excluded.failed_us),
         completed_us = max(completed_us, excluded.completed_us), touched_at = excluded.touched_at
       RETURNING ${stateColumns}`,
      subject,
      failed,
      completed,
      now,
    )[0]!;
  }

  function remove(id: number): void {
    sql.query('DELETE FROM threads WHERE incident = ?', id);
    sql.query('DELETE FROM fallbacks WHERE incident = ?', id);
    sql.query('DELETE FROM incidents WHERE id = ?', id);
  }

  return {
    note,
    subject: (subject: string): SubjectState | null =>
      sql.query<SubjectState & Record<string, never>>(`SELECT ${stateColumns} FROM subjects WHERE subject = ?`, subject)[0] ??
      null,
    /** Subjects with an open incident whose names begin like this, in their order. */
    openBeginning(prefix: string): string[] {
      return sql
        .query<{ subject: string }>(
          'SELECT subject FROM subjects WHERE subject >= ? AND subject < ? AND incident IS NOT NULL ORDER BY subject',
          prefix,
          `${prefix}\u{10FFFF}`,
        )
        .map(({ subject }) => subject);
    },
    /**
     * For subjects whose times are of the relay's own clock, and begin like this: that clock was set back to `us`, so what they
     * know must not lie ahead of it. What is open stays open.
     */
    setBack(prefix: string, us: number): void {
      sql.query(
        `UPDATE subjects SET failed_us = min(failed_us, ? - iif(incident IS NULL, 2, 1)), completed_us = min(completed_us, ? - iif(incident IS NULL, 1, 2))
         WHERE subject >= ? AND subject < ? AND max(failed_us, completed_us) >= ?`,
        us,
        us,
        prefix,
        `${prefix}\u{10FFFF}`,
        us,
      );
    },
    /** Which incident of a subject is open; null for none. */
    setOpen(subject: string, incident: number | null): void {
      sql.query('UPDATE subjects SET incident = ? WHERE subject = ?', incident, subject);
    },
    open({
      id,
      kind,
      subject,
      at,
      failures,
      said,
    }: {
      id: number;
      kind: IncidentKind;
      subject: string;
      at: number;
      failures: number;
      said: string | null;
    }): void {
      sql.query(
        `INSERT INTO incidents (id, kind, subject, opened_at, last_at, failures, first_said, last_said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        id,
        kind,
        subject,
        at,
        at,
        failures,
        said,
        said,
      );
    },
    /** Another failure. One that is older than the first moves the beginning. */
    again(id: number, at: number, said: string | null): void {
      sql.query(
        `UPDATE incidents SET failures = failures + 1, opened_at = min(opened_at, ?), first_said = CASE WHEN ? < opened_at THEN ? ELSE first_said END,
           last_said = CASE WHEN ? >= last_at THEN ? ELSE last_said END, last_at = max(last_at, ?) WHERE id = ?`,
        at,
        at,
        said,
        at,
        said,
        at,
        id,
      );
    },
    end(id: number, at: number, by: number | null): void {
      sql.query('UPDATE incidents SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL', at, by, id);
    },
    find: (id: number): Incident | null =>
      sql.query<Incident & Record<string, never>>(`SELECT ${columns} FROM incidents WHERE id = ?`, id)[0] ?? null,
    /** The open incident of a kind that goes by a subject; null for none. */
    openLike(kind: IncidentKind, subject: string): number | null {
      // There may be very many open ones of this kind, and each subject knows its own.
      if (kind === 'subject')
        return (
          sql.query<SubjectState & Record<string, never>>('SELECT incident FROM subjects WHERE subject = ?', subject)[0]
            ?.incident ?? null
        );
      const open = 'SELECT id FROM incidents WHERE kind = ? AND subject = ? AND ended_at IS NULL ORDER BY id DESC LIMIT 1';
      return sql.query<{ id: number }>(open, kind, subject)[0]?.id ?? null;
    },
    /**
     * Forgets a subject that is not broken and has nothing to tell, unless something was heard of it since `before` (epoch ms). To be
     * asked for each event of that age: the last that touched a subject is among them.
     */
    forgetSubject(subject: string, before: number): void {
      const forgotten = sql.query(
        `DELETE FROM subjects WHERE subject = ? AND touched_at < ? AND incident IS NULL AND NOT EXISTS (
           SELECT 1 FROM alerts WHERE alerts.subject = subjects.subject AND (due_at IS NOT NULL OR untold > 0)
         ) RETURNING 1`,
        subject,
        before,
      );
      if (forgotten.length > 0) sql.query('DELETE FROM alerts WHERE subject = ?', subject);
    },
    /**
     * Forgets incidents that ended before a time (epoch ms), and subjects that broke so long ago that nobody waits for them any
     * more; up to `limit` of each. Returns how many.
     */
    forget(before: number, limit: number): number {
      const ended = before - stillSentMs;
      const over = sql.query<{ id: number }>(
        'SELECT id FROM incidents WHERE ended_at < ? AND coalesce(ended_by, id) < ? LIMIT ?',
        ended,
        firstSeqAt(ended),
        limit,
      );
      for (const { id } of over) remove(id);
      const longAgo = before - brokenForMs;
      const given = sql.query<{ id: number; subject: string }>(
        `SELECT id, subject FROM incidents WHERE ended_at IS NULL AND kind = 'subject' AND id < ? AND last_at < ? LIMIT ?`,
        firstSeqAt(longAgo),
        longAgo,
        limit,
      );
      for (const { id, subject } of given) {
        sql.query('DELETE FROM alerts WHERE subject = ?', subject);
        sql.query('DELETE FROM subjects WHERE subject = ?', subject);
        remove(id);
      }
      return Math.max(over.length, given.length);
    },
    countOpen: (): number => sql.query<{ n: number }>('SELECT count(*) AS n FROM incidents WHERE ended_at IS NULL')[0]!.n,
  };
}
