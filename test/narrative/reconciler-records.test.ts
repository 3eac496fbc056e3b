/** Records of the job list that can't be taken as they are, and what becomes of the others. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonValue } from '../../src/event/json.ts';
import { planByInput } from '../outbox/examples.ts';
import { createReconcileWorld, hour, minute, recordOf, type ReconcileWorld } from './reconcile-world.ts';

let world: ReconcileWorld;

beforeEach(async () => {
  world = createReconcileWorld();
  await world.start();
});

const failed = { id: 'a', state: 'failed', created: 70 * minute, updated: hour };

describe('records that say little', () => {
  test('without a time of the change, the end and then the creation count', async () => {
    world.narrative.jobs = [{ id: 'a', state: 'failed', created: hour, updated: null }];
    expect(await world.run()).toMatchObject({ taken: 1 });
    expect(await world.run()).toMatchObject({ missing: 0 });
  });

  test('without a job, or any time, are counted as unreadable', async () => {
    world.narrative.jobs = [failed, { ...failed, id: '' }];
    expect(await world.run()).toMatchObject({ status: 'done', jobs: 2, taken: 1, unreadable: 1 });
  });

  test('and entries that are none, are no reason to leave out the others', async () => {
    world.narrative.jobs = [failed];
    world.narrative.odd = [null, 7, 'x', [], [{ job_id: 'b' }], {}];
    expect(await world.run()).toMatchObject({ status: 'done', jobs: 7, taken: 1, unreadable: 6 });
  });

  test('or too much, nested as deeply as nobody can write, are left out, and told of once', async () => {
    let deep: JsonValue = 1;
    for (let i = 0; i < 50_000; i++) deep = [deep];
    world.narrative.jobs = [failed];
    world.narrative.odd = [{ ...recordOf({ ...failed, id: 'deep' }), result: deep }];
    for (let i = 0; i < 2; i++) expect(await world.run()).toMatchObject({ status: 'done', jobs: 2, unreadable: 1 });
    expect(world.taken()).toEqual(['a failed']);
    expect(world.lines("a record of Narrative's job list can't be read: left out")).toMatchObject([
      { level: 'warn', fields: { job_id: 'deep' } },
    ]);
  });

  test('that are too many for an answer are asked for in smaller pages, and in larger ones afterwards', async () => {
    world.narrative.jobs = Array.from({ length: 300 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: hour + i }));
    world.narrative.mostRecords = 60;
    const id = world.ask();
    await world.pass(1_000);
    world.narrative.mostRecords = Infinity;
    await world.pass(minute);
    expect(world.reconciler.find(id)).toMatchObject({ status: 'done', taken: 300, unreadable: 0 });
    expect(world.narrative.asked.map(({ query }) => query && [query.offset, query.perPage])).toEqual([
      undefined,
      [0, 200],
      [0, 100],
      [0, 50],
      [50, 100],
      [50, 50],
      [100, 100],
      [200, 200],
    ]);
  });

  test('of which one is too large by itself are read without it', async () => {
    world.narrative.jobs = Array.from({ length: 30 }, (_, i) => ({ id: `j${i}`, state: 'failed', updated: hour + i }));
    world.narrative.huge.add('j20');
    expect(await world.run()).toMatchObject({ status: 'done', jobs: 30, taken: 29, unreadable: 1 });
  });
});

describe('what the rules fail on', () => {
  const failing = (breaks: () => boolean) => {
    world = createReconcileWorld({
      plan: (routable) => {
        if (breaks()) throw new Error('the rules are broken');
        return planByInput(routable);
      },
    });
    world.narrative.jobs = [failed];
    return world.start();
  };

  test('stays missing, is kept once however many runs find it, and does not make its webhook a repetition', async () => {
    let broken = true;
    await failing(() => broken);
    for (let i = 0; i < 3; i++) {
      const run = await world.run();
      expect(run).toMatchObject({ status: 'done', missing: 1, taken: 0 });
      expect(world.reconciler.missed(run.id, 0, 9)).toMatchObject([{ jobId: 'a', eventId: null }]);
    }
    expect(world.sql.query('SELECT outcome FROM events')).toEqual([{ outcome: 'quarantined' }]);
    expect(world.lines('a state that no webhook told of is still missing: the rules failed on it')).toMatchObject([
      { level: 'warn', fields: { job_id: 'a', state: 'failed', event_id: expect.stringMatching(/^evt_/) } },
      {},
      {},
    ]);
    expect(world.lines('took a state that no webhook told of')).toEqual([]);
    broken = false;
    expect(await world.webhook(failed)).toMatchObject({ kind: 'accepted' });
    expect(await world.run()).toMatchObject({ missing: 0 });
  });
});
