import { beforeEach, describe, expect, test } from 'vitest';
import type { Sql } from '../../src/ports.ts';
import { createDeliveryStore, type DeliveryStore } from '../../src/store/deliveries.ts';
import { migrate } from '../../src/store/migrations.ts';
import { startMs } from '../outbox/examples.ts';
import { deliveryRows } from '../outbox/world.ts';
import { newDelivery } from './new-event.ts';
import { openMemorySql } from './memory-sql.ts';

let sql: Sql;
let store: DeliveryStore;

beforeEach(() => {
  sql = openMemorySql();
  migrate(sql);
  store = createDeliveryStore(sql);
});

const lease = (limit = 10, now = startMs) => store.lease('chat', now, now + 60_000, limit);
const seqs = (deliveries: { eventSeq: number }[]) => deliveries.map(({ eventSeq }) => eventSeq);
const statuses = () => deliveryRows(sql).map(({ event_seq, status }) => `${event_seq} ${status}`);
const end = { status: 'delivered' as const, at: startMs, reason: null, detail: 'ok' };

/** `subjects[i]` is the subject of event i + 1. */
function addAll(...subjects: string[]): void {
  subjects.forEach((subject, i) => store.add(newDelivery({ eventSeq: i + 1, subject })));
}

describe('lanes', () => {
  test('one of a lane is leased; those behind it step aside and come back one by one, in their order', () => {
    addAll('a', 'a', 'b', 'a');
    const [first, other] = lease();
    expect(statuses()).toEqual(['1 sending', '2 waiting', '3 sending', '4 waiting']);
    store.finish(first!, end);
    expect(statuses()).toEqual(['1 delivered', '2 queued', '3 sending', '4 waiting']);
    const [second] = lease();
    expect(second!.eventSeq).toBe(2);
    store.finish(other!, end);
    expect(statuses()).toEqual(['1 delivered', '2 sending', '3 delivered', '4 waiting']);
    store.finish(second!, { ...end, status: 'dead', reason: 'payload' });
    expect(seqs(lease())).toEqual([4]);
  });

  test('a retry keeps its lane: nothing overtakes it until it has ended', () => {
    addAll('a', 'a');
    store.reschedule(lease()[0]!, startMs + 5_000, 'network', 'x');
    expect(lease()).toEqual([]);
    expect(statuses()).toEqual(['1 scheduled', '2 waiting']);
    const [again] = lease(10, startMs + 5_000);
    expect(again).toMatchObject({ eventSeq: 1, attempt: 2 });
    store.finish(again!, end);
    expect(seqs(lease())).toEqual([2]);
  });

  test('the first of those that wait comes before whatever was queued later', () => {
    addAll('a', 'a', 'a');
    const [first] = lease();
    store.add(newDelivery({ eventSeq: 4, subject: 'a' }));
    store.finish(first!, end);
    expect(seqs(lease())).toEqual([2]);
    expect(statuses()).toEqual(['1 delivered', '2 sending', '3 waiting', '4 waiting']);
  });

  test('the same subject at another destination is another lane', () => {
    store.add(newDelivery({ eventSeq: 1, n: 1, destination: 'chat' }));
    store.add(newDelivery({ eventSeq: 1, n: 2, destination: 'pager' }));
    expect([...lease(), ...store.lease('pager', startMs, startMs + 1, 10)]).toHaveLength(2);
  });

  test('the database refuses a second delivery under way in a lane', () => {
    addAll('a', 'a');
    lease();
    expect(() => store.reschedule({ eventSeq: 2, n: 1 }, startMs, 'x', 'x')).toThrow(/UNIQUE constraint failed/);
  });

  test('a long queue behind a slow lane steps aside in parts, and hides nobody for long', () => {
    addAll(...Array.from({ length: 300 }, () => 'slow'), 'quick');
    expect(seqs(lease(1))).toEqual([1]);
    const found = Array.from({ length: 4 }, () => seqs(lease(1))).flat();
    expect(found).toEqual([301]);
    expect(statuses().filter((each) => each.endsWith('waiting'))).toHaveLength(299);
  });
});

