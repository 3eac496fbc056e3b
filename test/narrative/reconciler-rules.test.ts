/** What was promised changes: subscriptions are made anew, and rules are corrected. */
import { beforeEach, describe, expect, test } from 'vitest';
import { startMs } from '../outbox/examples.ts';
import {
  createReconcileWorld,
  failureOf,
  hour,
  minute,
  runsOf,
  second,
  subscriptionOf,
  type ReconcileWorld,
} from './reconcile-world.ts';

const at = (agoMs: number) => new Date(startMs - agoMs).toISOString();

describe('a subscription that was archived', () => {
  const archived = { id: 'old', status: 'archived' };
  const anew = subscriptionOf({ createdAt: at(hour) });
  const jobs = [
    { id: 'anew', state: 'failed', updated: 30 * minute },
    { id: 'between', state: 'failed', updated: 90 * minute },
    { id: 'old', state: 'failed', updated: 3 * hour },
    { id: 'older', state: 'failed', updated: 5 * hour },
  ];

  test.each([
    ['until then', { createdAt: at(4 * hour), updatedAt: at(2 * hour) }, [anew], ['anew', 'old']],
    ['until the next was made, where its end is not told', { createdAt: at(4 * hour) }, [anew], ['anew', 'between', 'old']],
    ['of nothing, where nothing tells its end', { createdAt: at(30 * minute) }, [anew], ['anew']],
  ])('had the promise %s', async (_what, changes, others, expected) => {
    const world = createReconcileWorld();
    await world.start();
    world.narrative.subscriptions = [...others, subscriptionOf({ ...archived, ...changes })];
    world.narrative.jobs = jobs;
    await world.run();
    expect(world.taken()).toEqual(expected.map((id) => `${id} failed`));
  });

  test('had it also where there is no other now', async () => {
    const world = createReconcileWorld();
    await world.start();
    world.narrative.subscriptions = [subscriptionOf({ status: 'archived', createdAt: at(4 * hour), updatedAt: at(2 * hour) })];
    world.narrative.jobs = jobs;
    await world.run();
    expect(world.taken()).toEqual(['old failed']);
  });

  test('is asked for what its own filter said', async () => {
    const world = createReconcileWorld();
    await world.start();
    const filter = { jobIds: null, jobTypes: null, states: ['completed'] };
    world.narrative.subscriptions = [anew, subscriptionOf({ ...archived, updatedAt: at(hour), filter })];
    world.narrative.jobs = jobs;
    await world.run();
    expect(world.taken()).toEqual(['anew failed']);
  });

  test('before which there was none: the run says since when something was promised', async () => {
    const world = createReconcileWorld();
    await world.start();
    world.narrative.subscriptions = [subscriptionOf({ createdAt: at(hour) })];
    expect((await world.run()).detail).toBe(
      `Before ${at(hour)} Narrative had no subscription that delivers to this relay: what happened until then was never promised.`,
    );
    expect((await world.run({ fromMs: startMs - hour })).detail).toBeNull();
  });
});

describe('rules of which one subscription can not be told apart', () => {
  let world: ReconcileWorld;
  const only = (type: string) => ({ jobIds: null, jobTypes: [type], states: null });
  const of = (name: string, atMinute: number) => ({
    id: `${name}-${atMinute}`,
    state: 'failed',
    type: name,
    updated: -atMinute * minute,
  });
  const euIs = (id: string) => {
    world.narrative.subscriptions = [subscriptionOf({ filter: only('production') }), subscriptionOf({ id, filter: only('eu') })];
  };

  beforeEach(async () => {
    world = createReconcileWorld({ everyMs: hour });
    world.configure('production', 'eu');
    euIs('sub-eu');
    await world.start();
    await world.pass(hour + minute);
    euIs('sub-another');
    world.narrative.jobs = [of('production', 70), of('eu', 71)];
    await world.pass(2 * hour);
  });

  test('are looked at for the others, and nothing is looked at twice', () => {
    expect(world.taken()).toEqual(['production-70 failed']);
    expect(runsOf(world)).toEqual(['schedule done 0…59', 'schedule done 54…119', 'schedule done 114…179']);
  });

  test('are warned of once', async () => {
    const levels = () => world.lines('reconciliation done').map(({ level }) => level);
    expect(levels()).toEqual(['info', 'warn', 'info']);
    expect(world.reconciler.list(1)[0]!.detail).toContain('eu: Narrative has no subscription sub-eu;');
    euIs('sub-eu');
    await world.pass(hour);
    euIs('sub-another');
    await world.pass(2 * hour);
    expect(levels()).toEqual(['info', 'warn', 'info', 'info', 'warn', 'info']);
  });

  test('and are corrected are looked at anew from where they were last whole, though the first look fails', async () => {
    euIs('sub-eu');
    world.narrative.faults = [failureOf('refused')];
    world.configure('production', 'eu');
    await world.pass(second);
    expect(world.taken()).toEqual(['production-70 failed']);
    await world.pass(hour);
    expect(world.taken()).toEqual(['production-70 failed', 'eu-71 failed']);
    await world.pass(hour);
    const from = runsOf(world)
      .slice(3)
      .map((line) => line.replace(/\.\d+|….*/g, ''));
    expect(from).toEqual(['schedule failed 54', 'schedule done 54', expect.stringMatching(/^schedule done 23\d$/)]);
  });

  test('and are corrected while the relay is down, too', async () => {
    euIs('sub-eu');
    await world.restart(minute);
    await world.pass(second);
    expect(world.taken()).toEqual(['production-70 failed', 'eu-71 failed']);
  });

  test('and stay so are looked at anew once after a change of the rules, and not each hour', async () => {
    world.configure('production', 'eu');
    await world.pass(second);
    await world.pass(hour);
    const from = runsOf(world)
      .slice(3)
      .map((line) => line.replace(/\.\d+|….*/g, ''));
    expect(from).toEqual(['schedule done 54', expect.stringMatching(/^schedule done 17\d$/)]);
  });
});
