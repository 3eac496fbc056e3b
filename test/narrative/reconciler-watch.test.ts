/** What the relay says about itself when lost events are not found. */
import { describe, expect, test } from 'vitest';
import type { RelayFacts } from '../../src/event/event.ts';
import { watchReconcile } from '../../src/incident/watch-reconcile.ts';
import { createWatch } from '../../src/incident/watch.ts';
import { createReconciliationStore } from '../../src/store/reconciliations.ts';
import { rulesOf } from '../rules/support.ts';
import { createReconcileWorld, day, failureOf, hour, minute, runsOf, second, type ReconcileWorld } from './reconcile-world.ts';

describe('the relay says about itself', () => {
  /** Looks as the watch of a process does that began now, and returns all that was said so far. */
  function watching(world: ReconcileWorld, everyMs: number | null = hour): () => string[] {
    const watch = createWatch({
      sql: world.sql,
      raise: (facts, now) => world.ledger.raise(facts, now),
      parked: () => [],
      undelivered: () => [],
      destinations: () => new Map(),
      lastEventAt: () => null,
      config: () => rulesOf('rules: []\n').watch,
      furtherTopics: [watchReconcile(createReconciliationStore(world.sql), everyMs, world.now)],
      clock: { now: () => world.now },
      log: { debug() {}, info() {}, warn() {}, error: (fields) => expect(fields).toBeNull() },
    });
    return () => {
      world.sql.transaction(() => watch.run(world.now));
      return world.sql
        .query<{ body: Uint8Array }>(`SELECT body FROM events WHERE kind = 'relay' ORDER BY seq`)
        .map(({ body }) => JSON.parse(new TextDecoder().decode(body)) as RelayFacts)
        .map(({ topic, state, detail }) => `${topic} ${state}: ${detail}`);
    };
  }

  const began = 'reconcile failed: ';
  const ended = 'reconcile completed: Narrative can be asked for lost events again, and was.';
  const newWorld = () => createReconcileWorld({ everyMs: hour, plan: rulesOf('rules: []\n').plan });

  test('that lost events are not found once three runs have failed, and that they are again; over restarts, each once', async () => {
    const world = newWorld();
    const said = watching(world);
    await world.start();
    await world.pass(hour + minute);
    world.narrative.faults = [failureOf('refused'), failureOf('unexpected'), failureOf('refused'), failureOf('refused')];
    await world.pass(2 * hour);
    expect(said()).toEqual([]);
    await world.pass(hour);
    const told = `${began}Lost events are not found: Narrative was asked for them 3 times in vain: Narrative said refused`;
    expect(said()).toEqual([told]);
    await world.pass(hour);
    await world.restart();
    expect(said()).toEqual([told]);
    await world.pass(minute);
    expect(said()).toEqual([told, ended]);
    await world.pass(hour);
    expect(said()).toEqual([told, ended]);
  });

  test('nothing before the third, though there was none before them', async () => {
    const world = newWorld();
    const said = watching(world);
    await world.start();
    world.narrative.faults = Array.from({ length: 3 }, () => failureOf('refused'));
    await world.pass(2 * hour + minute);
    expect([said(), runsOf(world).length]).toEqual([[], 2]);
    await world.pass(hour);
    expect(said()).toHaveLength(1);
  });

  test('that the token is refused, at the first time', async () => {
    const world = newWorld();
    const said = watching(world);
    await world.start();
    world.narrative.faults = [failureOf('unauthorized')];
    await world.pass(hour + minute);
    const told = `${began}Narrative's API refuses the token, so lost events are not found: Narrative said unauthorized`;
    expect(said()).toEqual([told]);
    await world.pass(10 * second);
    expect(watching(world, null)()).toEqual([told, expect.stringContaining('not asked for lost events any more')]);
  });

  test('nothing of runs that an operator asked for', async () => {
    const world = newWorld();
    await world.start();
    world.narrative.faults = [failureOf('unauthorized'), failureOf('refused'), failureOf('refused')];
    for (let i = 0; i < 3; i++) expect(await world.run()).toMatchObject({ status: 'failed' });
    expect(watching(world)()).toEqual([]);
  });

  test('that no run gets to its end, once that has lasted for three rounds; whatever they wait for', async () => {
    const world = newWorld();
    const said = watching(world);
    await world.start();
    await world.pass(hour + minute);
    world.narrative.silent = true;
    await world.pass(3 * hour - minute);
    expect(said()).toEqual([]);
    await world.pass(second);
    const told = `${began}Lost events are not found: no reconciliation has got to its end for 3 h; see "relay reconcile --list", and the relay's log.`;
    expect(said()).toEqual([told]);
    // Another process has had no time to look; neither is anything well.
    world.narrative.silent = false;
    expect(watching(world)()).toEqual([told]);
    await world.answerAll();
    await world.pass(minute);
    expect(said()).toEqual([told, ended]);
  });

  test.each([
    ['three hours where they are made more often', 10 * minute, 3 * hour],
    ['three of their rounds', 2 * hour, 6 * hour],
  ])('that no run gets to its end after %s, also where none ever did', (_what, everyMs, limitMs) => {
    const world = newWorld();
    const said = watching(world, everyMs);
    world.turnClock(limitMs - second);
    expect(said()).toEqual([]);
    world.turnClock(second);
    expect(said()).toHaveLength(1);
  });

  test('nothing of the time before the process began', async () => {
    const world = newWorld();
    await world.start();
    await world.pass(hour + minute);
    world.turnClock(day);
    const said = watching(world);
    expect(said()).toEqual([]);
  });

  test('that some subscriptions can not be told apart, and that they can', async () => {
    const world = newWorld();
    const said = watching(world);
    world.configure('production', 'eu');
    await world.start();
    await world.pass(hour + minute);
    const [told] = said();
    expect(told).toContain(`${began}Lost events of some subscriptions are not found: eu: Narrative has no subscription sub-eu;`);
    await world.pass(hour);
    expect(said()).toEqual([told]);
    world.configure('production');
    await world.pass(minute);
    expect(said()).toEqual([told, ended]);
  });
});
