import { describe, expect, test } from 'vitest';
import type { NewSubscription, Subscription } from '../../src/narrative/api.ts';
import { filterInWords, overlapping, unknownValues, urlProblem } from '../../src/narrative/subscription-plan.ts';

const everything = { jobIds: null, jobTypes: null, states: null };
const narrative = 'https://api.narrative.io';
const simulated = 'http://localhost:9090';

describe('the URL', () => {
  test.each([
    ['https://relay.example.com/webhooks/narrative', narrative],
    ['http://127.0.0.1:8787/webhooks/narrative', simulated],
    ['http://[::1]:8787/', 'http://127.0.0.1:9090'],
    ['http://relay.localhost/', simulated],
  ])('may be %s for %s', (url, api) => {
    expect(urlProblem(url, api)).toBe(null);
  });

  test.each([
    ['http://127.0.0.1:8787/', narrative, /https only/],
    ['http://relay.example.com/', simulated, /https only, and this is http:\/\/relay\.example\.com/],
    ['http://127.0.0.1.example.com/', simulated, /https only/],
    ['ftp://relay.example.com/', narrative, /https only/],
    ['/webhooks/narrative', narrative, /is no URL/],
  ])('may not be %s for %s', (url, api, why) => {
    expect(urlProblem(url, api)).toMatch(why);
  });
});

describe('what tells of the same', () => {
  const url = 'https://relay.example.com/webhooks/narrative';
  const known = (over: Partial<Subscription> = {}): Subscription => ({
    id: 'known',
    name: null,
    kind: 'jobs',
    status: 'active',
    url,
    companyId: null,
    filter: everything,
    appId: null,
    createdAt: null,
    updatedAt: null,
    ...over,
  });
  const jobs = (over: object = {}): NewSubscription => ({ kind: 'jobs', url, name: null, ...everything, ...over });
  const app: NewSubscription = { kind: 'app', url, name: null, appId: '8' };

  test.each<[string, NewSubscription, Subscription]>([
    ['all and all', jobs(), known()],
    ['all and some', jobs({ states: ['failed'] }), known()],
    [
      'lists that share a value',
      jobs({ states: ['failed', 'running'] }),
      known({ filter: { ...everything, states: ['running'] } }),
    ],
    ['lists of different keys', jobs({ states: ['failed'] }), known({ filter: { ...everything, jobTypes: ['costs'] } })],
    ['another spelling of the URL', jobs({ url: 'https://RELAY.example.com:443/webhooks/narrative/' }), known()],
    ['the same app', app, known({ kind: 'app', appId: '8' })],
    ['a status that we do not know', jobs(), known({ status: 'paused' })],
  ])('is %s', (_what, wanted, there) => {
    expect(overlapping(wanted, [there])).toEqual([there]);
  });

  test.each<[string, NewSubscription, Subscription]>([
    ['lists that share no value', jobs({ states: ['failed'] }), known({ filter: { ...everything, states: ['running'] } })],
    ['other jobs', jobs({ jobIds: ['j1'] }), known({ filter: { ...everything, jobIds: ['j2'] } })],
    ['another path', jobs(), known({ url: `${url}/staging` })],
    ['an archived one', jobs(), known({ status: 'archived' })],
    ['another app', app, known({ kind: 'app', appId: '11' })],
    ['jobs and an app', jobs(), known({ kind: 'app', appId: '8' })],
  ])('is not %s', (_what, wanted, there) => {
    expect(overlapping(wanted, [there])).toEqual([]);
  });
});

test('only what Narrative does not document is unknown', () => {
  expect(unknownValues({ jobIds: ['any'], jobTypes: ['costs'], states: ['failed'] })).toEqual([]);
  expect(unknownValues({ jobIds: null, jobTypes: ['cost'], states: null })).toEqual([
    'Narrative documents no job type "cost": did you mean "costs"?',
  ]);
});

test('a filter reads as a sentence would', () => {
  expect(filterInWords(everything)).toBe('every state of all jobs');
  expect(filterInWords({ jobIds: ['j1', 'j2'], jobTypes: ['costs'], states: ['failed', 'running'] })).toBe(
    'failed, running of costs, only jobs j1, j2',
  );
});
