import { beforeEach, describe, expect, test } from 'vitest';
import { createEventStore } from '../../src/store/events.ts';
import { createMissedStore, type KnownState, type MissedStore, type StoredMissed } from '../../src/store/missed.ts';
import { migrate } from '../../src/store/migrations.ts';
import type { Sql } from '../../src/ports.ts';
import { openMemorySql } from './memory-sql.ts';
import { newEvent } from './new-event.ts';

const minuteUs = 60_000_000;
const createdUs = 1_000_000_000;
const endedUs = createdUs + 10 * minuteUs;
const state = (changes: Partial<KnownState> = {}): KnownState => ({
  jobId: 'a',
  state: 'failed',
  endedUs,
  updatedUs: changes.endedUs ?? endedUs,
  createdUs,
  ...changes,
});
const goesOn = { state: 'running', endedUs: null };
const found = (changes: Partial<StoredMissed> = {}): StoredMissed => ({
  jobId: 'a',
  state: 'failed',
  jobType: 'forecast',
  datasetId: null,
  atUs: endedUs,
  subscription: 'production',
  eventSeq: null,
  ...changes,
});
/** The run that looks. */
const run = 9;

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

const left = (...states: KnownState[]) => missed.neverArrived(run, states).map(({ jobId }) => jobId);

describe('states that never arrived', () => {
  test('are those of which nothing is known, in their order', () => {
    heard('b', 'failed', endedUs);
    expect(left(state({ jobId: 'c' }), state({ jobId: 'b' }), state())).toEqual(['c', 'a']);
    expect(left()).toEqual([]);
  });

  test.each([
    ['a minute before, as times of one end differ', endedUs - minuteUs, []],
    ['at it', endedUs, []],
    ['long after it', endedUs * 1_000, []],
    ['more than a minute before, which was an end before it', endedUs - minuteUs - 1, ['a']],
  ])(
    'of a job that has ended: those whose end was not heard of since a minute before it. Heard of %s',
    (_when, atUs, expected) => {
      heard('a', 'failed', atUs);
      expect(left(state())).toEqual(expected);
    },
  );

  test('are not those whose time in the list is the one heard of, whatever time the end has', () => {
    heard('a', 'failed', endedUs - 5 * minuteUs);
    expect(left(state({ updatedUs: endedUs - 5 * minuteUs }))).toEqual([]);
  });

  test.each([
    ['a moment before the creation, as clocks round', createdUs - 1_000_000, []],
    ['at the creation', createdUs, []],
    ['long after it', endedUs * 1_000, []],
    ['before the job was there, which can only have been another', createdUs - 1_000_001, ['a']],
  ])('of a job that goes on: those it was not heard in since its creation. Heard of %s', (_when, atUs, expected) => {
    heard('a', 'running', atUs);
    expect(left(state(goesOn))).toEqual(expected);
  });

  test('are, of an end without a time, those of which nothing was heard or taken since the creation: its last change moves', () => {
    heard('a', 'failed', createdUs);
    missed.add(1, found({ jobId: 'b', atUs: createdUs, eventSeq: 7 }));
    const touched = { endedUs: null, updatedUs: endedUs * 2 };
    expect(left(state(touched), state({ ...touched, jobId: 'b' }), state({ ...touched, jobId: 'c' }))).toEqual(['c']);
  });

  test('are looked for each since its own time', () => {
    heard('a', 'failed', createdUs);
    heard('b', 'running', createdUs);
    expect(left(state(), state({ ...goesOn, jobId: 'b' }))).toEqual(['a']);
  });

  test('are not those of which the last of many was heard in time', () => {
    for (const ago of [9, 0, 5]) heard('a', 'failed', endedUs - ago * minuteUs);
    expect(left(state(), state({ jobId: 'b' }))).toEqual(['b']);
  });

  test.each(['"', '%', "'", '[]', '\u{1F980}', 'a failed'])('can be of jobs whose id is %j', (jobId) => {
    expect(left(state({ jobId }))).toEqual([jobId]);
    heard(jobId, 'failed', endedUs);
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
    expect([left(state()), missed.anyTaken()]).toEqual([[], true]);
    expect(left(state({ endedUs: endedUs + minuteUs }))).toEqual([]);
    expect(left(state({ endedUs: endedUs + minuteUs + 1 }))).toEqual(['a']);
  });

  test('are not those that this run has seen', () => {
    missed.add(run, found());
    expect(left(state(), state({ jobId: 'b' }))).toEqual(['b']);
    expect(left(state({ endedUs: endedUs + minuteUs + 1 }))).toEqual(['a']);
    missed.add(run, found({ jobId: 'c', state: 'running', atUs: createdUs }));
    expect(left(state({ ...goesOn, jobId: 'c', updatedUs: endedUs * 2 }))).toEqual([]);
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
    createMissedStore(explaining).neverArrived(run, [state(), state({ jobId: 'b' })]);
    expect(plans.filter((detail) => /^SEARCH (transitions|missed|events)/.test(detail))).toHaveLength(9);
    expect(plans.filter((detail) => /^SCAN (transitions|missed|events)/.test(detail))).toEqual([]);
  });
});

test.each([
  ['the same', endedUs, 7],
  ['an earlier', createdUs, 7],
  ['a minute later', endedUs + minuteUs, 7],
  ['a later', endedUs + minuteUs + 1, 8],
  ['a time after all that was taken', endedUs * 2, null],
  ['no', null, 7],
])('what a run took is known again by %s time', (_which, atUs, event) => {
  missed.add(1, found({ atUs: endedUs + 5 * minuteUs, eventSeq: 8 }));
  missed.add(2, found({ eventSeq: 7 }));
  missed.add(2, found({ jobId: 'b', eventSeq: 6 }));
  expect([missed.takenAs('a', 'failed', atUs), missed.takenAs('a', 'running', atUs)]).toEqual([event, null]);
});

test('what a run found is numbered in its order and kept once for each time', () => {
  const again = found({ atUs: endedUs + 1 });
  const added = [found(), found({ jobId: 'b' }), found(), again].map((each) => missed.add(1, each));
  expect([...added, missed.add(2, found())]).toEqual([true, true, false, true, true]);
  expect(missed.of(1, 0, 9)).toEqual([
    { ...found(), n: 1 },
    { ...found({ jobId: 'b' }), n: 2 },
    { ...again, n: 3 },
  ]);
  expect(missed.of(1, 1, 9).map(({ n }) => n)).toEqual([2, 3]);
  expect(missed.of(1, 0, 1)).toEqual([{ ...found(), n: 1 }]);
});
