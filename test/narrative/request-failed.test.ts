import { beforeEach, describe, expect, test } from 'vitest';
import { createAfterFailure } from '../../src/narrative/request-failed.ts';
import type { StoredRun } from '../../src/store/reconciliations.ts';
import { failureOf } from './reconcile-world.ts';

const run = {
  id: 1,
  perPage: 200,
  offset: 400,
  unreadable: 0,
  failures: 0,
  startedMs: 0,
} as StoredRun;

let afterFailure: ReturnType<typeof createAfterFailure>;

beforeEach(() => {
  afterFailure = createAfterFailure();
});

const of = (call: 'webhooks' | 'jobs') => ({ call, now: 1_000, stepEveryMs: 250, fraction: 0 });

test('subscriptions that are too many for an answer end the run: they can not be asked for in pieces', () => {
  const failure = failureOf('too-large');
  expect(afterFailure(run, { ...of('webhooks'), failure })).toMatchObject({ kind: 'over', failure: 'too-large' });
  expect(afterFailure(run, { ...of('jobs'), failure })).toMatchObject({ kind: 'again', progress: { perPage: 100 } });
});

test('a request for subscriptions makes no page smaller', () => {
  const failure = failureOf('timeout');
  expect(afterFailure(run, { ...of('webhooks'), failure })).toMatchObject({ kind: 'again', progress: { perPage: 200 } });
  expect(afterFailure(run, { ...of('jobs'), failure })).toMatchObject({ kind: 'again', progress: { perPage: 100 } });
});

describe('a job that is too large by itself', () => {
  const failure = failureOf('too-large');
  const outcome = (changes: Partial<StoredRun>, now = 1_000) =>
    afterFailure({ ...run, perPage: 1, ...changes }, { ...of('jobs'), failure, now }).kind;
  /** For as many in a row as a run may leave out. */
  const most = (offset: (i: number) => number, changes: Partial<StoredRun> = {}) =>
    Array.from({ length: 19 }, (_, i) => outcome({ offset: offset(i), ...changes }));

  test('is left out, also the nineteenth in a row; with the twentieth the run is over', () => {
    expect(new Set(most((i) => i))).toEqual(new Set(['again']));
    expect(afterFailure({ ...run, perPage: 1, offset: 19 }, { ...of('jobs'), failure })).toEqual({
      kind: 'over',
      failure: 'too-large',
      detail: 'Given up after 20 jobs in a row, each of them too large: Narrative said too-large',
    });
  });

  test('counts once though the store refused to note it', () => {
    most((i) => i);
    expect([outcome({ offset: 18 }), outcome({ offset: 19 })]).toEqual(['again', 'over']);
  });

  test('does not count with one that stood apart, nor with those of another run', () => {
    most((i) => i);
    expect(outcome({ offset: 20 })).toBe('again');
    most((i) => 21 + i, { id: 2 });
    expect(outcome({ offset: 40 })).toBe('again');
  });

  test('ends a run that began more than six hours ago', () => {
    const sixHours = 6 * 3_600_000;
    expect([outcome({}, sixHours), outcome({}, sixHours + 1), outcome({ perPage: 2 }, sixHours + 1)]).toEqual([
      'again',
      'over',
      'again',
    ]);
  });
});
