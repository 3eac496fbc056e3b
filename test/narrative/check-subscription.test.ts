import { describe, expect, test } from 'vitest';
import type { Subscription, SubscriptionDetail } from '../../src/narrative/api.ts';
import { checkNarrative } from '../../src/narrative/check-narrative.ts';
import { address, coverage, deliveries, overlap } from '../../src/narrative/check-subscription.ts';
import { isLoopback, shownUrl, targetOf } from '../../src/narrative/target.ts';
import type { VerifyConfig } from '../../src/rules/rule-set.ts';
import { rulesOf } from '../rules/support.ts';

const publicUrl = 'https://relay.example.com';
const apiUrl = 'https://api.narrative.io';

function subscription(over: Partial<SubscriptionDetail> = {}): SubscriptionDetail {
  return {
    id: 'sub-1',
    name: null,
    kind: 'jobs',
    status: 'active',
    url: `${publicUrl}/webhooks/narrative/production`,
    companyId: '1',
    filter: { jobIds: null, jobTypes: null, states: null },
    appId: null,
    createdAt: null,
    updatedAt: null,
    eventsSent: null,
    lastEventSentAt: null,
    deliveries: null,
    ...over,
  };
}

describe('the address', () => {
  const verdictOf = (path: string, verify: VerifyConfig = { scheme: 'auto' }, origin = publicUrl) => {
    const config = { name: 'production', id: null, verify, secrets: ['fake-secret', 'fake-token'] };
    return address(subscription({ url: `${origin}${path}` }), config, { apiUrl, publicUrl }).verdict;
  };
  const byToken: VerifyConfig = { scheme: 'url-token' };

  test.each<[string, VerifyConfig, string]>([
    ['/webhooks/narrative', { scheme: 'auto' }, 'ok'],
    ['/webhooks/narrative/', { scheme: 'auto' }, 'ok'],
    ['/webhooks/narrative/production', { scheme: 'auto' }, 'ok'],
    ['/webhooks/narrative/production?x=1', { scheme: 'auto' }, 'ok'],
    ['/webhooks/narrative/production/fake-token', { scheme: 'auto' }, 'warning'],
    ['/webhooks/narrative/staging', { scheme: 'auto' }, 'problem'],
    ['/webhook/narrative', { scheme: 'auto' }, 'problem'],
    ['/', { scheme: 'auto' }, 'problem'],
    ['/webhooks/narrative', byToken, 'problem'],
    ['/webhooks/narrative/production', byToken, 'problem'],
    ['/webhooks/narrative/production/another', byToken, 'problem'],
    ['/webhooks/narrative/production/fake-token', byToken, 'ok'],
    ['/webhooks/narrative/production/fake-token/more', byToken, 'problem'],
  ])('%s with %j is %s', (path, verify, verdict) => expect(verdictOf(path, verify)).toBe(verdict));

  test('is this relay’s whatever the case of the host, and nobody else’s', () => {
    const path = '/webhooks/narrative';
    expect(verdictOf(path, { scheme: 'auto' }, 'https://RELAY.example.com:443')).toBe('ok');
    expect(verdictOf(path, { scheme: 'auto' }, 'https://relay.example.com:8443')).toBe('problem');
    expect(verdictOf(path, { scheme: 'auto' }, 'https://relay.example.com.evil.example')).toBe('problem');
    expect(verdictOf(path, { scheme: 'auto' }, 'http://relay.example.com')).toBe('problem');
  });

  test('may be plain http only between this machine’s own processes', () => {
    const url = 'http://127.0.0.1:8787/webhooks/narrative';
    const config = { name: 'production', id: null, verify: { scheme: 'auto' as const }, secrets: ['fake-secret'] };
    const at = (api: string) =>
      address(subscription({ url }), config, { apiUrl: api, publicUrl: 'http://127.0.0.1:8787' }).verdict;
    expect(at('http://localhost:8788')).toBe('ok');
    expect(at(apiUrl)).toBe('problem');
  });

  test('below a path of its own is known, too', () => {
    expect(targetOf('https://example.com/relay/webhooks/narrative/a%20b', 'https://example.com/relay')).toEqual({
      kind: 'named',
      name: 'a b',
      token: null,
    });
    expect(targetOf('https://example.com/webhooks/narrative', 'https://example.com/relay')).toEqual({ kind: 'elsewhere' });
    expect(targetOf('http://example.com/webhooks/narrative', 'https://example.com')).toEqual({ kind: 'elsewhere' });
  });

  test.each([
    ['https://user:fake-secret@h.example/webhooks/narrative?key=fake-secret#x', 'https://h.example/webhooks/narrative'],
    ['https://h.example/webhooks/narrative/production/tok', 'https://h.example/webhooks/narrative/production/…'],
    ['https://h.example/services/T0/fakefakefakefakefakefake', 'https://h.example/services/T0/…'],
    ['fake-secret', '(no URL)'],
  ])('%s is shown without what may be secret', (url, shown) => expect(shownUrl(url)).toBe(shown));

  test.each([
    ['http://127.0.0.1:1', true],
    ['http://[::1]', true],
    ['http://localhost', true],
    ['http://127.0.0.1.example.com', false],
  ])('%s is on this machine: %s', (url, expected) => expect(isLoopback(url)).toBe(expected));
});

