import { beforeEach, describe, expect, test } from 'vitest';
import { startMs } from '../outbox/examples.ts';
import { createReconcileWorld, day, failureOf, hour, minute, subscriptionOf, type ReconcileWorld } from './reconcile-world.ts';

let world: ReconcileWorld;

beforeEach(async () => {
  world = createReconcileWorld();
  await world.start();
});

const failed = { id: 'a', state: 'failed', created: 70 * minute, updated: hour };

describe('a run', () => {
  test('without apply lists the states that never arrived, and takes nothing', async () => {
    world.narrative.jobs = [failed, { id: 'b', state: 'completed', updated: 2 * hour }];
    await world.webhook(world.narrative.jobs[1]!);
    const run = await world.run({ apply: false });
    expect(run).toMatchObject({ status: 'done', detail: null, jobs: 2, jobsInAll: 2, missing: 1, taken: 0, unreadable: 0 });
    expect(world.reconciler.missed(run.id, 0, 10)).toEqual([
      {
        n: 1,
        jobId: 'a',
        state: 'failed',
        jobType: 'materialize-view',
        datasetId: 'a',
        atMs: startMs - hour,
        subscription: 'production',
        eventId: null,
      },
    ]);
    expect(world.taken()).toEqual([]);
  });

  test('with apply takes them through the rules as webhooks would have been, once, and says so', async () => {
    world.narrative.jobs = [failed];
    const run = await world.run();
    expect(run).toMatchObject({ status: 'done', missing: 1, taken: 1 });
    const [missed] = world.reconciler.missed(run.id, 0, 10);
    expect(missed!.eventId).toMatch(/^evt_/);
    expect(world.sql.query('SELECT outcome, scheme, subscription, idempotency_key, updated_at_us FROM events')).toEqual([
      {
        outcome: 'routed',
        scheme: 'reconcile',
        subscription: 'production',
        idempotency_key: 'reconciled:a:failed:2026-03-02T08:12:05.000000Z',
        updated_at_us: (startMs - hour) * 1000,
      },
    ]);
    expect(world.sql.query('SELECT destination, status FROM deliveries')).toEqual([{ destination: 'chat', status: 'queued' }]);
    expect(world.woken.planned).toBe(1);
    expect(world.lines('took a state that no webhook told of')).toMatchObject([
      { level: 'info', fields: { event_id: missed!.eventId, job_id: 'a', state: 'failed', outcome: 'routed', deliveries: 1 } },
    ]);
    expect(await world.run()).toMatchObject({ missing: 0, taken: 0 });
    expect(world.taken()).toEqual(['a failed']);
  });

  test('keeps the record as Narrative wrote it, every digit, in the form that receivers know', async () => {
    world.narrative.jobs = [failed];
    await world.run();
    const [{ body }] = world.sql.query<{ body: Uint8Array }>('SELECT body FROM events') as [{ body: Uint8Array }];
    const text = new TextDecoder().decode(body);
    expect(text).toContain('"snapshot_id":1724919539450264600');
    expect(JSON.parse(text)).toMatchObject({
      id: 'reconciled:a:failed:2026-03-02T08:12:05.000000Z',
      type: 'job.failed',
      created_at: '2026-03-02T08:12:05.000000Z',
      reconciled: true,
      data: { job_id: 'a', state: 'failed', updated_at: '2026-03-02T08:12:05.000000' },
    });
  });

  test.each([
    ['before the window', 6 * hour + 1, []],
    ['at its first moment', 6 * hour, ['a failed']],
    ['at its last', minute, ['a failed']],
    ['after it', minute - 1, []],
  ])('looks at states that a job came to %s', async (_when, updated, expected) => {
    world.narrative.jobs = [{ id: 'a', state: 'failed', created: 7 * hour, updated }];
    await world.run();
    expect(world.taken()).toEqual(expected);
  });

  test.each([
    ['in time', day + 6 * hour, ['old failed']],
    ['too long ago', day + 6 * hour + 1, []],
  ])('ends behind jobs that were created before its lookback; one from %s', async (_when, created, expected) => {
    const young = Array.from({ length: 199 }, (_, i) => ({ id: `y${i}`, state: 'running', created: hour, updated: 10 * hour }));
    const edge = { id: 'edge', state: 'running', created: Number(created), updated: 10 * hour };
    const old = { id: 'old', state: 'failed', created: Number(created) + 1, updated: hour };
    world.narrative.jobs = [...young, edge, old];
    await world.run();
    expect(world.taken()).toEqual(expected);
  });

  test('goes through pages, no two requests closer than a quarter of a second', async () => {
    world.narrative.jobs = Array.from({ length: 450 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: hour + i }));
    expect(await world.run()).toMatchObject({ status: 'done', jobs: 450, missing: 450, taken: 450 });
    expect(world.narrative.asked.map(({ query }) => query?.offset)).toEqual([undefined, 0, 200, 400]);
    const times = world.narrative.asked.map(({ at }) => at);
    expect(times.slice(1).map((at, i) => at - times[i]! >= 250)).toEqual([true, true, true]);
    expect(new Set(world.taken()).size).toBe(450);
  });

  test('goes on behind a page that is shorter than asked for, where Narrative says that there are more', async () => {
    world.narrative.cap = 100;
    world.narrative.jobs = Array.from({ length: 250 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: hour + i }));
    expect(await world.run()).toMatchObject({ status: 'done', taken: 250 });
  });

  test('misses none and takes none twice while new jobs push the pages back', async () => {
    world.narrative.jobs = Array.from({ length: 500 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: 2 * hour + i }));
    const id = world.ask();
    for (let i = 0; i < 20 && world.reconciler.find(id)!.status === 'running'; i++) {
      world.narrative.jobs.push({ id: `new${i}`, state: 'pending', updated: -i * 250 });
      await world.pass(250);
    }
    expect(world.reconciler.find(id)).toMatchObject({ status: 'done', taken: 500 });
    expect(world.taken()).toHaveLength(500);
    expect(new Set(world.taken()).size).toBe(500);
  });

  test('that only looks notes a state once, though pages repeat it', async () => {
    world.narrative.jobs = Array.from({ length: 300 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: 2 * hour + i }));
    const id = world.ask({ apply: false });
    await world.pass(250);
    world.narrative.jobs.push(...Array.from({ length: 50 }, (_, i) => ({ id: `new${i}`, state: 'failed', updated: -1 })));
    await world.pass(minute);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'done', missing: 300 });
    expect(new Set(world.missed(id)).size).toBe(300);
  });

  test('of a time without jobs is done at once', async () => {
    expect(await world.run()).toMatchObject({ status: 'done', jobs: 0, jobsInAll: 0, missing: 0, finishedMs: startMs + 250 });
  });

  test('waits for its turn, and says for whom', async () => {
    world.narrative.silent = true;
    const first = world.ask();
    const second = world.ask();
    await world.settle();
    expect(world.reconciler.find(second)!.detail).toBe(`Its turn comes when ${first} has ended.`);
    world.narrative.silent = false;
    await world.answerAll();
    await world.pass(minute);
    expect(world.reconciler.list(5).map(({ id, status }) => [id, status])).toEqual([
      [second, 'done'],
      [first, 'done'],
    ]);
  });

  test('that is cancelled takes no more, not even what was on its way, and lets the next one go', async () => {
    world.narrative.jobs = [failed];
    const id = world.ask();
    await world.settle();
    world.narrative.silent = true;
    await world.pass(250);
    expect(world.reconciler.cancel(id)).toMatchObject({ status: 'cancelled', finishedMs: world.now });
    world.narrative.silent = false;
    await world.answerAll();
    await world.pass(minute);
    expect(world.taken()).toEqual([]);
    expect(world.reconciler.cancel(id)).toMatchObject({ status: 'cancelled', taken: 0 });
    expect(world.ended.map(({ status }) => status)).toEqual(['cancelled']);
    expect(await world.run()).toMatchObject({ status: 'done', taken: 1 });
  });

  test('that is cancelled while it waits lets the next one go at once', async () => {
    world.narrative.jobs = [failed];
    world.narrative.faults = [failureOf('rate-limited', { afterMs: hour })];
    const id = world.ask();
    const next = world.ask();
    await world.pass(minute);
    world.reconciler.cancel(id);
    await world.pass(250);
    expect(world.reconciler.find(next)).toMatchObject({ status: 'done', taken: 1 });
  });

  test.each(['', 'rec_', 'evt_0000000000A', 'rec_0000000000A'])('of an id that is none, %j, is not found', (id) => {
    expect([world.reconciler.find(id), world.reconciler.cancel(id), world.reconciler.missed(id, 0, 10)]).toEqual([
      null,
      null,
      [],
    ]);
  });

  test('tells what it missed in pieces', async () => {
    world.narrative.jobs = ['a', 'b', 'c'].map((id, i) => ({ id, state: 'failed', updated: hour + i }));
    const { id } = await world.run();
    expect(world.reconciler.missed(id, 0, 2).map(({ jobId }) => jobId)).toEqual(['a', 'b']);
    expect(world.reconciler.missed(id, 2, 2).map(({ jobId }) => jobId)).toEqual(['c']);
  });
});

