/** Events in the store. All functions are synchronous and belong inside the caller's transaction. */
import type { Sql } from '../ports.ts';

export type EventOutcome = 'routed' | 'unrouted' | 'repeated' | 'suppressed' | 'quarantined';

/** In place of a verification scheme: reconciliation found the event in Narrative's job list. */
export const reconcileScheme = 'reconcile';

export interface NewEvent {
  seq: number;
  subscription: string;
  idempotencyKey: string;
  /** The verification scheme that matched; `reconcileScheme`, `relay`: what came by no webhook. */
  scheme: string;
  receivedAt: number;
  outcome: EventOutcome;
  reason: string | null;
  kind: string | null;
  type: string | null;
  state: string | null;
  jobId: string | null;
  jobType: string | null;
  datasetId: string | null;
  /** Narrative's time of the job's last change, µs. */
  updatedAtUs: number | null;
  subject: string | null;
  /** Names of the rules that matched. */
  rules: readonly string[];
  rulesVersion: string;
  contentType: string;
  body: Uint8Array;
}

/** What sending a delivery needs of its event. */
export interface StoredEvent {
  seq: number;
  kind: string | null;
  subscription: string;
  scheme: string;
  receivedAt: number;
  contentType: string;
  body: Uint8Array;
}

export interface Transition {
  jobId: string;
  state: string;
  updatedAtUs: number;
}

export type EventStore = ReturnType<typeof createEventStore>;

export function createEventStore(sql: Sql) {
  function add(event: NewEvent): void {
    sql.query(
      `INSERT INTO events (seq, subscription, idempotency_key, scheme, received_at, outcome, reason, kind, type, state, job_id,
           job_type, dataset_id, updated_at_us, subject, rules, rules_version, content_type, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      event.seq,
      event.subscription,
      event.idempotencyKey,
      event.scheme,
      event.receivedAt,
      event.outcome,
      event.reason,
      event.kind,
      event.type,
      event.state,
      event.jobId,
      event.jobType,
      event.datasetId,
      event.updatedAtUs,
      event.subject,
      event.rules.length === 0 ? null : JSON.stringify(event.rules),
      event.rulesVersion,
      event.contentType,
      event.body,
    );
  }

  /** Whether an event's body is this one, and which event it repeats; itself if none. */
  function compare(seq: number, body: Uint8Array): { first: number; sameBody: boolean } {
    const row = sql.query<{ first: number; same: number }>(
      'SELECT coalesce(duplicate_of, seq) AS first, body = ? AS same FROM events WHERE seq = ?',
      body,
      seq,
    )[0]!;
    return { first: row.first, sameBody: row.same === 1 };
  }

  function bySeq(seq: number): StoredEvent | null {
    return (
      sql.query<StoredEvent & Record<string, never>>(
        'SELECT seq, kind, subscription, scheme, received_at AS receivedAt, content_type AS contentType, body FROM events WHERE seq = ?',
        seq,
      )[0] ?? null
    );
  }

  /** Turns an event that was just stored into the repetition of an earlier one. */
  function markRepeated(seq: number, duplicateOf: number): void {
    sql.query(
      `UPDATE events SET outcome = 'repeated', duplicate_of = ?, subject = NULL, rules = NULL WHERE seq = ?`,
      duplicateOf,
      seq,
    );
  }

  function markSuppressed(seq: number, reason: string): void {
    sql.query(`UPDATE events SET outcome = 'suppressed', reason = ? WHERE seq = ?`, reason, seq);
  }

  function setOutcome(seq: number, outcome: EventOutcome, reason: string | null): void {
    sql.query('UPDATE events SET outcome = ?, reason = ? WHERE seq = ?', outcome, reason, seq);
  }

  function markRouted(seq: number): void {
    sql.query(`UPDATE events SET outcome = 'routed', reason = NULL WHERE seq = ?`, seq);
  }

  /** What was to be sent about it will not be; unless something else was. */
  function suppressUnlessSent(seq: number, reason: string): void {
    sql.query(
      `UPDATE events SET outcome = 'suppressed', reason = ?
       WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_seq = ? AND status <> 'suppressed')`,
      reason,
      seq,
      seq,
    );
  }

  /** Records a job's change. Returns the event that told of it before, null when this is the first. */
  function addTransition({ jobId, state, updatedAtUs }: Transition, seq: number): number | null {
    const added = sql.query(
      'INSERT INTO transitions (updated_at_us, job_id, state, event_seq) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1',
      updatedAtUs,
      jobId,
      state,
      seq,
    );
    if (added.length === 1) return null;
    return sql.query<{ event_seq: number }>(
      'SELECT event_seq FROM transitions WHERE updated_at_us = ? AND job_id = ? AND state = ?',
      updatedAtUs,
      jobId,
      state,
    )[0]!.event_seq;
  }

  /**
   * The state in which a job ended after a given time, null when none is known. Walks everything that is newer, which
   * is little unless the time is long past; so ask only where the answer matters.
   */
  function endAfter(jobId: string, updatedAtUs: number): string | null {
    return (
      sql.query<{ state: string }>(
        `SELECT state FROM transitions WHERE updated_at_us > ? AND job_id = ? AND state IN ('completed', 'failed', 'cancelled') LIMIT 1`,
        updatedAtUs,
        jobId,
      )[0]?.state ?? null
    );
  }

  /** The highest number of an event, a notice or an incident there is; 0 in an empty store. */
  function lastSeq(): number {
    return sql.query<{ seq: number }>(
      `SELECT max(coalesce((SELECT max(seq) FROM events), 0), coalesce((SELECT max(event_seq) FROM deliveries), 0),
         coalesce((SELECT max(id) FROM incidents), 0), coalesce((SELECT max(incident) FROM groups), 0)) AS seq`,
    )[0]!.seq;
  }

  return {
    add,
    compare,
    bySeq,
    markRepeated,
    markSuppressed,
    setOutcome,
    markRouted,
    suppressUnlessSent,
    addTransition,
    endAfter,
    lastSeq,
  };
}
