import { beforeEach, describe, expect, test } from 'vitest';
import type { Sql } from '../../src/ports.ts';
import { createHourlyStore, createTally, hourMs } from '../../src/store/hourly.ts';
import { openFileStore } from './file-store.ts';

const noon = Date.UTC(2026, 2, 2, 12);

let sql: Sql;
beforeEach(() => void (sql = openFileStore()));

const counts = (fromMs = noon - 24 * hourMs, untilMs = noon + 24 * hourMs) =>
  createHourlyStore(sql)
    .between(fromMs, untilMs)
    .map(
      ({ hour, what, outcome, state, n }) =>
        `${new Date(hour * hourMs).toISOString().slice(11, 13)} ${what} ${outcome} ${state} ${n}`,
    );

describe('a tally', () => {
  test('adds what a transaction took to what was counted before, by hour, outcome and state', () => {
    const tally = createTally(sql);
    const take = (outcome: 'routed' | 'duplicate', state: string | null, atMs: number) =>
      sql.transaction(() => {
        tally.event(outcome, state, atMs);
        tally.event('routed', 'failed', atMs);
        tally.delivery('dead', atMs);
        tally.write();
      });
    take('routed', 'failed', noon);
    take('duplicate', null, noon + hourMs - 1);
    take('routed', 'completed', noon + hourMs);
    expect(counts()).toEqual([
      '12 delivery dead  2',
      '12 event duplicate  1',
      '12 event routed failed 3',
      '13 delivery dead  1',
      '13 event routed completed 1',
      '13 event routed failed 1',
    ]);
  });

  test('writes one row for each kind of thing, however many came', () => {
    const written: string[] = [];
    const tally = createTally({ ...sql, query: (text, ...values) => (written.push(text), sql.query(text, ...values)) });
    for (let i = 0; i < 500; i++) tally.event('routed', 'failed', noon + i);
    tally.write();
    expect(written).toHaveLength(1);
    expect(counts()).toEqual(['12 event routed failed 500']);
  });

  test('forgets what was rolled back, and writes nothing twice', () => {
    const tally = createTally(sql);
    tally.event('routed', 'failed', noon);
    tally.drop();
    tally.write();
    expect(counts()).toEqual([]);
    tally.event('routed', 'failed', noon);
    tally.write();
    tally.write();
    expect(counts()).toEqual(['12 event routed failed 1']);
  });

  test('takes a state of any name', () => {
    const tally = createTally(sql);
    for (const state of ['__proto__', 'constructor', 'a b', 'routed failed']) tally.event('routed', state, noon);
    tally.write();
    expect(counts()).toHaveLength(4);
  });
});

describe('counted hours', () => {
  const tallyHours = (...hours: number[]) => {
    const tally = createTally(sql);
    for (const hour of hours) {
      tally.event('routed', 'failed', noon + hour * hourMs);
      tally.delivery('delivered', noon + hour * hourMs);
    }
    tally.write();
  };

  test('are read from the one in which a range begins to the one in which it ends', () => {
    tallyHours(-1, 0, 1, 2);
    expect(counts(noon + 1, noon + hourMs + 1).map((line) => line.slice(0, 2))).toEqual(['12', '12', '13', '13']);
    expect(counts(noon, noon + hourMs).map((line) => line.slice(0, 2))).toEqual(['12', '12']);
  });

  test('are forgotten once they are over, a limited number at a time, and never the one that a time lies in', () => {
    tallyHours(-2, -1, 0);
    const { forget } = createHourlyStore(sql);
    expect(forget(noon + hourMs - 1, 3)).toBe(3);
    expect(forget(noon + hourMs - 1, 3)).toBe(1);
    expect(forget(noon + hourMs - 1, 3)).toBe(0);
    expect(counts().map((line) => line.slice(0, 2))).toEqual(['12', '12']);
  });
});
