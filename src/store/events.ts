/** Events in the store. All functions are synchronous and belong inside the caller's transaction. */
import type { Sql } from '../ports.ts';

export type EventOutcome = 'routed' | 'unrouted' | 'repeated' | 'suppressed' | 'quarantined';

/** In place of a verification scheme: reconciliation found the event in Narrative's job list. */
export const reconcileScheme = 'reconcile';
/** In place of a verification scheme: an operator had an event that came before put through the rules once more. */
export const replayScheme = 'replay';

export interface NewEvent {
  seq: number;
  subscription: string;
  idempotencyKey: string;
  /** The verification scheme that matched; `reconcileScheme`, `replayScheme`, `relay`: what came by no webhook. */
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
  /** The event that it is a replay of: one that came, never another replay. Default: null. */
  replayOf?: number | null;
}

/** What sending a delivery needs of its event. */
export interface StoredEvent {
  seq: number;
  kind: string | null;
  outcome: EventOutcome;
  subscription: string;
  scheme: string;
  receivedAt: number;
  /** What it is a replay of; null: it came. Stays in the store as long as its replays do. */
  original: Pick<StoredEvent, 'seq' | 'scheme' | 'receivedAt'> | null;
  contentType: string;
  body: Uint8Array;
}

type StoredRow = Omit<StoredEvent, 'original'> & {
  originalSeq: number | null;
  originalScheme: string | null;
  originalAt: number | null;
};

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
           job_type, dataset_id, updated_at_us, subject, rules, rules_version, content_type, body, replay_of)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
      event.replayOf ?? null,
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
    const row = sql.query<StoredRow>(
      `SELECT e.seq, e.kind, e.outcome, e.subscription, e.scheme, e.received_at AS receivedAt, e.content_type AS contentType, e.body,
         o.seq AS originalSeq, o.scheme AS originalScheme, o.received_at AS originalAt
       FROM events AS e LEFT JOIN events AS o ON o.seq = e.replay_of WHERE e.seq = ?`,
      seq,
    )[0];
    if (!row) return null;
    const { originalSeq, originalScheme, originalAt, ...event } = row;
    const original = originalSeq === null ? null : { seq: originalSeq, scheme: originalScheme!, receivedAt: originalAt! };
    return { ...event, original };
  }

  /** The event of which it is a replay or a repetition, as far back as the store still knows; itself where it is neither. */
  function cameFirst(seq: number): StoredEvent | null {
    const { first } = sql.query<{ first: number | null }>(
      `WITH RECURSIVE told (seq, before) AS (
         SELECT seq, coalesce(replay_of, duplicate_of) FROM events WHERE seq = ?
         UNION SELECT e.seq, coalesce(e.replay_of, e.duplicate_of) FROM told JOIN events AS e ON e.seq = told.before
       ) SELECT min(seq) AS first FROM told`,
      seq,
    )[0]!;
    return first === null ? null : bySeq(first);
  }

  /** What an event was taken to be about when it came, and at each of its replays. */
  const subjectsOf = (seq: number): string[] =>
    sql
      .query<{ subject: string }>(
        'SELECT subject FROM events WHERE seq = ? AND subject IS NOT NULL UNION SELECT subject FROM events WHERE replay_of = ? AND subject IS NOT NULL',
        seq,
        seq,
      )
      .map(({ subject }) => subject);

  /** The replays of an event, the first first. */
  const replaysOf = (seq: number): { seq: number; outcome: EventOutcome; reason: string | null }[] =>
    sql.query('SELECT seq, outcome, reason FROM events WHERE replay_of = ? ORDER BY seq', seq);

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
    cameFirst,
    subjectsOf,
    replaysOf,
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
