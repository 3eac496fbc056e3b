/** States have their time by Narrative's clock, windows by ours: what is lost is found though the two differ. */
import { describe, expect, test } from 'vitest';
import { createReconcileWorld, day, hour, minute, runsOf, second } from './reconcile-world.ts';

/** By Narrative's clock, minutes since the world began. */
const failed = (id: string, atMinute: number) => ({ id, state: 'failed', updated: -atMinute * minute });

/** A world whose clock is ahead of Narrative's. */
function worldAhead(aheadMs: number) {
  const world = createReconcileWorld({ everyMs: hour });
  world.narrative.clockAheadMs = -aheadMs;
  return world;
}

describe('a clock that is ahead', () => {
  test('makes windows that end in the present of Narrative, and begin with the start by its clock', async () => {
    const world = worldAhead(hour);
    world.narrative.jobs = [failed('before', -61), failed('first', -59), failed('second', 10), failed('young', 59.5)];
    await world.start();
    await world.pass(hour);
    await world.pass(second);
    expect(world.taken()).toEqual(['first failed']);
    await world.pass(hour);
    expect(world.taken()).toEqual(['first failed', 'second failed']);
    await world.pass(hour);
    expect(world.taken()).toEqual(['first failed', 'second failed', 'young failed']);
    expect(runsOf(world)).toEqual(['schedule done -60…-1', 'schedule done -6…59', 'schedule done 54…119']);
  });

  test('leaves no time out when it is set right, before as much time has passed', async () => {
    const world = worldAhead(hour);
    world.narrative.jobs = [failed('first', -50), failed('between', 15)];
    await world.start();
    await world.pass(90 * minute);
    world.turnClock(-hour);
    world.narrative.clockAheadMs = 0;
    await world.pass(2 * hour);
    expect(world.taken()).toEqual(['first failed', 'between failed']);
  });

  test('and was right before leaves no time out, neither when it is set right', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    world.narrative.jobs = [failed('while right', 50), failed('while ahead', 70), failed('right again', 150)];
    await world.start();
    await world.pass(hour + minute);
    world.turnClock(2 * hour);
    world.narrative.clockAheadMs = -2 * hour;
    await world.pass(hour);
    world.turnClock(-2 * hour);
    world.narrative.clockAheadMs = 0;
    await world.pass(2 * hour);
    expect(world.taken()).toEqual(['while right failed', 'while ahead failed', 'right again failed']);
  });

  test('is reckoned with once, though a restart comes in between', async () => {
    const world = worldAhead(hour);
    world.narrative.jobs = Array.from({ length: 450 }, (_, i) => failed(`j${i}`, -50 + i / 100));
    await world.start();
    await world.pass(hour + 250);
    await world.restart(minute);
    await world.pass(minute);
    expect(runsOf(world)[0]).toBe('schedule done -60…-1');
    expect(world.taken()).toHaveLength(450);
  });

  test('by more than an hour is reckoned with for an hour: what was before may be from before the relay was there', async () => {
    const world = worldAhead(2 * hour);
    world.narrative.jobs = [failed('before', -61), failed('first', -59)];
    await world.start();
    await world.pass(5 * hour);
    expect(world.taken()).toEqual(['first failed']);
  });

  test('only by one wrong date of an answer has nothing told from before the relay was there', async () => {
    const world = worldAhead(10 * day);
    world.narrative.jobs = [failed('days before', -5 * 24 * 60), failed('hours before', -65), failed('first', 10)];
    await world.start();
    await world.pass(hour + second);
    world.narrative.clockAheadMs = 0;
    await world.pass(5 * hour);
    expect(world.taken()).toEqual(['first failed']);
  });

  test('is told once in the log, and by each run', async () => {
    const world = worldAhead(2 * hour);
    await world.start();
    await world.pass(3 * hour + minute);
    const words = "this machine's clock is 2 h ahead of Narrative's: set it by NTP";
    expect(world.lines(words)).toMatchObject([{ level: 'warn', fields: { clock_ahead_s: 7_200 } }]);
    expect(world.reconciler.list(1)).toMatchObject([{ status: 'done', detail: expect.stringContaining(words) }]);
    const asked = await world.run();
    expect(asked.detail).toContain(words);
    world.narrative.clockAheadMs = 0;
    await world.pass(hour);
    expect(world.reconciler.list(1)).toMatchObject([{ status: 'done', detail: null }]);
  });

  test('leaves the window alone that an operator asks for', async () => {
    const world = worldAhead(2 * hour);
    await world.start();
    const asked = { fromMs: world.now - 3 * hour, untilMs: world.now };
    expect(await world.run(asked)).toMatchObject(asked);
  });
});

test.each([-60 * second, 0, 60 * second])('a difference of %i ms is none: windows overlap by more', async (aheadMs) => {
  const world = worldAhead(aheadMs);
  await world.start();
  await world.pass(hour + minute);
  expect(runsOf(world)).toEqual(['schedule done 0…59']);
  expect([world.reconciler.list(1)[0]!.detail, world.logged.filter(({ level }) => level === 'warn')]).toEqual([null, []]);
});

test('a clock that is behind finds everything too, so much later, and says so', async () => {
  const world = worldAhead(-2 * hour);
  world.narrative.jobs = [failed('first', 121), failed('second', 179), failed('third', 200)];
  await world.start();
  await world.pass(2 * hour + minute);
  expect(world.taken()).toEqual([]);
  expect(world.reconciler.list(1)[0]!.detail).toContain("this machine's clock is 2 h behind Narrative's");
  await world.pass(3 * hour);
  expect(world.taken().toSorted()).toEqual(['first failed', 'second failed', 'third failed']);
});
