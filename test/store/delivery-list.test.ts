/** Lists of deliveries, held against a plain filter over all rows; and that a page looks at few of many. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { deliveryId, firstSeqAt } from '../../src/event/id.ts';
import type { Sql, SqlValue } from '../../src/ports.ts';
import type { DeliveryQuery, DeliveryStatus } from '../../src/store/delivery-conditions.ts';
import { createDeliveryList, type DeliveryOrder } from '../../src/store/delivery-list.ts';
import { createDeliveryStore, type DeliveryKey } from '../../src/store/deliveries.ts';
import { migrate } from '../../src/store/migrations.ts';
import { startMs } from '../outbox/examples.ts';
import { openMemorySql } from './memory-sql.ts';
import { newDelivery, spec } from './new-event.ts';

const all: DeliveryQuery = {
  fromMs: null,
  untilMs: null,
  statuses: [],
  destinations: [],
  rules: [],
  subject: null,
  event: null,
  reasons: [],
};
const statuses: readonly DeliveryStatus[] = ['queued', 'waiting', 'scheduled', 'sending', 'delivered', 'dead', 'suppressed'];

interface Made {
  atMs: number;
  /** Ms from the event to the delivery. */
  later: number;
  n: number;
  destination: string;
  subject: string;
  status: DeliveryStatus;
  rule: string;
  merged: string[];
  reason: string | null;
}

const hour = 3_600_000;

let sql: Sql;
/** What was asked of the store, with the parameters. */
let asked: { statement: string; parameters: SqlValue[] }[] = [];

beforeEach(() => {
  const memory = openMemorySql();
  asked = [];
  sql = {
    query: (statement, ...parameters) => {
      asked.push({ statement, parameters });
      return memory.query(statement, ...parameters);
    },
    transaction: memory.transaction,
  };
  migrate(sql);
});

const seqOf = ({ atMs }: Made) => firstSeqAt(startMs + atMs);
const idOf = (made: Made) => deliveryId({ eventSeq: seqOf(made), n: made.n });

function put(made: Made): void {
  const key = { eventSeq: seqOf(made), n: made.n };
  const { destination, subject, status, rule, merged, reason } = made;
  createDeliveryStore(sql).add(
    newDelivery({ ...key, destination, subject, createdAt: startMs + made.atMs + made.later, spec: { ...spec, rule, merged } }),
  );
  sql.query('UPDATE deliveries SET status = ?, reason = ? WHERE event_seq = ? AND n = ?', status, reason, key.eventSeq, key.n);
}

/** Two of a lane are never under way together, so each has its own. */
const rows = fc
  .uniqueArray(
    fc.record({
      atMs: fc.nat(40),
      later: fc.constantFrom(0, 0, 0, 5, hour, hour + 1, 30 * 24 * hour),
      n: fc.integer({ min: 1, max: 3 }),
      destination: fc.constantFrom('chat', 'pager'),
      status: fc.constantFrom(...statuses),
      rule: fc.constantFrom('a', 'b', 'a"b'),
      merged: fc.subarray(['a', 'c']),
      reason: fc.constantFrom(null, 'payload', 'expired'),
    }),
    { maxLength: 40, size: 'max', selector: ({ atMs, n }) => `${atMs} ${n}` },
  )
  .map((made) => made.map((each): Made => ({ ...each, subject: `${each.atMs % 3}/${each.atMs}/${each.n}` })));

const seldom = <T, E>(empty: E, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(empty) }, { weight: 1, arbitrary });
const none: never[] = [];

const queries = fc.record({
  fromMs: seldom(
    null,
    fc.tuple(fc.constantFrom(0, hour, 30 * 24 * hour), fc.nat(40)).map(([later, ms]) => startMs + later + ms),
  ),
  untilMs: seldom(
    null,
    fc.nat(50).map((ms) => startMs + ms),
  ),
  statuses: fc.oneof(fc.constant(none), fc.subarray([...statuses]), fc.constant(['dead'] as const)),
  destinations: seldom(none, fc.subarray(['chat', 'pager', 'nobody'])),
  rules: seldom(none, fc.subarray(['a', 'c', 'a"b'])),
  subject: seldom(null, fc.constant('1/1/1')),
  event: seldom(
    null,
    fc.nat(40).map((ms) => firstSeqAt(startMs + ms)),
  ),
  reasons: seldom(none, fc.subarray(['payload', 'expired'])),
});

