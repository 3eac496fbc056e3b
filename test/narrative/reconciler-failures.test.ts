import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiFailure } from '../../src/narrative/api.ts';
import type { Sql } from '../../src/ports.ts';
import { startMs } from '../outbox/examples.ts';
import { openMemorySql } from '../store/memory-sql.ts';
import { createReconcileWorld, day, failureOf, hour, minute, second, type ReconcileWorld } from './reconcile-world.ts';

let world: ReconcileWorld;

beforeEach(async () => {
  world = createReconcileWorld();
  world.narrative.jobs = Array.from({ length: 450 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: hour + i }));
  await world.start();
});

/** Ms between the requests so far. */
const pauses = () => world.narrative.asked.slice(1).map(({ at }, i) => at - world.narrative.asked[i]!.at);
const times = (count: number, failure: ApiFailure) => Array.from({ length: count }, () => failure);

describe('a request that fails', () => {
  test('of too many requests is made again when Narrative said, and the run says until when it waits', async () => {
    const id = world.ask();
    await world.pass(250);
    world.narrative.faults = [failureOf('rate-limited', { afterMs: 90 * second })];
    await world.pass(250);
    expect(world.reconciler.find(id)).toMatchObject({
      status: 'running',
      jobs: 200,
      detail: `Asks again at ${new Date(startMs + 90.5 * second).toISOString()}: Narrative said rate-limited`,
    });
    await world.pass(89 * second);
    expect(world.narrative.asked).toHaveLength(3);
    await world.pass(second);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'running', detail: null, jobs: 400 });
    await world.pass(minute);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'done', detail: null, taken: 450 });
    expect(pauses()).toEqual([250, 250, 90 * second, 250]);
  });

  test.each(['server-error', 'unreachable', 'timeout', 'not-json', 'rate-limited'] as const)(
    'as %s is made again after a second and twice as long each time, up to five minutes, and given up after twelve',
    async (kind) => {
      world.narrative.faults = times(12, failureOf(kind));
      const id = world.ask();
      await world.pass(2 * hour);
      const steps = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 750);
      expect(pauses()).toEqual(steps);
      expect(world.reconciler.find(id)).toMatchObject({
        status: 'failed',
        detail: `Given up after 12 requests in a row: Narrative said ${kind}`,
      });
    },
  );

  test('for jobs is given up after twelve though Narrative tells its subscriptions all the while', async () => {
    world.narrative.jobsFault = failureOf('server-error');
    const id = world.ask();
    await world.pass(2 * hour);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'failed', detail: expect.stringContaining('after 12 requests') });
    expect(world.narrative.asked.filter(({ call }) => call === 'jobs')).toHaveLength(12);
  });

  test('counts anew after one that did not', async () => {
    world.narrative.faults = times(11, failureOf('server-error'));
    const id = world.ask();
    // All eleven pauses; then the subscriptions are told.
    await world.pass(1_111 * 750);
    world.narrative.faults = times(11, failureOf('server-error'));
    await world.pass(hour);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'done', taken: 450 });
  });

  test.each(['unauthorized', 'not-found', 'refused', 'unexpected'] as const)(
    'as %s ends the run at once, with what the client said; what was taken stays',
    async (kind) => {
      const id = world.ask();
      await world.pass(250);
      world.narrative.faults = [failureOf(kind)];
      await world.pass(hour);
      expect(world.reconciler.find(id)).toMatchObject({ status: 'failed', detail: `Narrative said ${kind}`, taken: 200 });
      expect(world.narrative.asked).toHaveLength(3);
      expect(world.ended).toMatchObject([{ status: 'failed', failure: kind }]);
    },
  );

  test.each(['timeout', 'not-json'] as const)('as %s, for jobs, is made for half of them; then for more again', async (kind) => {
    const id = world.ask();
    await world.settle();
    world.narrative.faults = times(3, failureOf(kind));
    await world.pass(minute);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'done', taken: 450, unreadable: 0 });
    expect(world.narrative.asked.slice(1).map(({ query }) => [query!.offset, query!.perPage])).toEqual([
      [0, 200],
      [0, 100],
      [0, 50],
      [0, 25],
      [25, 50],
      [75, 100],
      [175, 200],
      [375, 200],
    ]);
  });

  test('for one job leaves it in: it is given up after twelve, as any other', async () => {
    const id = world.ask();
    await world.settle();
    world.narrative.faults = times(12, failureOf('timeout'));
    await world.pass(hour);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'failed', jobs: 0, unreadable: 0 });
    expect(world.narrative.asked.slice(-4).map(({ query }) => query!.perPage)).toEqual([1, 1, 1, 1]);
  });

  test.each([
    ['at first', [day], 0],
    ['after a wait', [4 * hour, 4 * hour], 4 * hour],
  ])(
    'and that Narrative wants to wait for till more than 6 h after the run began ends it %s',
    async (_when, waits, endsAfter) => {
      world.narrative.faults = waits.map((afterMs) => failureOf('rate-limited', { afterMs }));
      const id = world.ask();
      await world.pass(day);
      const { status, detail, finishedMs } = world.reconciler.find(id)!;
      expect([status, finishedMs]).toEqual(['failed', startMs + endsAfter]);
      const next = new Date(startMs + endsAfter + waits.at(-1)!).toISOString();
      expect(detail).toBe(
        `Given up, for it could ask again only at ${next}, more than 6 h after it began: Narrative said rate-limited`,
      );
    },
  );

  test('for the list of subscriptions is handled no differently', async () => {
    world.narrative.faults = [failureOf('timeout')];
    const id = world.ask();
    await world.pass(750);
    expect(world.narrative.asked.map(({ call }) => call)).toEqual(['webhooks', 'webhooks']);
    await world.pass(minute);
    expect(world.reconciler.find(id)!.status).toBe('done');
    world.narrative.faults = [failureOf('unauthorized')];
    expect(await world.run()).toMatchObject({ status: 'failed', detail: 'Narrative said unauthorized' });
  });
});

