/** Forgetting, in steps so small that intake never notices. */
import type { AfterTurn, Clock, Hash, Log, Sql } from '../ports.ts';

import { createIncidentStore } from './incidents.ts';
import { createKeyIndex, type KeyIndex } from './keys.ts';

export interface PruneStep {
  removed: number;
  /** Where the next step of this pass goes on; null when the pass is over. */
  next: number | null;
}

/**
 * One step of a pass over the oldest events: looks at up to `limit` after sequence number `after` and removes those
 * received before `before` (epoch ms) with their keys, transitions, deliveries, attempts and decisions. An event with an open
 * delivery, or one that is still to be told, stays until that has ended; one that was replayed as long as its replays. Subjects of which nothing younger is known go with them. The pass is over at the first event that is young enough; one from a time that has not
 * come yet (the clock was wrong) tells nothing about those behind it.
 */
export function pruneStep(sql: Sql, keys: KeyIndex, before: number, after: number, limit: number, now = Infinity): PruneStep {
  const incidents = createIncidentStore(sql);
  return sql.transaction(() => {
    const looked = sql.query<OldEvent & { old: number; ahead: number; open: number }>(
      `SELECT seq, subscription, idempotency_key, job_id, updated_at_us, subject, received_at < ? AS old, received_at > ? AS ahead, EXISTS (
         SELECT 1 FROM deliveries WHERE event_seq = events.seq AND status NOT IN ('delivered', 'dead', 'suppressed')
         UNION ALL SELECT 1 FROM alerts WHERE event_seq = events.seq AND (due_at IS NOT NULL OR edit_at IS NOT NULL OR untold > 0)
         UNION ALL SELECT 1 FROM late WHERE event_seq = events.seq AND due_at IS NOT NULL
         UNION ALL SELECT 1 FROM events AS replay WHERE replay.replay_of = events.seq
       ) AS open FROM events WHERE seq > ? ORDER BY seq LIMIT ?`,
      before,
      now,
      after,
      limit,
    );
    const firstYoung = looked.findIndex((event) => event.old === 0 && event.ahead === 0);
    const old = firstYoung === -1 ? looked : looked.slice(0, firstYoung);
    for (const { subject, old: isOld } of old) if (subject !== null && isOld === 1) incidents.forgetSubject(subject, before);
    const gone = old.filter((event) => event.old === 1 && event.open === 0);
    for (const event of gone) removeEvent(sql, keys, event);
    const passOver = firstYoung !== -1 || looked.length < limit;
    if (passOver) removeNotices(sql, before, limit);
    return { removed: gone.length, next: passOver ? null : looked.at(-1)!.seq };
  });
}

interface OldEvent {
  seq: number;
  subscription: string;
  idempotency_key: string;
  job_id: string | null;
  updated_at_us: number | null;
  subject: string | null;
}

function removeEvent(sql: Sql, keys: KeyIndex, { seq, subscription, idempotency_key, job_id, updated_at_us }: OldEvent): void {
  keys.release(subscription, idempotency_key, seq);
  removeDeliveries(sql, seq);
  if (job_id !== null && updated_at_us !== null) {
    sql.query('DELETE FROM transitions WHERE updated_at_us = ? AND job_id = ? AND event_seq = ?', updated_at_us, job_id, seq);
  }
  sql.query('DELETE FROM events WHERE seq = ?', seq);
}

function removeDeliveries(sql: Sql, seq: number): void {
  sql.query('DELETE FROM attempts WHERE event_seq = ?', seq);
  sql.query('DELETE FROM decisions WHERE event_seq = ?', seq);
  sql.query('DELETE FROM deliveries WHERE event_seq = ?', seq);
}

/**
 * The relay's own words belong to no event. Numbers are in the order of time, so this looks only at what is old. A notice
 * that died stays until its fallback has ended too.
 */
function removeNotices(sql: Sql, before: number, limit: number): void {
  const oldest = sql.query<{ event_seq: number }>(
    `SELECT event_seq FROM deliveries WHERE notice IS NOT NULL AND event_seq < coalesce((SELECT min(seq) FROM events), ?)
       GROUP BY event_seq HAVING max(created_at) < ? AND min(status IN ('delivered', 'dead', 'suppressed')) ORDER BY event_seq LIMIT ?`,
    Number.MAX_SAFE_INTEGER,
    before,
    limit,
  );
  for (const { event_seq } of oldest) removeDeliveries(sql, event_seq);
}

/** Events looked at in one step: a few milliseconds of the one thread that intake runs on too. */
const stepSize = 100;

export interface RetentionOptions {
  sql: Sql;
  hash: Hash;
  clock: Clock;
  afterTurn: AfterTurn;
  log: Log;
  retentionMs: number;
  /** Forget what else is from before a time (epoch ms), up to a number of things; returns how many. The longest silent first. */
  forgetters: readonly Forget[];
}

export type Forget = (before: number, limit: number) => number;

export function createRetention({ sql, hash, clock, afterTurn, log, retentionMs, forgetters }: RetentionOptions) {
  const keys = createKeyIndex(sql, hash);
  let underWay = false;

  function step(before: number, after: number, removed: number): void {
    let result: PruneStep;
    try {
      result = pruneStep(sql, keys, before, after, stepSize, clock.now());
    } catch (error) {
      underWay = false;
      log.error({ err: error }, 'pruning failed: tried again at the next turn');
      return;
    }
    const total = removed + result.removed;
    if (result.next !== null) {
      const { next } = result;
      return afterTurn(() => step(before, next, total));
    }
    if (total > 0) log.info({ events: total }, 'pruned events past their retention');
    forgetAlso(before, 0);
  }

  function forgetAlso(before: number, at: number): void {
    const forget = forgetters[at];
    try {
      const forgotten = forget ? sql.transaction(() => forget(before, stepSize)) : 0;
      if (forget) return afterTurn(() => forgetAlso(before, forgotten < stepSize ? at + 1 : at));
    } catch (error) {
      log.error({ err: error }, 'pruning failed: tried again at the next turn');
    }
    underWay = false;
  }

  return {
    /** Starts a pass, unless one is under way. Between its steps everything else has its turn. */
    run(): void {
      if (underWay) return;
      underWay = true;
      step(clock.now() - retentionMs, 0, 0);
    },
  };
}
