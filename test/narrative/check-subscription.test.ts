import { describe, expect, test } from 'vitest';
import { checkNarrative } from '../../src/narrative/check-narrative.ts';
import { address, overlap } from '../../src/narrative/check-subscription.ts';
import { isLoopback, shownUrl, targetOf } from '../../src/narrative/target.ts';
import type { VerifyConfig } from '../../src/rules/rule-set.ts';
import { subscription } from './some-subscription.ts';

const publicUrl = 'https://relay.example.com';
const apiUrl = 'https://api.narrative.io';

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
  const { findings, reached } = await checkNarrative({ api: null, rules: null, apiUrl, publicUrl });
  expect(findings).toMatchObject([
    { area: 'Narrative', name: 'token', verdict: 'warning', todo: expect.stringContaining('NARRATIVE_API_TOKEN') },
  ]);
  expect(reached).toBe(true);
});