describe('a process that is killed', () => {
  test('while a page is on its way goes on at that page', async () => {
    const id = world.ask();
    await world.pass(250);
    world.narrative.silent = true;
    await world.pass(250);
    world.narrative.silent = false;
    await world.restart(minute);
    await world.pass(minute);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'done', jobs: 450, taken: 450 });
    expect(world.narrative.asked.map(({ query }) => query?.offset)).toEqual([undefined, 0, 200, undefined, 200, 400]);
    expect(new Set(world.taken()).size).toBe(450);
  });

  test('while it waits does not ask sooner for that', async () => {
    world.narrative.faults = [failureOf('rate-limited', { afterMs: 10 * minute })];
    world.ask();
    await world.settle();
    await world.restart(minute);
    await world.pass(8 * minute);
    expect(world.narrative.asked).toHaveLength(1);
    await world.pass(2 * minute);
    expect(world.taken()).toHaveLength(450);
  });
});

describe('a store that fails', () => {
  test.each([0, 1, 2, 5, 50, 1_000, 2_000])(
    'after %i statements of a page has nothing of it, and the page is read again',
    async (statements) => {
      const id = world.ask();
      await world.settle();
      world.narrative.silent = true;
      await world.pass(250);
      world.narrative.silent = false;
      world.sql.break(statements);
      await world.answerAll();
      world.sql.mend();
      expect(world.lines('reconciliation could not go on: tried again in 30 s, nothing of it is lost')).toHaveLength(1);
      expect([world.taken(), world.reconciler.find(id)!.jobs, world.woken.planned]).toEqual([[], 0, 0]);
      await world.pass(29 * second);
      expect(world.taken()).toEqual([]);
      await world.pass(2 * second);
      expect(world.reconciler.find(id)).toMatchObject({ status: 'done', taken: 450 });
      expect(world.taken()).toHaveLength(450);
    },
  );
});

