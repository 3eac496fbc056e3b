/** A page beside what the relay still knows, on a real store and a real ledger. */
import { beforeEach, expect, test } from 'vitest';
import { createPageComparison } from '../../src/narrative/page.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { createMissedStore } from '../../src/store/missed.ts';
import { createReconciliationStore, type StoredRun } from '../../src/store/reconciliations.ts';
import { startMs } from '../outbox/examples.ts';
import { createReconcileWorld, day, hour, recordOf, type JobSketch, type ReconcileWorld } from './reconcile-world.ts';

const retentionMs = 10 * day;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Asked for when the world began, for all that was not forgotten by then. */
const run: StoredRun = {
  id: 1,
  trigger: 'operator',
  apply: true,
  fromMs: startMs - 9 * day,
  untilMs: startMs,
  lookbackMs: day,
  subscription: null,
  status: 'running',
  failure: null,
  detail: null,
  startedMs: startMs,
  finishedMs: null,
  offset: 0,
  perPage: 200,
  nextAt: startMs,
  failures: 0,
  jobsInAll: null,
  missing: 0,
  taken: 0,
  unreadable: 0,
};

let world: ReconcileWorld;

beforeEach(() => {
  world = createReconcileWorld();
});

/** The page is looked at so long after the run was asked for. */
function compareAfter(ms: number, ...jobs: JobSketch[]) {
  const missed = createMissedStore(world.sql);
  const runs = createReconciliationStore(world.sql);
  const clock = { now: () => startMs + ms };
  const compare = createPageComparison({ hash: nodeHash, clock, log: silent, ledger: world.ledger, missed, runs, retentionMs });
  return world.sql.transaction(() => compare(run, jobs.map(recordOf), () => 'production'));
}

test('a run that has lasted for days leaves alone what is about to be forgotten by now: it would be told again', () => {
  const oldest = { id: 'oldest', state: 'failed', updated: 6 * day };
  const forgotten = { id: 'forgotten', state: 'failed', updated: 6 * day + 1 };
  expect(compareAfter(3 * day, oldest, forgotten)).toMatchObject({ missing: 1, unreadable: 0 });
  expect(world.taken()).toEqual(['oldest failed']);
});

test('a state that goes on, or an end without a time, may have been told of when its job was created: where that is forgotten, it is left alone', () => {
  const young = { id: 'young', state: 'running', created: 9 * day, updated: hour };
  const old = { id: 'old', state: 'running', created: 9 * day + 1, updated: hour };
  const ended = { id: 'ended', state: 'failed', created: 20 * day, updated: hour, ended: hour };
  const endless = { id: 'endless', state: 'failed', created: 20 * day, updated: hour };
  compareAfter(0, young, old, ended, endless);
  expect(world.taken()).toEqual(['young running', 'ended failed']);
});
