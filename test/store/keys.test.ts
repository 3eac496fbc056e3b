import { beforeEach, describe, expect, test } from 'vitest';
import type { Hash, Sql } from '../../src/ports.ts';
import { createEventStore } from '../../src/store/events.ts';
import { createKeyIndex } from '../../src/store/keys.ts';
import { migrate } from '../../src/store/migrations.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { newEvent } from './new-event.ts';
import { openMemorySql } from './memory-sql.ts';

/** Each key has the same digest; with `apart`, the digest that it names: `3:a` → 3. */
const colliding: Hash = { ...nodeHash, sha256: () => new Uint8Array(32) };
const apart: Hash = {
  ...nodeHash,
  sha256: (text) => new Uint8Array(32).fill(Number(/\n(\d+):/.exec(String(text))![1]), 7, 8),
};

let sql: Sql;
beforeEach(() => {
  sql = openMemorySql();
  migrate(sql);
});

/** Claims as the ledger does: a free key comes with its event. */
function index(hash: Hash) {
  const keys = createKeyIndex(sql, hash);
  const events = createEventStore(sql);
  let seq = 0;
  return {
    ...keys,
    claim(key: string, subscription = 'production'): number | null {
      const holder = keys.claim(subscription, key, ++seq);
      if (holder === null) events.add(newEvent({ seq, subscription, idempotencyKey: key }));
      return holder;
    },
    /** As pruning does. */
    forget(key: string, eventSeq: number): void {
      keys.release('production', key, eventSeq);
      sql.query('DELETE FROM events WHERE seq = ?', eventSeq);
    },
  };
}

const digests = () => sql.query<{ digest: number }>('SELECT digest FROM keys ORDER BY digest').map(({ digest }) => digest);

describe('the index of idempotency keys', () => {
  test('a key is free once, and from then on names the event that has it', () => {
    const { claim } = index(nodeHash);
    expect([claim('a'), claim('a'), claim('b'), claim('a'), claim('b')]).toEqual([null, 1, null, 1, 3]);
  });

  test('the subscription is part of the key, and the border between the two is no part of either', () => {
    const { claim } = index(nodeHash);
    expect([claim('a', 'one'), claim('a', 'two'), claim('a', 'one')]).toEqual([null, null, 1]);
  });

  test('digests are integers that a number can hold', () => {
    const { claim } = index({ ...nodeHash, sha256: () => new Uint8Array(32).fill(0xff) });
    claim('a');
    expect(digests()).toEqual([2 ** 52 - 1]);
    expect(claim('a')).toBe(1);
  });

  test('keys whose digests meet are told apart', () => {
    const { claim } = index(colliding);
    expect([claim('a'), claim('b'), claim('c')]).toEqual([null, null, null]);
    expect([claim('c'), claim('a'), claim('b')]).toEqual([3, 1, 2]);
    expect(digests()).toEqual([0, 1, 2]);
  });

  test('more meetings than chance can bring are an error, not a wrong answer', () => {
    const { claim } = index(colliding);
    for (let i = 0; i < 16; i++) expect(claim(`k${i}`)).toBeNull();
    expect(() => claim('one more')).toThrow(/16 idempotency keys with neighbouring digests/);
  });

  test('a released key is free again, and only that one', () => {
    const { claim, forget } = index(nodeHash);
    claim('a');
    claim('b');
    forget('a', 1);
    expect([claim('b'), claim('a'), claim('a')]).toEqual([2, null, 4]);
  });

  test('releasing is for the holder: another event with the same key releases nothing', () => {
    const { claim, release } = index(nodeHash);
    claim('a');
    release('production', 'a', 99);
    expect(claim('a')).toBe(1);
  });

  test('a key that had to make way is found after the one before it is gone', () => {
    const { claim, forget } = index(colliding);
    for (const key of ['a', 'b', 'c']) claim(key);
    forget('a', 1);
    expect([claim('b'), claim('c')]).toEqual([2, 3]);
    forget('b', 2);
    expect([claim('c'), claim('a')]).toEqual([3, null]);
  });

  test('a neighbour that stands at its own digest stays there', () => {
    const { claim, forget } = index(apart);
    for (const key of ['3:a', '4:b', '3:c', '4:d']) claim(key);
    expect(digests()).toEqual([3, 4, 5, 6]);
    forget('3:a', 1);
    expect([claim('4:b'), claim('3:c'), claim('4:d')]).toEqual([2, 3, 4]);
  });
});