/** What a page stands for, said as plainly as can be. `later`: an event's delivery may come long after it, but not before it. */
function matches(made: Made, query: DeliveryQuery): boolean {
  const madeAt = startMs + made.atMs + made.later;
  const any = (values: readonly string[], value: string | null) =>
    values.length === 0 || (value !== null && values.includes(value));
  return (
    madeAt >= (query.fromMs ?? -Infinity) &&
    madeAt < (query.untilMs ?? Infinity) &&
    any(query.statuses, made.status) &&
    any(query.destinations, made.destination) &&
    any(query.reasons, made.reason) &&
    (query.rules.length === 0 || [made.rule, ...made.merged].some((rule) => query.rules.includes(rule))) &&
    (query.subject ?? made.subject) === made.subject &&
    (query.event ?? seqOf(made)) === seqOf(made)
  );
}

const order = fc.constantFrom<DeliveryOrder>('newest-first', 'oldest-first');

test('page by page, a list has what a filter over all rows finds, each once, in its order, while others are made', () => {
  let found = 0;
  fc.assert(
    fc.property(rows, queries, fc.integer({ min: 1, max: 7 }), order, (made, query, limit, order) => {
      sql.query('DELETE FROM deliveries');
      for (const each of made) put(each);
      const list = createDeliveryList(sql);
      const ids: string[] = [];
      let before: DeliveryKey | null = null;
      for (let pages = 0; pages === 0 || before !== null; pages++) {
        const page = list.page(query, limit, before, order);
        ids.push(...page.rows.map(deliveryId));
        before = page.stoppedAt;
        // Before what is listed, in its order.
        put({
          atMs: order === 'newest-first' ? 100 + pages : -100 - pages,
          later: 0,
          n: 1,
          destination: 'chat',
          subject: 'new',
          status: 'dead',
          rule: 'a',
          merged: [],
          reason: null,
        });
      }
      const expected = made.filter((each) => matches(each, query)).toSorted((a, b) => seqOf(a) - seqOf(b) || a.n - b.n);
      expect(ids).toEqual((order === 'newest-first' ? expected.toReversed() : expected).map(idOf));
      found += ids.length;
    }),
    { numRuns: 500 },
  );
  expect(found).toBeGreaterThan(500);
});

test('a record has all that became of a delivery, and those of an event come in their order', () => {
  const store = createDeliveryStore(sql);
  for (const n of [2, 1]) store.add(newDelivery({ eventSeq: 7, n, subject: String(n), fallbackOf: 'dlv_x' }));
  const [leased] = store.lease('chat', startMs, startMs + 1, 1);
  store.finish(leased!, { status: 'delivered', at: startMs + 5, reason: null, detail: 'posted', receipt: { root: 'r' } });
  const list = createDeliveryList(sql);
  expect(list.ofEvent(7).map(({ n }) => n)).toEqual([1, 2]);
  expect(list.find({ eventSeq: 7, n: 1 })).toMatchObject({
    status: 'delivered',
    attempt: 1,
    finishedAt: startMs + 5,
    detail: 'posted',
    receipt: { root: 'r' },
    fallbackOf: 'dlv_x',
    spec: { rule: 'r' },
  });
  expect(list.find({ eventSeq: 7, n: 3 })).toBeNull();
});

