import { expect, test } from 'vitest';
import { afterFailure } from '../../src/narrative/request-failed.ts';
import type { StoredRun } from '../../src/store/reconciliations.ts';
import { failureOf } from './reconcile-world.ts';

const run = { perPage: 200, offset: 400, unreadable: 0, failures: 0, startedMs: 0 } as StoredRun;
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