describe('what has arrived is not missed', () => {
  const arrived = [
    ['its webhook', {}, {}],
    ['a webhook whose time differs by microseconds', { us: 17 }, {}],
    ['a webhook whose time is later', { updated: hour - 20_000 }, {}],
    ['a webhook that said no time', {}, { undated: true }],
  ] as const;

  test.each(arrived)('by %s', async (_what, job, how) => {
    world.narrative.jobs = [failed];
    await world.webhook({ ...failed, ...job }, how);
    expect(await world.run()).toMatchObject({ missing: 0, taken: 0 });
  });

  test.each(arrived)('and afterwards %s is a repetition', async (_what, job, how) => {
    world.narrative.jobs = [failed];
    const { id } = await world.run();
    const { eventId } = world.reconciler.missed(id, 0, 1)[0]!;
    expect(await world.webhook({ ...failed, ...job }, how)).toEqual({
      kind: 'duplicate',
      eventId,
      of: 'transition',
      conflict: false,
    });
    expect(world.told()).toEqual(['a failed']);
    await world.restart();
    expect(await world.webhook({ ...failed, ...job }, { ...how, key: 'another' })).toMatchObject({ kind: 'duplicate', eventId });
  });

  test('but a state is, of which only another state of the job, or another job, has arrived', async () => {
    world.narrative.jobs = [failed];
    await world.webhook({ ...failed, state: 'running' });
    await world.webhook({ ...failed, id: 'b' });
    await world.webhook({ ...failed, state: 'pending' }, { undated: true });
    expect(await world.run()).toMatchObject({ missing: 1 });
    expect(await world.webhook({ ...failed, state: 'cancelled', updated: minute })).toMatchObject({ kind: 'accepted' });
  });

  test('a run that only looked makes no webhook a repetition', async () => {
    world.narrative.jobs = [failed];
    await world.run({ apply: false });
    expect(await world.webhook(failed)).toMatchObject({ kind: 'accepted' });
  });
});

