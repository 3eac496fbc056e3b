import { describe, expect, test } from 'vitest';
import type { Subscription } from '../../src/narrative/api.ts';
import { complete, missing, quiet, surplus } from '../../src/narrative/check-filters.ts';
import { rulesOf } from '../rules/support.ts';
import { subscription } from './some-subscription.ts';

const wantedBy = (rules: string) => rulesOf(`rules:\n${rules}`).wanted('production');
const asking = (jobTypes: string[] | null, states: string[] | null, jobIds: string[] | null = null): Subscription =>
  subscription({ filter: { jobIds, jobTypes, states } });

/** An alert about failures of two types, and so the completions that end it. */
const rule = '  - { name: a, match: { states: [failed], job_types: [costs, forecast] }, send: [{ to: console }] }\n';
const types = ['costs', 'forecast'];
const states = ['failed', 'completed'];

function verdictOf(subscriptions: Subscription[], rules: string): string {
  const wanted = wantedBy(rules);
  return (missing(subscriptions, wanted) ?? surplus(subscriptions, wanted) ?? complete(subscriptions, true)).verdict;
}

describe('filters', () => {
  test.each<[string, Subscription[], string]>([
    ['exactly that', [asking(types, states)], 'ok'],
    ['that by two subscriptions together', [asking(['costs'], states), asking(['forecast'], states)], 'ok'],
    ['everything', [asking(null, null)], 'warning'],
    ['one more state', [asking(types, [...states, 'running'])], 'warning'],
    ['only one of the types', [asking(['costs'], states)], 'problem'],
    ['another state', [asking(null, ['running'])], 'problem'],
    ['failures without what ends them', [asking(types, ['failed'])], 'problem'],
    ['it of one job alone', [asking(null, null, ['job-1'])], 'problem'],
    ['nothing of jobs', [subscription({ kind: 'app', appId: '8' })], 'problem'],
  ])('that ask for %s: %s, %s', (_what, subscriptions, verdict) => {
    expect(verdictOf(subscriptions, rule)).toBe(verdict);
  });

  test('name what is missing, and what is too much', () => {
    expect(missing([asking(['costs'], states)], wantedBy(rule))?.detail).toMatch(/: completed, failed of forecast$/);
    expect(surplus([asking(types, [...states, 'running'])], wantedBy(rule))?.detail).toMatch(/: running of costs, forecast$/);
  });

  test('are too wide where no rule wants any job event, and right where there is none', () => {
    const ofApps = '  - { name: a, match: { kind: app }, send: [{ to: console }] }\n';
    expect(verdictOf([asking(null, ['failed'])], ofApps)).toBe('warning');
    expect(verdictOf([subscription({ kind: 'app' })], ofApps)).toBe('ok');
  });

  test('that ask for more because one subscription can’t be told more exactly are right', () => {
    const two =
      '  - { name: a, match: { states: [running], job_types: [costs] }, send: [{ to: console }] }\n' +
      '  - { name: b, match: { states: [completed], job_types: [forecast] }, send: [{ to: console }] }\n';
    expect(verdictOf([asking(types, ['running', 'completed'])], two)).toBe('ok');
  });
});

describe('silence', () => {
  const sixHours = 6 * 3_600_000;

  test.each<[string, Subscription[]]>([
    ['states that come only when something is wrong', [asking(null, ['failed', 'cancelled'])]],
    ['some types of jobs', [asking(['costs'], null)]],
    ['some jobs', [asking(null, null, ['job-1'])]],
  ])('can be nothing but peace where they ask for %s', (_what, subscriptions) => {
    expect(quiet(subscriptions, sixHours)).toMatchObject({
      verdict: 'warning',
      detail: expect.stringMatching(/^the rules take 6 h without an event for trouble \(watch\.no_events\)/) as string,
      todo: expect.stringContaining('make no_events longer') as string,
    });
    expect(quiet(subscriptions, null)).toBeNull();
  });

  test('is trouble where one of them asks for what every job comes to', () => {
    expect(quiet([asking(null, ['failed']), asking(null, ['completed'])], sixHours)).toBeNull();
    expect(quiet([asking(null, null)], sixHours)).toBeNull();
  });
});