describe('of many', () => {
  /** `count` deliveries, one each second, of which each `every`-th has the status and the others were delivered. */
  function fill(count: number, every: number, status: DeliveryStatus): void {
    sql.transaction(() => {
      for (let i = 0; i < count; i++) {
        sql.query(
          `INSERT INTO deliveries (event_seq, n, destination, subject, status, created_at, expires_at, spec) VALUES (?, 1, 'chat', ?, ?, ?, 0, '{}')`,
          firstSeqAt(startMs + i * 1000),
          String(i),
          i % every === 0 ? status : 'delivered',
          startMs + i * 1000,
        );
      }
    });
  }

  const wholeWalk = (query: Partial<DeliveryQuery>, limit = 50) => {
    const list = createDeliveryList(sql);
    const pages: number[] = [];
    let before: DeliveryKey | null = null;
    do {
      const page = list.page({ ...all, ...query }, limit, before);
      pages.push(page.rows.length);
      before = page.stoppedAt;
    } while (before !== null);
    return pages;
  };

  test('a page that finds nothing looks at 25,000 rows, says how far it got, and goes on from there', () => {
    fill(60_000, 60_000, 'suppressed');
    const first = createDeliveryList(sql).page({ ...all, statuses: ['suppressed'] }, 50, null);
    expect(first).toEqual({
      rows: [],
      stoppedAt: { eventSeq: firstSeqAt(startMs + 35_000 * 1000), n: 1 },
      isCut: true,
    });
    expect(wholeWalk({ statuses: ['suppressed'] })).toEqual([0, 0, 1]);
  });

  test('the oldest first, it does the same from the other end', () => {
    fill(60_000, 59_999, 'suppressed');
    const list = createDeliveryList(sql);
    const query = { ...all, statuses: ['suppressed'] as const, fromMs: startMs + 1_000 };
    const first = list.page(query, 50, null, 'oldest-first');
    expect(first).toEqual({ rows: [], stoppedAt: { eventSeq: firstSeqAt(startMs + 24_999 * 1000), n: 1 }, isCut: true });
    const second = list.page(query, 50, first.stoppedAt, 'oldest-first');
    expect(list.page(query, 50, second.stoppedAt, 'oldest-first').rows).toMatchObject([{ subject: '59999' }]);
  });

  test('a search by time looks at what was made long after its event, and at no other event of before', () => {
    fill(60_000, 60_000, 'delivered');
    // A reminder of the first event's incident, a week after it, and one that came half an hour after its event.
    const made = (n: number, atMs: number, eventSeq: number) =>
      createDeliveryStore(sql).add(newDelivery({ eventSeq, n, subject: `later ${n}`, createdAt: atMs }));
    const weekLater = startMs + 7 * 24 * hour;
    made(2, weekLater, firstSeqAt(startMs));
    made(3, weekLater, firstSeqAt(weekLater - hour / 2));
    const page = createDeliveryList(sql).page({ ...all, fromMs: weekLater }, 50, null);
    expect(page.rows.map(({ n }) => n)).toEqual([3, 2]);
    expect([page.stoppedAt, page.isCut]).toEqual([null, false]);
  });

  test('dead ones are looked for among the dead alone', () => {
    fill(60_000, 10, 'dead');
    expect(wholeWalk({ statuses: ['dead'], reasons: ['nothing'] })).toEqual([0, 0]);
    expect(wholeWalk({ statuses: ['dead'], untilMs: startMs + 1_000_000 })).toEqual([50, 50]);
  });

  test('open ones are found at once, however much was delivered since', () => {
    fill(40_000, 39_999, 'waiting');
    expect(wholeWalk({ statuses: ['queued', 'waiting', 'scheduled', 'sending'] })).toEqual([2]);
  });

  test('open ones that do not match are looked at a thousand at a time', () => {
    fill(3_500, 1, 'waiting');
    expect(wholeWalk({ statuses: ['waiting'], subject: '0' })).toEqual([0, 0, 0, 1]);
    expect(wholeWalk({ statuses: ['waiting'] }, 900)).toEqual([900, 900, 900, 800]);
  });

  test('of each statement SQLite knows a way that looks at no more than it has to', () => {
    fill(10, 3, 'waiting');
    const list = createDeliveryList(sql);
    asked = [];
    const before = { eventSeq: firstSeqAt(startMs + 8000), n: 1 };
    for (const query of [{}, { fromMs: startMs }, { statuses: ['dead'] }, { statuses: ['waiting', 'sending'] }] as const) {
      list.page({ ...all, ...query, rules: ['x'] }, 50, before);
    }
    const plans = asked.map(({ statement, parameters }) =>
      sql
        .query<{ detail: string }>(`EXPLAIN QUERY PLAN ${statement}`, ...parameters)
        .map(({ detail }) => detail)
        .join('\n'),
    );
    for (const plan of plans) {
      const full = plan.split('\n').filter((line) => /^SCAN deliveries$/.test(line));
      expect(full).toEqual([]);
      if (plan.includes('PRIMARY KEY') && !plan.includes('those')) {
        expect(plan).toContain('USING PRIMARY KEY ((event_seq,n)>(?,?) AND (event_seq,n)<(?,?))');
        expect(plan).not.toContain('ORDER BY');
      }
    }
  });
});
