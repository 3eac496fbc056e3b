/** A job can come to the same state more than once: what is news, and what is the same again. */
import { beforeEach, describe, expect, test } from 'vitest';
import { startMs } from '../outbox/examples.ts';
import { createReconcileWorld, day, hour, minute, type ReconcileWorld } from './reconcile-world.ts';

let world: ReconcileWorld;

beforeEach(async () => {
  world = createReconcileWorld();
  await world.start();
});

const failed = { id: 'a', state: 'failed', created: 70 * minute, updated: hour };

describe('a job that Narrative starts anew under its id', () => {
  const lateAgain = { ...failed, updated: 10 * minute, ended: 10 * minute };
  const first = { ...failed, ended: hour };

  test('and that fails again is missing again, whichever way its first failure came', async () => {
    world.narrative.jobs = [first];
    await world.webhook(first);
    world.narrative.jobs = [lateAgain];
    expect(await world.run()).toMatchObject({ missing: 1, taken: 1 });
    world.narrative.jobs = [{ ...lateAgain, updated: 5 * minute, ended: 5 * minute }];
    expect(await world.run()).toMatchObject({ missing: 1, taken: 1 });
    expect(await world.run()).toMatchObject({ missing: 0 });
    expect(world.told()).toEqual(['a failed', 'a failed', 'a failed']);
  });

  test('has its second failure told by its webhook after a run took the first', async () => {
    world.narrative.jobs = [first];
    await world.run();
    expect(await world.webhook(first)).toMatchObject({ kind: 'duplicate' });
    expect(await world.webhook(lateAgain, { key: 'second' })).toMatchObject({ kind: 'accepted' });
    world.narrative.jobs = [lateAgain];
    expect(await world.run()).toMatchObject({ missing: 0 });
  });

  test.each([
    ['a minute before', hour + minute, 0],
    ['more than a minute before', hour + minute + 1, 1],
    ['after', hour - 10 * minute, 0],
  ])('has failed once where a failure was heard of %s its end', async (_when, heardOf, missing) => {
    world.narrative.jobs = [first];
    await world.webhook({ ...first, updated: heardOf });
    expect(await world.run()).toMatchObject({ missing });
  });

  test.each([
    ['the same end, touched an hour later', hour, 0, 'duplicate'],
    ['the same end, and an earlier change', hour, hour + minute, 'duplicate'],
    ['an end a minute later', hour - minute, hour - minute, 'duplicate'],
    ['an end more than a minute later', hour - minute - 1, hour - minute - 1, 'accepted'],
  ])('has its failure that a run took repeated by a webhook or not: one that says %s', async (_what, ended, updated, kind) => {
    world.narrative.jobs = [{ ...first, updated: hour - 5 * minute }];
    await world.run();
    expect(await world.webhook({ ...first, ended, updated })).toMatchObject({ kind });
  });

  test('is told apart by its ends alone, where its records say no other time', async () => {
    world.narrative.jobs = [{ ...first, updated: null }];
    expect(await world.run()).toMatchObject({ taken: 1 });
    world.narrative.jobs = [{ ...lateAgain, updated: null }];
    expect(await world.run()).toMatchObject({ taken: 1 });
    expect(await world.run()).toMatchObject({ missing: 0 });
  });

  test('is noted twice by a run that sees both of its failures', async () => {
    world.narrative.jobs = [first, ...Array.from({ length: 250 }, (_, i) => ({ id: `j${i}`, state: 'pending', updated: i }))];
    world.narrative.jobs[0] = { ...first, created: 0 };
    const id = world.ask();
    await world.pass(250);
    expect(world.taken()).toEqual(['a failed']);
    world.narrative.jobs[0] = { ...lateAgain, created: day };
    await world.pass(minute);
    expect(world.missed(id).filter((name) => name.startsWith('a '))).toEqual(['a failed', 'a failed']);
    expect(world.reconciler.find(id)).toMatchObject({ taken: world.taken().length, missing: world.missed(id).length });
  });

  test('runs once as far as anybody can tell: the time of a state that goes on moves with it', async () => {
    const running = { ...failed, state: 'running' };
    await world.webhook({ ...running, updated: hour + 5 * minute });
    world.narrative.jobs = [running];
    expect(await world.run()).toMatchObject({ missing: 0 });
    world.narrative.jobs = [{ ...running, id: 'b' }];
    expect(await world.run()).toMatchObject({ taken: 1 });
    world.narrative.jobs = [{ ...running, id: 'b', updated: 2 * minute }];
    expect(await world.run()).toMatchObject({ missing: 0 });
    expect(await world.webhook({ ...running, id: 'b', updated: 65 * minute })).toMatchObject({ kind: 'duplicate' });
    expect(await world.webhook({ ...running, id: 'b', updated: minute }, { key: 'anew' })).toMatchObject({ kind: 'accepted' });
  });
});

describe('of a job that has ended', () => {
  test.each([
    ['in the window, though it was touched after it', { ended: hour, updated: 0 }, 1],
    ['before the window, though it was touched in it', { ended: 7 * hour, updated: hour }, 0],
  ])('the end counts: %s', async (_what, times, missing) => {
    world.narrative.jobs = [{ id: 'a', state: 'failed', created: 8 * hour, ...times }];
    expect(await world.run()).toMatchObject({ missing });
  });

  test.each([
    ['a webhook told of it', true],
    ['a run took it', false],
  ])('without saying when, the failure is told once however often it is touched: %s', async (_how, byWebhook) => {
    const touched = (updated: number) => ({ id: 'a', state: 'failed', created: 5 * hour, updated });
    world.narrative.jobs = [touched(4 * hour)];
    if (byWebhook) await world.webhook(touched(4 * hour));
    else await world.run();
    for (const ago of [3 * hour, 2 * hour, hour]) {
      world.narrative.jobs = [touched(ago)];
      await world.run();
    }
    if (!byWebhook) expect(await world.webhook(touched(30 * minute))).toMatchObject({ kind: 'duplicate' });
    expect(world.told()).toEqual(['a failed']);
  });

  test('without saying when, a later failure is told by its webhook if it says that the job was started anew', async () => {
    world.narrative.jobs = [failed];
    await world.run();
    const again = { ...failed, updated: 10 * minute, dequeued: 20 * minute };
    expect(await world.webhook(again, { key: 'second' })).toMatchObject({ kind: 'accepted' });
  });

  test('the end counts of what was taken, and is what a receiver is told', async () => {
    const touched = { ...failed, ended: hour, updated: minute };
    world.narrative.jobs = [touched];
    const { id } = await world.run();
    expect(world.reconciler.missed(id, 0, 1)).toMatchObject([{ atMs: startMs - hour }]);
    const [{ idempotency_key }] = world.sql.query<{ idempotency_key: string }>('SELECT idempotency_key FROM events') as [
      { idempotency_key: string },
    ];
    expect(idempotency_key).toBe('reconciled:a:failed:2026-03-02T08:12:05.000000Z');
    expect(await world.webhook({ ...failed, ended: hour })).toMatchObject({ kind: 'duplicate' });
  });
});
