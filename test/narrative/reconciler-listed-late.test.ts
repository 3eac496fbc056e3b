/** An end that shows in Narrative's job list long after it: which of the automatic runs looks for it, and which end is old news. */
import { beforeEach, expect, test } from 'vitest';
import { startMs } from '../outbox/examples.ts';
import { createReconcileWorld, hour, minute, type JobSketch, type ReconcileWorld } from './reconcile-world.ts';

let world: ReconcileWorld;

beforeEach(async () => {
  world = createReconcileWorld({ everyMs: hour });
  await world.start();
  // What is listed below, two runs have been too early for.
  await world.pass(2 * hour + 2 * minute);
});

/** Minutes since the world began. */
const failedAt = (ended: number, updated: number): JobSketch => ({
  id: 'a',
  state: 'failed',
  created: 10 * minute,
  ended: -ended * minute,
  updated: -updated * minute,
});

test('it is found by the run in whose window it was listed, once', async () => {
  world.narrative.jobs = [failedAt(20, 150)];
  await world.pass(3 * hour);
  expect(world.taken()).toEqual(['a failed']);
});

test('it is told once where its webhook came in time, or comes after all', async () => {
  const late = { ...failedAt(20, 150), id: 'b' };
  await world.webhook(failedAt(20, 20));
  world.narrative.jobs = [failedAt(20, 150), late];
  await world.pass(3 * hour);
  expect(world.taken()).toEqual(['b failed']);
  expect(await world.webhook({ ...late, updated: -20 * minute })).toMatchObject({ kind: 'duplicate' });
});

test('it is told once, however often it is touched', async () => {
  for (const updated of [150, 210, 270]) {
    world.narrative.jobs = [failedAt(20, updated)];
    await world.pass(hour);
  }
  expect(world.taken()).toEqual(['a failed']);
});

test('it is old news where it was before the first start ever, whenever it is touched', async () => {
  world.narrative.jobs = [failedAt(-1, 150)];
  await world.pass(3 * hour);
  expect(world.taken()).toEqual([]);
});

test('a run that an operator asks for looks for the ends of the time that was named, and no others', async () => {
  world.narrative.jobs = [failedAt(20, 110)];
  expect(await world.run({ fromMs: startMs + 21 * minute })).toMatchObject({ missing: 0 });
  expect(await world.run({ fromMs: startMs + 20 * minute })).toMatchObject({ missing: 1 });
});
