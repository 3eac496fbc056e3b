/**
 * Which deliveries have been here: an index of idempotency keys by a 53-bit digest. The texts themselves stand in the events;
 * an index over them would be five times as large, and its random pages were the dearest part of accepting an event.
 * Digests that meet by chance are told apart by the texts, and the later one takes the next free number.
 */
import type { Hash, Sql } from '../ports.ts';

/** How far a later one may be from its own digest. With 10 million keys a first meeting has a chance of 1 in 200. */
const maxSteps = 16;

export function createKeyIndex(sql: Sql, hash: Hash) {
  /** The number at which a key is looked for first. */
  function digest(subscription: string, key: string): number {
    const bytes = hash.sha256(`${subscription}\n${key}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    return (view.getUint32(0) % 2 ** 20) * 2 ** 32 + view.getUint32(4);
  }

  /** Claims a key for an event. Null when it was free, else the number of the event that has it. */
  function claim(subscription: string, key: string, eventSeq: number): number | null {
    const start = digest(subscription, key);
    for (let at = start; at < start + maxSteps; at++) {
      const claimed = sql.query(
        'INSERT INTO keys (digest, event_seq) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1',
        at,
        eventSeq,
      );
      if (claimed.length === 1) return null;
      const holder = sql.query<{ seq: number }>(
        `SELECT seq FROM events WHERE seq = (SELECT event_seq FROM keys WHERE digest = ?) AND idempotency_key = ? AND subscription = ?`,
        at,
        key,
        subscription,
      )[0];
      if (holder) return holder.seq;
    }
    throw new Error(`${maxSteps} idempotency keys with neighbouring digests: that does not happen by chance`);
  }

  /** Frees the key of an event, whose row is still there. */
  function release(subscription: string, key: string, eventSeq: number): void {
    const start = digest(subscription, key);
    const freed = sql.query<{ digest: number }>(
      'DELETE FROM keys WHERE digest BETWEEN ? AND ? AND event_seq = ? RETURNING digest',
      start,
      start + maxSteps - 1,
      eventSeq,
    )[0];
    if (freed) closeGap(freed.digest + 1);
  }

  /** `claim` stops at the first free number, so those behind a freed one, if they only made way for it, have to move up. */
  function closeGap(after: number): void {
    for (let at = after; ; at++) {
      const next = sql.query<{ event_seq: number }>('DELETE FROM keys WHERE digest = ? RETURNING event_seq', at)[0];
      if (!next) return;
      const { subscription, idempotency_key } = sql.query<{ subscription: string; idempotency_key: string }>(
        'SELECT subscription, idempotency_key FROM events WHERE seq = ?',
        next.event_seq,
      )[0]!;
      claim(subscription, idempotency_key, next.event_seq);
    }
  }

  return { claim, release };
}

export type KeyIndex = ReturnType<typeof createKeyIndex>;
