import { beforeEach, describe, expect, test } from 'vitest';
import { eventId } from '../../src/event/id.ts';
import { createFollow, type Follow } from '../../src/operate/follow.ts';
import type { Sql } from '../../src/ports.ts';
import { createEventStore, type NewEvent } from '../../src/store/events.ts';
import { openFileStore } from '../store/file-store.ts';
import { newEvent } from '../store/new-event.ts';
import { anyEvent, refusalOf, valueOf } from './asked.ts';

let sql: Sql;
let asked: number;
let turns: number;
let tail: Follow;
beforeEach(() => {
  sql = openFileStore();
  asked = turns = 0;
  const query: Sql['query'] = (text, ...values) => {
    asked++;
    return sql.query(text, ...values);
  };
  tail = createFollow({ sql: { ...sql, query }, afterTurn: (work) => void (turns++, setImmediate(work)) });
});

/** A commit that took these. */
function take(...events: (Partial<NewEvent> & { seq: number })[]): void {
  const store = createEventStore(sql);
  sql.transaction(() => events.forEach((event) => store.add(newEvent(event))));
  tail.taken();
}

const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i }));

function follow({ after = null, filter = {} }: { after?: string | null; filter?: object } = {}) {
  const end = new AbortController();
  const batches = valueOf(tail.follow({ ...anyEvent, ...filter }, after, end.signal))[Symbol.asyncIterator]();
  return {
    end: () => end.abort(),
    leave: () => batches.return!(),
    /** Ids of the next batch; null at the end. */
    async next(): Promise<string[] | null> {
      const { done, value } = await batches.next();
      return done === true ? null : value.map(({ id }) => id);
    },
  };
}

/** As many as a look, and finding that there is no more, could take. */
async function turnsPass(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const ids = (...seqs: number[]) => seqs.map(eventId);

describe('who follows events', () => {
  test('gets what is taken from then on, in its order, and nothing from before', async () => {
    take({ seq: 1 });
    const reader = follow();
    take({ seq: 2 }, { seq: 3 });
    expect(await reader.next()).toEqual(ids(2, 3));
    const waits = reader.next();
    take({ seq: 4 });
    expect(await waits).toEqual(ids(4));
  });

  test('gets only what its filter asks for', async () => {
    const reader = follow({ filter: { states: ['failed'] } });
    const next = reader.next();
    take({ seq: 1, state: 'running' });
    take({ seq: 2, state: 'failed' }, { seq: 3, state: 'completed' });
    expect(await next).toEqual(ids(2));
    take({ seq: 4, state: 'failed' });
    expect(await reader.next()).toEqual(ids(4));
  });

  test('goes on behind the event that it saw last', async () => {
    take(...numbered(1, 5));
    expect(await follow({ after: eventId(3).toLowerCase() }).next()).toEqual(ids(4, 5));
    // That one may be gone, or never have been.
    sql.query('DELETE FROM events WHERE seq = 3');
    expect(await follow({ after: eventId(3) }).next()).toEqual(ids(4, 5));
  });

  test('is told of at most the last 1,000, and begins anew when it was away for longer', async () => {
    take(...numbered(1, 1_001));
    expect((await follow({ after: eventId(1) }).next())![0]).toBe(eventId(2));
    take({ seq: 1_002 });
    const late = follow({ after: eventId(1) });
    take({ seq: 1_003 });
    expect(await late.next()).toEqual(ids(1_003));
  });

  test('begins anew behind an event that is none of this store', async () => {
    take({ seq: 1 });
    const reader = follow({ after: eventId(1_000_000) });
    take({ seq: 2 });
    expect(await reader.next()).toEqual(ids(2));
  });

  test('reads at its own pace: what came meanwhile waits in the store, in batches of at most 200', async () => {
    const reader = follow();
    take(...numbered(1, 300));
    take(...numbered(301, 450));
    const batches = [await reader.next(), await reader.next(), await reader.next()];
    expect(batches.map((batch) => batch!.length)).toEqual([200, 200, 50]);
    expect(batches.flat()).toEqual(ids(...numbered(1, 450).map(({ seq }) => seq)));
  });

  test('costs the store nothing while it reads nothing, and one look for a burst of commits', async () => {
    const reader = follow({ filter: { states: ['nothing'] } });
    asked = 0;
    for (let seq = 1; seq <= 50; seq++) take({ seq });
    expect(asked).toBe(0);
    void reader.next();
    await turnsPass();
    const first = asked;
    for (let seq = 51; seq <= 100; seq++) take({ seq });
    await turnsPass();
    expect([first > 0, asked - first]).toEqual([true, first]);
    reader.end();
  });

  test('looks at a long way in steps, and lets others have their turn between them', async () => {
    const reader = follow({ filter: { states: ['failed'] } });
    take(...numbered(1, 12_000).map((event) => ({ ...event, state: 'running' })), { seq: 12_001, state: 'failed' });
    turns = 0;
    expect(await reader.next()).toEqual(ids(12_001));
    expect(turns).toBe(2);
  });

  test('is refused with an id that is none, and with a filter that is too much', () => {
    const { signal } = new AbortController();
    expect(refusalOf(tail.follow(anyEvent, 'evt_x', signal))).toMatchObject({ status: 'invalid', field: 'after' });
    const types = Array.from({ length: 9 }, (_, i) => `*${i}`);
    expect(refusalOf(tail.follow({ ...anyEvent, types }, null, signal))).toMatchObject({ status: 'invalid', field: 'type' });
  });
});

describe('following ends', () => {
  test('with its signal, also while it waits', async () => {
    const reader = follow();
    const waits = reader.next();
    reader.end();
    expect(await waits).toBeNull();
    take({ seq: 1 });
    expect(await reader.next()).toBeNull();
  });

  test('for all when the relay stops, and nobody can begin', async () => {
    const waits = [follow(), follow()].map((reader) => reader.next());
    tail.stop();
    expect(await Promise.all(waits)).toEqual([null, null]);
    expect(refusalOf(tail.follow(anyEvent, null, new AbortController().signal)).status).toBe('busy');
  });

  test('and makes room: there are at most 20, whether they read or not', async () => {
    const readers = Array.from({ length: 20 }, () => follow());
    const oneMore = () => tail.follow(anyEvent, null, new AbortController().signal);
    expect(refusalOf(oneMore())).toMatchObject({ status: 'busy' });
    readers[0]!.end();
    valueOf(oneMore());
    expect(refusalOf(oneMore()).status).toBe('busy');
    take({ seq: 1 });
    await readers[1]!.next();
    await readers[1]!.leave();
    readers[1]!.end();
    valueOf(oneMore());
    expect(refusalOf(oneMore()).status).toBe('busy');
  });

  test('before it begins, where the signal says so already', async () => {
    for (let i = 0; i < 30; i++) valueOf(tail.follow(anyEvent, null, AbortSignal.abort()));
    take({ seq: 1 });
    const reader = valueOf(tail.follow(anyEvent, null, AbortSignal.abort()))[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});
