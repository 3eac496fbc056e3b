/** Processes that are killed, and clocks that are set: nothing is told too early, twice or hours late. */
import { describe, expect, test } from 'vitest';
import { createIncidentWorld, hour, minute, rule } from './world.ts';

describe('a process that is killed', () => {
  test('goes on where it was: what is held, counted and told is in the store', async () => {
    const world = createIncidentWorld([rule({ holdMs: 5 * minute, repeatMs: hour, recover: true, to: ['pager'] })]);
    for (const wait of [2, 4, 10, 60, 10]) {
      await world.fails();
      await world.restart();
      await world.pass(wait * minute);
      await world.restart();
    }
    await world.completes();
    expect(world.told()).toEqual(['5m #2 r → pager open', '65m #4 r → pager remind', '86m #6 r → pager recover']);
  });

  test('tells late, and once, what became due while it was down', async () => {
    const world = createIncidentWorld([rule({ holdMs: 5 * minute, repeatMs: hour, to: ['pager'] })]);
    await world.fails();
    await world.restart(3 * hour);
    await world.pass(hour);
    await world.restart();
    await world.pass(hour);
    expect(world.told()).toEqual(['180m #1 r → pager open']);
  });

  test('does not tell what completes before it is back and is heard of right after', async () => {
    const world = createIncidentWorld([rule({ holdMs: hour, to: ['pager'] })]);
    await world.fails();
    await world.restart(59 * minute);
    await world.completes();
    await world.pass(hour);
    expect(world.told()).toEqual([]);
  });

  test('right after the commit of an event still does all that was to follow', async () => {
    const world = createIncidentWorld([rule({ holdMs: 5 * minute, recover: true, to: ['pager'] }), rule({ name: 'each' })]);
    await world.killedAfter({ state: 'failed' });
    expect(world.told()).toEqual(['0m #1 each → chat message']);
    await world.pass(5 * minute);
    await world.killedAfter({ state: 'completed' });
    expect(world.told().slice(1)).toEqual(['5m #1 r → pager open', '5m #2 r → pager recover']);
  });

  test('while a message is on its way sends it again, and reminds in its time', async () => {
    const world = createIncidentWorld([rule({ repeatMs: hour, to: ['pager'] })]);
    world.hold('pager');
    await world.fails();
    expect(world.told()).toEqual(['0m #1 r → pager open (sending)']);
    world.letGo('pager');
    await world.restart(minute);
    expect(world.sent.map(({ outgoing }) => [outgoing.attempt, outgoing.incident!.act])).toEqual([
      [1, 'open'],
      [2, 'open'],
    ]);
    await world.fails();
    await world.pass(2 * hour);
    expect(world.told().slice(1)).toEqual(['60m #2 r → pager remind']);
  });

  test('brings what stands in the channel up to date all the same', async () => {
    const world = createIncidentWorld([rule({ repeatMs: hour })]);
    await world.fails();
    await world.pass(1_000);
    await world.fails();
    await world.restart(10 * minute);
    expect(world.told()).toEqual(['0m #1 r → chat open', `${601 / 60}m #2 r → chat count`]);
  });
});

describe('a store that refuses', () => {
  test('delays what is due, and nothing of it is lost or told twice', async () => {
    const world = createIncidentWorld([rule({ holdMs: 5 * minute, to: ['pager'] })]);
    await world.fails();
    await world.pass(4 * minute);
    world.store.break();
    await world.pass(2 * minute);
    world.store.mend();
    await world.pass(30_000);
    expect(world.told()).toEqual(['6.5m #1 r → pager open']);
    expect(world.failures.some((line) => line.startsWith('work whose time has come failed'))).toBe(true);
  });

  test.each([1, 3, 5, 7, 9])('after %i statements leaves an alert as it was', async (statements) => {
    const world = createIncidentWorld([rule({ holdMs: 5 * minute, to: ['pager', 'chat'] })], { sends: false });
    await world.fails();
    await world.pass(5 * minute - 1);
    world.store.break(statements);
    await world.pass(1);
    world.store.mend();
    expect(world.told()).toEqual([]);
    await world.pass(minute);
    expect(world.told()).toHaveLength(2);
  });
});

describe('a clock that is set back', () => {
  test('during a hold: it is over when its time has passed, neither before nor hours later', async () => {
    const world = createIncidentWorld([rule({ holdMs: 10 * minute, to: ['pager'] })]);
    await world.fails();
    await world.pass(4 * minute);
    world.turnClock(-3 * hour);
    await world.pass(5 * minute);
    expect(world.told()).toEqual([]);
    await world.pass(12 * minute);
    expect(world.sent).toHaveLength(1);
  });

  test('during a hold, with a restart', async () => {
    const world = createIncidentWorld([rule({ holdMs: 10 * minute, to: ['pager'] })]);
    await world.fails();
    world.turnClock(-3 * hour);
    await world.restart();
    await world.pass(10 * minute - 1);
    expect(world.sent).toHaveLength(0);
    await world.pass(1);
    expect(world.sent).toHaveLength(1);
  });

  test('during a hold, with events that come: they do not begin it anew', async () => {
    const world = createIncidentWorld([rule({ holdMs: 10 * minute, to: ['pager'] })]);
    await world.fails();
    await world.pass(minute);
    world.turnClock(-3 * hour);
    for (let i = 0; i < 20; i++) {
      await world.fails('a', { ago: -3 * hour });
      await world.pass(minute);
    }
    expect(world.sent.length).toBeGreaterThan(0);
    expect(world.sent[0]!.outgoing.incident).toMatchObject({ act: 'open' });
  });

  test('while it repeats: the reminder comes, whether or not it keeps failing', async () => {
    for (const everyMinutes of [1, 7, 30]) {
      const world = createIncidentWorld([rule({ repeatMs: hour, to: ['pager'] })]);
      await world.fails();
      await world.pass(10 * minute);
      world.turnClock(-5 * hour);
      let passed = 0;
      for (; world.sent.length < 2 && passed < 300; passed += everyMinutes) {
        await world.fails();
        await world.pass(everyMinutes * minute);
      }
      expect(passed, `failing every ${everyMinutes} min`).toBeGreaterThanOrEqual(50);
      expect(passed, `failing every ${everyMinutes} min`).toBeLessThanOrEqual(60 + everyMinutes);
    }
  });

  test('while a reminder is to come: it comes within twice its time', async () => {
    const world = createIncidentWorld([rule({ repeatMs: hour, to: ['pager'] })]);
    await world.fails();
    await world.pass(10 * minute);
    await world.fails();
    world.turnClock(-5 * hour);
    await world.pass(50 * minute - 1);
    expect(world.sent).toHaveLength(1);
    await world.pass(hour);
    expect(world.sent).toHaveLength(2);
  });

  test('and ahead: what is due then comes at once', async () => {
    const world = createIncidentWorld([rule({ holdMs: hour, to: ['pager'] })]);
    await world.fails();
    world.turnClock(2 * hour);
    await world.fails('b');
    expect(world.told()).toEqual(['120m #1 r → pager open']);
  });
});