describe('leases', () => {
  test('are given in the order of time first, then of the queue, up to the limit, and count the attempt', () => {
    addAll('a', 'b', 'c', 'd');
    const [a, b] = lease(2);
    store.reschedule(a!, startMs + 2, 'x', 'x');
    store.reschedule(b!, startMs + 1, 'x', 'x');
    const leased = lease(3, startMs + 2);
    expect(leased.map(({ eventSeq, attempt }) => [eventSeq, attempt])).toEqual([
      [2, 2],
      [1, 2],
      [3, 1],
    ]);
    expect(statuses()[3]).toBe('4 queued');
  });

  test('what is due in a millisecond is not leased', () => {
    addAll('a');
    store.reschedule(lease()[0]!, startMs + 1, 'x', 'x');
    expect(lease()).toEqual([]);
    expect(store.nextDueAt('chat')).toBe(startMs + 1);
  });

  test('a retaken lease fences off the attempt before it', () => {
    addAll('a');
    const [first] = lease();
    expect(store.holdsLease(first!)).toBe(true);
    expect(store.leasesExpiredBy(startMs + 59_999)).toEqual([]);
    expect(seqs(store.leasesExpiredBy(startMs + 60_000))).toEqual([1]);
    store.reschedule(first!, startMs, 'lost', 'x');
    expect(store.holdsLease(first!)).toBe(false);
    const [second] = lease();
    expect([store.holdsLease(first!), store.holdsLease(second!)]).toEqual([false, true]);
  });

  test('keep what the plan said, and a notice, as they were', () => {
    const message = { title: '{{ job.id }} "quoted"', fields: { a: 'b' } };
    const notice = { title: 'destination data-eng is broken', text: 'line\nline' };
    const said = newDelivery({ eventSeq: 1, notice, spec: { ...newDelivery({ eventSeq: 1 }).spec, message, note: 'n' } });
    store.add(said);
    expect(lease()[0]).toEqual({ ...said, attempt: 1, leaseUntil: startMs + 60_000 });
  });
});

describe('looking at the outbox', () => {
  test('nextDueAt is at once for a queue, else the earliest date, else null', () => {
    expect(store.nextDueAt('chat')).toBeNull();
    addAll('a', 'b');
    expect(store.nextDueAt('chat')).toBe(0);
    const [a, b] = lease();
    expect(store.nextDueAt('chat')).toBeNull();
    store.reschedule(a!, startMs + 9, 'x', 'x');
    store.reschedule(b!, startMs + 7, 'x', 'x');
    expect(store.nextDueAt('chat')).toBe(startMs + 7);
  });

  test('nextLeaseEnd is the earliest end of a lease, and null without one', () => {
    expect(store.nextLeaseEnd()).toBeNull();
    addAll('a', 'b');
    lease(1, startMs);
    lease(1, startMs + 5);
    expect(store.nextLeaseEnd()).toBe(startMs + 60_000);
  });

  test('the backlog counts what is open by destination, and says since when the longest due is due', () => {
    addAll('a', 'a', 'b', 'c');
    store.add(newDelivery({ eventSeq: 9, destination: 'pager', createdAt: startMs - 1_000 }));
    const [a, b] = lease(2);
    store.finish(b!, end);
    store.reschedule(a!, startMs + 7, 'x', 'x');
    expect(store.backlog()).toEqual([
      { destination: 'chat', pending: 3, oldestDueAt: startMs },
      { destination: 'pager', pending: 1, oldestDueAt: startMs - 1_000 },
    ]);
    expect(store.destinationsWithOpen()).toEqual(['chat', 'pager']);
  });

  test('the overdue are those queued and scheduled whose last useful moment has come', () => {
    ['a', 'b', 'c'].forEach((subject, i) => store.add(newDelivery({ eventSeq: i + 1, subject, expiresAt: startMs + i })));
    store.reschedule(lease(1)[0]!, startMs, 'x', 'x');
    expect(seqs(store.overdueOf('chat', startMs + 1, 10, true)).toSorted()).toEqual([1, 2]);
  });
});

test('one that is over as it is made is counted as ended then, with whatever transaction it is made in', () => {
  const counted = () => sql.query(`SELECT what, outcome, n FROM hourly`);
  store.add(newDelivery({ eventSeq: 1, suppressedBy: 'silenced by night' }));
  store.add(newDelivery({ eventSeq: 2 }));
  expect(counted()).toEqual([{ what: 'delivery', outcome: 'suppressed', n: 1 }]);
  expect(() =>
    sql.transaction(() => {
      store.add(newDelivery({ eventSeq: 3, suppressedBy: 'silenced by night' }));
      throw new Error('rolled back');
    }),
  ).toThrow('rolled back');
  expect(counted()).toEqual([{ what: 'delivery', outcome: 'suppressed', n: 1 }]);
});