describe('what was promised', () => {
  const two = [
    subscriptionOf({ id: 'sub-views', filter: { jobIds: null, jobTypes: ['materialize-view'], states: ['failed'] } }),
    subscriptionOf({ id: 'sub-all', filter: { jobIds: null, jobTypes: null, states: ['failed', 'completed'] } }),
  ];
  const jobs = [
    { id: 'a', state: 'failed', updated: hour },
    { id: 'b', state: 'failed', type: 'forecast', updated: hour + 1 },
    { id: 'c', state: 'running', updated: hour + 2 },
  ];

  test('is what the subscriptions ask for, and a state belongs to the first in the rules that does', async () => {
    world.configure('views', 'all');
    world.narrative.subscriptions = two;
    world.narrative.jobs = jobs;
    const { id } = await world.run();
    expect(world.reconciler.missed(id, 0, 9).map(({ jobId, subscription }) => `${jobId} ${subscription}`)).toEqual([
      'a views',
      'b all',
    ]);
    expect(world.sql.query('SELECT subscription FROM events ORDER BY seq')).toEqual([
      { subscription: 'views' },
      { subscription: 'all' },
    ]);
  });

  test('is looked at for one subscription where the request names it', async () => {
    world.configure('views', 'all');
    world.narrative.subscriptions = two;
    world.narrative.jobs = jobs;
    expect(await world.run({ subscription: 'views' })).toMatchObject({ subscription: 'views', taken: 1 });
    expect(world.taken()).toEqual(['a failed']);
  });

  test('begins with the subscription: what happened before was never to be told', async () => {
    world.narrative.subscriptions = [subscriptionOf({ createdAt: new Date(startMs - hour).toISOString() })];
    world.narrative.jobs = [
      { id: 'after', state: 'failed', updated: hour },
      { id: 'before', state: 'failed', updated: hour + 1 },
    ];
    await world.run();
    expect(world.taken()).toEqual(['after failed']);
  });

  test.each([
    ['archived', { status: 'archived' }],
    ['one to app events', { kind: 'app', appId: '8' }],
  ] as const)('is nothing where the only subscription is %s; then no jobs are asked for', async (_what, changes) => {
    world.narrative.subscriptions = [subscriptionOf(changes)];
    world.narrative.jobs = [failed];
    expect(await world.run()).toMatchObject({
      status: 'done',
      missing: 0,
      detail: expect.stringContaining('no active subscription'),
    });
    expect(world.narrative.asked.map(({ call }) => call)).toEqual(['webhooks']);
  });

  test('can not be known where nothing tells which subscription is which: the run fails with what to set', async () => {
    world.forgetIds();
    world.narrative.jobs = [failed];
    expect(await world.run()).toMatchObject({ status: 'failed', detail: expect.stringContaining('RELAY_PUBLIC_URL') });
    expect(world.lines('reconciliation failed')).toMatchObject([{ level: 'warn' }]);
  });

  test('is everything where the request names one that can not be told apart, and the run says so', async () => {
    world.forgetIds();
    world.narrative.jobs = jobs;
    const run = await world.run({ subscription: 'production' });
    expect(run).toMatchObject({
      status: 'done',
      taken: 3,
      detail: expect.stringContaining('Every job counted as one of production'),
    });
  });

  test('is asked for anew by each run, and by one that has taken ten minutes', async () => {
    await world.run();
    await world.run();
    const asked = () => world.narrative.asked.filter(({ call }) => call === 'webhooks').length;
    expect(asked()).toBe(2);
    world.narrative.jobs = Array.from({ length: 450 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: hour + i }));
    const id = world.ask();
    await world.pass(250);
    world.narrative.faults = [failureOf('rate-limited', { afterMs: 11 * minute })];
    await world.pass(15 * minute);
    expect([asked(), world.reconciler.find(id)!.taken]).toEqual([4, 450]);
  });
});

