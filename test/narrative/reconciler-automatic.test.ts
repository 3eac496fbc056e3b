import { describe, expect, test } from 'vitest';
import { startMs } from '../outbox/examples.ts';
import { createReconcileWorld, day, failureOf, hour, minute, runsOf, second } from './reconcile-world.ts';

const failed = (id: string, atMinute: number) => ({ id, state: 'failed', updated: -atMinute * minute });

describe('automatic runs', () => {
  test.each([
    ['without a token', { token: false, everyMs: hour }],
    ['where they are off', { everyMs: null }],
  ])('are not made %s, nor at start', async (_why, options) => {
    const world = createReconcileWorld(options);
    await world.start();
    await world.pass(day);
    await world.restart(day);
    expect([world.reconciler.list(9), world.narrative.asked]).toEqual([[], []]);
  });

  test('leave alone what was before the first start ever, and find what is lost after it', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    world.narrative.jobs = [failed('before', -1), failed('after', 1)];
    await world.start();
    await world.pass(hour + minute);
    expect(runsOf(world)).toEqual(['schedule done 0…59']);
    expect(world.taken()).toEqual(['after failed']);
  });

  test('leave it alone where a window would overlap it', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    world.narrative.jobs = [failed('before', -1)];
    await world.start();
    await world.restart(2 * minute);
    await world.pass(minute);
    await world.restart();
    await world.pass(minute);
    expect(runsOf(world)).toEqual(['start done 0…1', 'start done 0…2']);
    expect(world.taken()).toEqual([]);
  });

  test('begin with the last webhook, where the store has any', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.webhook(failed('heard', -1));
    world.narrative.jobs = [failed('heard', -1), failed('before', -1), failed('after', 1)];
    await world.restart(3 * hour);
    await world.pass(minute);
    expect(runsOf(world)).toEqual(['start done 0…179']);
    expect(world.taken()).toEqual(['after failed']);
  });

  test('are made at start and every so often after the beginning of the last; windows overlap', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    await world.pass(hour + 10 * second);
    await world.restart(20 * minute);
    await world.pass(hour + 3 * minute);
    expect(runsOf(world).map((line) => line.replace(/\.\d+/g, ''))).toEqual([
      'schedule done 0…59',
      'start done 54…79',
      'schedule done 74…80',
      'schedule done 75…140',
    ]);
  });

  test('look again soon after a start: what was lost in the minute before it was too young to be looked for', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    await world.pass(hour + minute);
    world.narrative.jobs = [failed('just-before', 80.5)];
    await world.restart(20 * minute);
    expect(world.taken()).toEqual([]);
    await world.pass(2 * minute);
    expect(world.taken()).toEqual(['just-before failed']);
    await world.pass(30 * minute);
    expect(world.reconciler.list(9).map(({ trigger }) => trigger)).toEqual(['schedule', 'start', 'schedule']);
  });

  test('find exactly what was lost while the relay was down, however often it is restarted', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    await world.pass(2 * hour);
    await world.webhook(failed('heard', 119));
    world.narrative.jobs = [failed('heard', 119), failed('lost', 150), { ...failed('long', 200), created: 2 * hour }];
    await world.restart(3 * hour);
    await world.pass(minute);
    await world.restart();
    await world.pass(minute);
    await world.pass(3 * hour);
    expect(world.taken().toSorted()).toEqual(['long failed', 'lost failed']);
  });

  test('see a state that shows in the list some minutes late', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    await world.pass(hour + minute);
    world.narrative.jobs = [failed('slow', 56)];
    await world.pass(hour);
    expect(world.taken()).toEqual(['slow failed']);
  });

  test('that fail are made again at the next time, from where the last good one ended; the same reason warns once', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    await world.pass(hour + minute);
    world.narrative.jobs = [failed('lost', 65)];
    world.narrative.faults = [failureOf('refused'), failureOf('refused'), failureOf('unauthorized')];
    await world.pass(4 * hour);
    expect(runsOf(world)).toEqual([
      'schedule done 0…59',
      'schedule failed 54…119',
      'schedule failed 54…179',
      'schedule failed 54…239',
      'schedule done 54…299',
    ]);
    expect(world.taken()).toEqual(['lost failed']);
    expect(world.lines('reconciliation failed').map(({ level }) => level)).toEqual(['warn', 'info', 'warn']);
    world.narrative.faults = [failureOf('unauthorized')];
    await world.pass(hour);
    expect(world.lines('reconciliation failed').map(({ level }) => level)).toEqual(['warn', 'info', 'warn', 'warn']);
  });

  test('that a restart finds unfinished go on, before the one that the start makes', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    world.narrative.jobs = Array.from({ length: 450 }, (_, i) => failed(`j${i}`, 1 + i / 100));
    await world.start();
    await world.pass(hour + 250);
    expect(runsOf(world)).toEqual(['schedule running 0…59']);
    await world.restart(3 * hour);
    await world.pass(minute);
    expect(runsOf(world).map((line) => line.replace(/\.\d+/g, ''))).toEqual(['schedule done 0…59', 'start done 54…239']);
    expect(world.taken()).toHaveLength(450);
  });

  test('go no further back than the retention less a day: what was known of earlier states is forgotten', async () => {
    const world = createReconcileWorld({ everyMs: hour, retentionMs: 3 * day });
    await world.start();
    await world.restart(10 * day);
    await world.pass(minute);
    expect(runsOf(world)).toEqual([`start done ${8 * 24 * 60}…${10 * 24 * 60 - 1}`]);
  });

  test('still have half of it where all is forgotten after a day', async () => {
    const world = createReconcileWorld({ everyMs: hour, retentionMs: day });
    await world.start();
    await world.restart(10 * day);
    await world.pass(minute);
    expect(runsOf(world)).toEqual([`start done ${9.5 * 24 * 60}…${10 * 24 * 60 - 1}`]);
  });

  test.each([
    ['a day, and is set back while it runs', day, false],
    ['more than all that is kept, and is set back while it runs', 40 * day, false],
    ['a day, and is set back while it is down', day, true],
  ])('leave no time out after a clock that was ahead by %s', async (_what, ms, whileDown) => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    world.turnClock(ms);
    await world.pass(hour + minute);
    world.narrative.jobs = [failed('while ahead', 61)];
    await world.pass(10 * minute);
    world.turnClock(-ms);
    if (whileDown) await world.restart();
    await world.pass(2 * hour);
    expect(world.taken()).toEqual(['while ahead failed']);
    expect(world.reconciler.list(1)[0]!.untilMs).toBeLessThan(world.now);
  });

  test('are made after a first start ever at which the clock was ahead', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    world.turnClock(day);
    await world.start();
    world.turnClock(-day);
    await world.pass(minute);
    world.narrative.jobs = [failed('lost', 5)];
    await world.restart();
    await world.pass(3 * hour);
    expect(world.taken()).toEqual(['lost failed']);
  });

  test('do not wait for a time that the clock was set back from', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    world.turnClock(day);
    world.narrative.faults = [failureOf('rate-limited', { afterMs: 10 * minute })];
    await world.pass(hour + minute);
    world.turnClock(-day);
    await world.pass(20 * minute);
    expect(world.reconciler.list(1)).toMatchObject([{ status: 'done' }]);
  });

  test('that failed of the rules are made anew with others', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    world.forgetIds();
    await world.start();
    await world.pass(hour + minute);
    expect(runsOf(world)).toEqual(['schedule failed 0…59']);
    world.configure('production');
    await world.pass(second);
    expect(runsOf(world)).toEqual(['schedule failed 0…59', 'schedule done 0…60']);
    world.configure('production');
    await world.pass(second);
    expect(runsOf(world)).toHaveLength(2);
  });

  test('say when one last got to its end', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    expect(world.reconciler.lastSuccessAt()).toBeNull();
    await world.pass(hour + minute);
    const at = world.reconciler.lastSuccessAt();
    expect(at).toBe(startMs + hour + 250);
    world.narrative.faults = [failureOf('unauthorized')];
    await world.run();
    await world.run();
    expect(world.reconciler.lastSuccessAt()).toBe(at);
  });
});

describe('what is past its retention', () => {
  test('is forgotten in steps, but for the last automatic run that got to its end', async () => {
    const world = createReconcileWorld({ everyMs: hour });
    await world.start();
    await world.pass(2 * hour + minute);
    world.narrative.jobs = Array.from({ length: 30 }, (_, i) => failed(`j${i}`, 60 + i));
    await world.run({ apply: false, fromMs: startMs });
    const forget = (before: number) => world.sql.transaction(() => world.reconciler.forget(before, 20));
    expect(forget(startMs + hour)).toBe(0);
    let steps = 0;
    while (forget(startMs + day) > 0) steps += 1;
    expect(steps).toBe(3);
    expect(runsOf(world)).toEqual(['schedule done 54…119']);
    expect(world.sql.query('SELECT * FROM missed')).toEqual([]);
  });
});