describe('a fault of the relay itself', () => {
  /** Pages can't be had, whatever the client is to return. */
  const breakPages = () => void (world.narrative.jobs = null as never);
  const jobs = () => Array.from({ length: 450 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: hour + i }));
  const mendPages = () => void (world.narrative.jobs = jobs());

  test('that a run meets again and again ends it, so that the next has its turn', async () => {
    const id = world.ask();
    const next = world.ask();
    breakPages();
    await world.pass(9 * minute);
    expect(world.reconciler.find(id)!.status).toBe('running');
    await world.pass(minute);
    expect(world.reconciler.find(id)).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/^Given up after 20 faults of the relay's own in a row, which its log shows: TypeError: /),
    });
    mendPages();
    await world.pass(minute);
    expect(world.reconciler.find(next)).toMatchObject({ status: 'done', taken: 450 });
  });

  test('that passes is forgotten', async () => {
    const id = world.ask();
    for (const offset of [0, 200]) {
      expect(world.reconciler.find(id)).toMatchObject({ status: 'running', jobs: offset });
      breakPages();
      await world.pass(9 * minute);
      mendPages();
      await world.pass(300);
    }
    await world.pass(minute);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'done', taken: 450 });
  });

  test('is none where the store can not be written: however long, the run goes on when it can', async () => {
    let isFull = false;
    const sql = openMemorySql();
    const transaction: Sql['transaction'] = (work) => {
      if (isFull) throw new Error('database or disk is full');
      return sql.transaction(work);
    };
    world = createReconcileWorld({ sql: { ...sql, transaction } });
    await world.start();
    const id = world.ask();
    isFull = true;
    await world.pass(hour);
    expect(world.lines('a reconciliation can not be given up: it goes on').length).toBeGreaterThan(50);
    isFull = false;
    await world.pass(minute);
    expect(world.reconciler.find(id)!.status).toBe('done');
  });
});

describe('a job list', () => {
  test('that ignores the offset but gives all there is at once is looked at, and the run says so', async () => {
    Object.assign(world.narrative, { totals: false, ignoresOffset: true });
    world.narrative.jobs.length = 2;
    expect(await world.run()).toMatchObject({ status: 'done', detail: expect.stringContaining('ignore "offset"'), taken: 2 });
    expect(world.ended).toMatchObject([{ failure: null }]);
  });

  test('of which every answer is too large ends the run soon, and the next has its turn', async () => {
    world.narrative.jobsFault = failureOf('too-large');
    const [id, next] = [world.ask(), world.ask()];
    await world.pass(40 * second);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'failed', detail: expect.stringContaining('20 jobs in a row') });
    world.narrative.jobsFault = null;
    await world.pass(minute);
    expect(world.reconciler.find(next)).toMatchObject({ status: 'done', taken: 450 });
  });

  test('without a total is read to its end, though its pages are shorter than asked for', async () => {
    world.narrative.totals = false;
    world.narrative.cap = 100;
    expect(await world.run()).toMatchObject({ status: 'done', jobs: 450, jobsInAll: null, taken: 450 });
    expect(world.narrative.asked.at(-1)!.query!.offset).toBe(450);
  });

  test.each([
    ['with a total', true, 100],
    ['with a total that three of them come to', true, 150],
    ['without', false, 200],
  ])('%s whose pages are always the first ends the run, which says so', async (_what, totals, cap) => {
    Object.assign(world.narrative, { totals, cap, ignoresOffset: true });
    expect(await world.run()).toMatchObject({ status: 'failed', detail: expect.stringContaining('ignore "offset"'), taken: cap });
    expect(world.narrative.asked.length).toBeLessThan(10);
  });
});

test('stopping waits for the request under way, and does nothing with its answer', async () => {
  const id = world.ask();
  await world.settle();
  world.narrative.silent = true;
  await world.pass(250);
  let hasStopped = false;
  const stopped = world.reconciler.stop().then(() => (hasStopped = true));
  await world.settle();
  expect(hasStopped).toBe(false);
  // What a request comes to that is ended.
  world.narrative.faults = [failureOf('unreachable')];
  await world.answerAll();
  await stopped;
  expect(world.reconciler.find(id)).toMatchObject({ status: 'running', detail: null });
  expect([world.taken(), world.lines('reconciliation could not go on: tried again in 30 s, nothing of it is lost')]).toEqual([
    [],
    [],
  ]);
  await world.pass(hour);
  expect(world.narrative.asked).toHaveLength(2);
  world.narrative.silent = false;
  await world.restart();
  await world.pass(minute);
  expect(world.reconciler.find(id)!.status).toBe('done');
});
