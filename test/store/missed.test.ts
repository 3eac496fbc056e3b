import { beforeEach, describe, expect, test } from 'vitest';
import { createEventStore } from '../../src/store/events.ts';
import { createMissedStore, type KnownState, type MissedStore, type StoredMissed } from '../../src/store/missed.ts';
import { migrate } from '../../src/store/migrations.ts';
import type { Sql } from '../../src/ports.ts';
import { openMemorySql } from './memory-sql.ts';
import { newEvent } from './new-event.ts';

const createdUs = 1_000_000_000;
const state = (changes: Partial<KnownState> = {}): KnownState => ({
  jobId: 'a',
  state: 'failed',
  updatedUs: createdUs + 60_000_000,
  createdUs,
  ...changes,
});
const found = (changes: Partial<StoredMissed> = {}): StoredMissed => ({
  jobId: 'a',
  state: 'failed',
  jobType: 'forecast',
  datasetId: null,
  updatedUs: 1,
  subscription: 'production',
  eventSeq: null,
  ...changes,
});

let sql: Sql;
let missed: MissedStore;

beforeEach(() => {
  sql = openMemorySql();
  migrate(sql);
  missed = createMissedStore(sql);
});

/** A webhook arrived. */
function heard(jobId: string, name: string, updatedAtUs: number | null): void {
  const seq = sql.query('SELECT 1 FROM events').length + 1;
  const events = createEventStore(sql);
  events.add(newEvent({ seq, jobId, state: name, updatedAtUs }));
  if (updatedAtUs !== null) events.addTransition({ jobId, state: name, updatedAtUs }, seq);
}

const left = (...states: KnownState[]) => missed.neverArrived(states).map(({ jobId }) => jobId);

describe('states that never arrived', () => {
  test('are those of which nothing is known, in their order', () => {
    heard('b', 'failed', createdUs + 60_000_000);
    expect(left(state({ jobId: 'c' }), state({ jobId: 'b' }), state())).toEqual(['c', 'a']);
    expect(left()).toEqual([]);
  });

  test.each([
    ['a moment before its creation, as clocks round', createdUs - 1_000_000],
    ['at its creation', createdUs],
    ['long after it', createdUs * 1_000],
  ])('are not those that were told of with a time %s', (_when, atUs) => {
    heard('a', 'failed', atUs);
    expect(left(state())).toEqual([]);
  });

  test('are those that were told of before the job was there, which can only have been another', () => {
    heard('a', 'failed', createdUs - 1_000_001);
    expect(left(state())).toEqual(['a']);
  });

  test('are looked for since the oldest of their jobs', () => {
    heard('a', 'failed', createdUs);
    expect(left(state(), state({ jobId: 'b', createdUs: createdUs * 2 }))).toEqual(['b']);
  });

  test.each(['"', '%', "'", '[]', '\u{1F980}', 'a failed'])('can be of jobs whose id is %j', (jobId) => {
    expect(left(state({ jobId }))).toEqual([jobId]);
    heard(jobId, 'failed', createdUs);
    expect(left(state({ jobId }))).toEqual([]);
  });

  test('are not those of which an event without a time told', () => {
    heard('a', 'failed', null);
    heard('b', 'running', null);
    expect(left(state(), state({ jobId: 'b' }))).toEqual(['b']);
  });

  test('are not those that a run has taken, but those that one has only seen', () => {
    missed.add(1, found());
    expect([left(state()), missed.anyTaken()]).toEqual([['a'], false]);
    missed.add(2, found({ eventSeq: 7 }));
    expect([left(state()), missed.anyTaken(), missed.takenAs('a', 'failed')]).toEqual([[], true, 7]);
    expect(missed.takenAs('a', 'running')).toBeNull();
  });

  test('are found with the indexes, however much there is', () => {
    const plans: string[] = [];
    const explaining: Sql = {
      query(statement, ...parameters) {
        plans.push(
          ...sql.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${statement}`, ...parameters).map(({ detail }) => detail),
        );
        return sql.query(statement, ...parameters);
      },
      transaction: (work) => sql.transaction(work),
    };
    createMissedStore(explaining).neverArrived([state(), state({ jobId: 'b' })]);
    expect(plans.filter((detail) => /^SEARCH (transitions|missed|events)/.test(detail))).toHaveLength(7);
    expect(plans.filter((detail) => /^SCAN (transitions|missed|events)/.test(detail))).toEqual([]);
  });
});

test('what a run found is numbered in its order and kept once', () => {
  expect([missed.add(1, found()), missed.add(1, found({ jobId: 'b' })), missed.add(1, found()), missed.add(2, found())]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(missed.of(1, 0, 9).map(({ jobId }) => jobId)).toEqual(['a', 'b']);
  expect(missed.of(1, 1, 9)).toEqual([found({ jobId: 'b' })]);
  expect(missed.of(1, 0, 1)).toEqual([found()]);
});