describe('a request', () => {
  const ask = (changes: object) =>
    world.reconciler.request({
      fromMs: startMs - hour,
      untilMs: null,
      lookbackMs: null,
      subscription: null,
      apply: false,
      ...changes,
    });

  test.each([
    [{ untilMs: startMs + 1 }, 'until', 'has not come yet'],
    [{ fromMs: startMs - minute }, 'from', 'younger than a minute'],
    [{ fromMs: startMs - hour, untilMs: startMs - hour }, 'from', 'before the end'],
    [{ fromMs: startMs - 29 * day - 1 }, 'from', 'RELAY_RETENTION_DAYS'],
    [{ fromMs: Number.NaN }, 'from', 'before the end'],
    [{ lookbackMs: -1 }, 'lookback', 'duration'],
    [{ subscription: 'staging' }, 'subscription', 'they have production'],
  ])('with %j is refused, with the field and what to do', (changes, field, detail) => {
    expect(ask(changes)).toEqual({ kind: 'wrong', field, detail: expect.stringContaining(detail) });
    expect(world.reconciler.list(9)).toEqual([]);
  });

  test('without an end looks at all but the last minute', () => {
    expect(ask({ fromMs: startMs - 29 * day })).toMatchObject({
      kind: 'started',
      run: { trigger: 'operator', status: 'running', fromMs: startMs - 29 * day, untilMs: startMs - minute, lookbackMs: day },
    });
  });

  test('without a token comes to nothing, and says what to set', () => {
    world = createReconcileWorld({ token: false, everyMs: hour });
    expect(ask({})).toEqual({ kind: 'off', detail: expect.stringContaining('set NARRATIVE_API_TOKEN') });
  });
});
