/** Whose turn it is: the runs that nobody asks for must not wait for all that operators ask for. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createReconcileWorld, failureOf, hour, minute, second, type ReconcileWorld } from './reconcile-world.ts';

let world: ReconcileWorld;

beforeEach(async () => {
  world = createReconcileWorld({ everyMs: hour });
  world.narrative.jobs = Array.from({ length: 450 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: hour + i }));
  await world.start();
});

const statuses = () => world.reconciler.list(20).map(({ trigger, status }) => `${trigger} ${status}`);
const ask = () =>
  world.reconciler.request({ fromMs: world.now - 6 * hour, untilMs: null, lookbackMs: null, subscription: null, apply: false });

test('an automatic run that is due goes before those of operators, also one that is under way or waits, which then goes on', async () => {
  await world.pass(hour - 250);
  const id = world.ask({ apply: false });
  await world.settle();
  world.narrative.silent = true;
  world.ask();
  await world.pass(250);
  world.narrative.silent = false;
  expect(world.reconciler.find(id)).toMatchObject({ status: 'running', jobs: 0 });
  await world.answerAll();
  world.narrative.faults = [failureOf('rate-limited', { afterMs: 10 * minute })];
  await world.pass(minute);
  expect(statuses()).toEqual(['schedule running', 'operator running', 'operator running']);
  expect(world.reconciler.find(id)!.detail).toMatch(/^Its turn comes when rec_\w+ has ended\.$/);
  await world.pass(10 * minute);
  expect(statuses()).toEqual(['schedule done', 'operator done', 'operator done']);
  expect(world.reconciler.find(id)).toMatchObject({ jobs: 450, missing: 450 });
});

test('an automatic run comes in time though one of an operator waits for longer', async () => {
  await world.pass(hour - minute);
  world.narrative.faults = [failureOf('rate-limited', { afterMs: 3 * hour })];
  const id = world.ask();
  await world.pass(2 * minute);
  expect(statuses()).toEqual(['schedule done', 'operator running']);
  expect(world.reconciler.find(id)!.detail).toMatch(/^Asks again at /);
  await world.pass(3 * hour);
  expect(world.reconciler.find(id)).toMatchObject({ status: 'done', taken: 450 });
});

test('more than ten runs of operators are not kept waiting: the next is refused until one has ended', async () => {
  world.narrative.silent = true;
  for (let i = 0; i < 10; i++) expect(ask().kind).toBe('started');
  expect(ask()).toEqual({ kind: 'busy', detail: '10 runs are waiting: ask again when they have ended, or cancel some.' });
  world.reconciler.cancel(world.reconciler.list(1)[0]!.id);
  expect([ask().kind, ask().kind]).toEqual(['started', 'busy']);
  world.narrative.silent = false;
  await world.settle();
  await world.answerAll();
  await world.pass(20 * second);
  expect(statuses().filter((status) => status === 'operator done')).toHaveLength(10);
  expect(ask().kind).toBe('started');
});

describe('while automatic runs take longer than the time between them', () => {
  let id: string;

  beforeEach(async () => {
    await world.pass(hour - minute);
    world.narrative.faults = [failureOf('rate-limited', { afterMs: 2 * hour })];
    await world.pass(2 * minute);
    id = world.ask();
    await world.pass(2 * hour - minute - second);
  });

  test('one of an operator has its turn between two of them', async () => {
    expect(statuses()).toEqual(['operator running', 'schedule running']);
    await world.pass(minute);
    expect(statuses()).toEqual(['schedule done', 'operator done', 'schedule done']);
    const [next, asked] = world.reconciler.list(2);
    expect(asked).toMatchObject({ id, jobs: 450 });
    expect(next!.startedMs).toBeGreaterThanOrEqual(asked!.finishedMs!);
  });

  test('the next comes in that time though the one of an operator waits for longer', async () => {
    // Of the automatic run: its subscriptions and three pages.
    await world.pass(second + 750);
    world.narrative.faults = [failureOf('rate-limited', { afterMs: 3 * hour })];
    await world.pass(hour - minute);
    expect(statuses()).toEqual(['operator running', 'schedule done']);
    await world.pass(2 * minute);
    expect(statuses()).toEqual(['schedule done', 'operator running', 'schedule done']);
  });
});

test('the clock being set back makes no automatic run wait longer for one of an operator', async () => {
  await world.pass(hour + minute);
  const waits = failureOf('rate-limited', { afterMs: 3 * hour });
  world.narrative.faults = [waits, waits];
  world.ask();
  await world.pass(minute);
  world.turnClock(-3 * hour);
  // It is noticed when the next run is due by the clock as it was.
  await world.pass(2 * hour + 2 * minute);
  expect(statuses()).toEqual(['schedule done', 'operator running', 'schedule done']);
});