describe('the filters', () => {
  const wantedBy = (rules: string) => rulesOf(`rules:\n${rules}`).wanted('production');
  const asking = (jobTypes: string[] | null, states: string[] | null, jobIds: string[] | null = null): Subscription =>
    subscription({ filter: { jobIds, jobTypes, states } });
  const rule = '  - { name: a, match: { states: [failed], job_types: [costs, forecast] }, send: [{ to: console }] }\n';

  test.each<[string, Subscription[], string]>([
    ['exactly that', [asking(['costs', 'forecast'], ['failed'])], 'ok'],
    ['that by two subscriptions together', [asking(['costs'], ['failed']), asking(['forecast'], ['failed'])], 'ok'],
    ['everything', [asking(null, null)], 'warning'],
    ['one more state', [asking(['costs', 'forecast'], ['failed', 'running'])], 'warning'],
    ['only one of the types', [asking(['costs'], ['failed'])], 'problem'],
    ['another state', [asking(null, ['completed'])], 'problem'],
    ['it of one job alone', [asking(null, null, ['job-1'])], 'problem'],
    ['nothing of jobs', [subscription({ kind: 'app', appId: '8' })], 'problem'],
  ])('that ask for %s: %s, %s', (_what, subscriptions, verdict) => {
    expect(coverage(subscriptions, wantedBy(rule), []).verdict).toBe(verdict);
  });

  test('name what is missing, and what is too much', () => {
    expect(coverage([asking(['costs'], ['failed'])], wantedBy(rule), []).detail).toMatch(/: failed of forecast$/);
    expect(coverage([asking(['costs', 'forecast'], ['failed', 'running'])], wantedBy(rule), []).detail).toMatch(
      /: running of costs, forecast$/,
    );
  });

  test('are too wide where no rule wants any job event, and right where there is none', () => {
    const ofApps = '  - { name: a, match: { kind: app }, send: [{ to: console }] }\n';
    expect(coverage([asking(null, ['failed'])], wantedBy(ofApps), []).verdict).toBe('warning');
    expect(coverage([subscription({ kind: 'app' })], wantedBy(ofApps), []).verdict).toBe('ok');
  });

  test('that ask for more because one subscription can’t be told more exactly are right', () => {
    const two =
      '  - { name: a, match: { states: [failed], job_types: [costs] }, send: [{ to: console }] }\n' +
      '  - { name: b, match: { states: [completed], job_types: [forecast] }, send: [{ to: console }] }\n';
    expect(coverage([asking(['costs', 'forecast'], ['failed', 'completed'])], wantedBy(two), []).verdict).toBe('ok');
  });
});

describe('deliveries', () => {
  const [earlier, later] = ['2026-03-02T09:00:00Z', '2026-03-02T10:00:00Z'];
  const counted = (failed: number | null, lastFailedAt: string | null, lastSuccessfulAt: string | null) =>
    deliveries(subscription({ deliveries: { successful: 3, failed, lastFailedAt, lastSuccessfulAt } })).verdict;

  test.each<[string, string, number | null, string | null, string | null]>([
    ['ok', 'none failed', 0, null, later],
    ['warning', 'some failed, and went well since', 2, earlier, later],
    ['problem', 'the last one failed', 2, later, earlier],
    ['problem', 'none ever went well', 2, later, null],
    ['skipped', 'Narrative doesn’t count', null, null, null],
  ])('are %s when %s', (verdict, _when, failed, lastFailed, lastSuccessful) => {
    expect(counted(failed, lastFailed, lastSuccessful)).toBe(verdict);
  });

  test('of which nothing is said are not judged', () => expect(deliveries(subscription()).verdict).toBe('skipped'));
});

describe('an overlap', () => {
  const jobs = (id: string, jobTypes: string[] | null, states: string[] | null) =>
    subscription({ id, filter: { jobIds: null, jobTypes, states } });
  const app = (id: string, appId: string) => subscription({ id, kind: 'app', appId });

  test('is one only where all lists meet', () => {
    expect(overlap([jobs('a', ['costs'], null), jobs('b', null, ['failed'])])?.detail).toContain('a and b');
    expect(
      overlap([jobs('a', ['costs'], ['failed']), jobs('b', ['forecast'], ['failed']), app('c', '8'), app('d', '11')]),
    ).toBeNull();
    expect(overlap([app('c', '8'), app('d', '8')])?.detail).toContain('c and d');
  });

  test('of jobs doubles no alert, one of connectors may', () => {
    expect(overlap([jobs('a', null, null), jobs('b', null, null)])?.todo).toMatch(/^no alert is sent twice/);
    expect(overlap([app('c', '8'), app('d', '8')])?.todo).toMatch(/^alerts about connectors may come twice/);
  });

  test('of many is told in one line', () => {
    const many = Array.from({ length: 30 }, (_, i) => jobs(`s${i}`, null, null));
    expect(overlap(many)?.detail).toMatch(/by s0 and s1; by s0 and s2; by s0 and s3; and 432 pairs more$/);
  });
});

test('without a token nothing is asked', async () => {
  const { findings, reached } = await checkNarrative({ api: null, rules: null, apiUrl, publicUrl, clockAheadMs: () => null });
  expect(findings).toMatchObject([
    { area: 'Narrative', name: 'token', verdict: 'warning', todo: expect.stringContaining('NARRATIVE_API_TOKEN') },
  ]);
  expect(reached).toBe(true);
});
