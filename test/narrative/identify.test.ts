/** Which of Narrative's subscriptions delivers to which of the rules. */
import { describe, expect, test } from 'vitest';
import type { Subscription } from '../../src/narrative/api.ts';
import { asksFor, identify } from '../../src/narrative/identify.ts';
import type { SubscriptionConfig } from '../../src/rules/rule-set.ts';

const ours = (name: string, id: string | null = null): SubscriptionConfig => {
  return { name, id, verify: { scheme: 'auto' }, secrets: ['not-a-real-secret'] };
};

const theirs = (id: string, url: string, status = 'active'): Subscription => ({
  id,
  url,
  status,
  name: null,
  kind: 'jobs',
  companyId: null,
  filter: { jobIds: null, jobTypes: null, states: null },
  appId: null,
  createdAt: null,
  updatedAt: null,
});

const publicUrl = 'https://relay.example.com';
const common = `${publicUrl}/webhooks/narrative`;
const idsOf = (found: ReturnType<typeof identify>) => found.map((one) => one.found.map(({ id }) => id));

describe('by its id', () => {
  test('a subscription is found wherever it delivers to, in whatever case its id is written', () => {
    const known = [theirs('5f0c-aa', 'https://elsewhere.example.com'), theirs('other', `${common}/production`)];
    const found = identify([ours('production', '5F0C-AA')], known, undefined);
    expect(idsOf(found)).toEqual([['5f0c-aa']]);
    expect(found[0]!.problem).toBeNull();
  });

  test('an id that Narrative does not have is a problem', () => {
    expect(identify([ours('production', '5f0c')], [theirs('other', common)], publicUrl)).toEqual([
      {
        name: 'production',
        found: [],
        problem: 'production: Narrative has no subscription 5f0c; "relay subscriptions list" shows those there are',
      },
    ]);
  });

  test('what one claims is nobody else’s', () => {
    const known = [theirs('a', common), theirs('b', `${common}/staging`)];
    const found = identify([ours('production', 'a'), ours('staging')], known, publicUrl);
    expect(idsOf(found)).toEqual([['a'], ['b']]);
    const taken = identify([ours('production', 'b'), ours('other', 'a'), ours('staging')], known, publicUrl);
    expect(idsOf(taken)).toEqual([['b'], ['a'], []]);
    expect([...found, ...taken].every(({ problem }) => problem === null)).toBe(true);
  });
});

describe('what was archived before one that has an id', () => {
  const now = theirs('new', common);

  test('is found at the same URL', () => {
    const known = [
      now,
      theirs('old', `${common}/`, 'archived'),
      theirs('active', common),
      theirs('far', `${common}/x`, 'archived'),
    ];
    expect(idsOf(identify([ours('production', 'new')], known, undefined))).toEqual([['new', 'old']]);
  });

  test('is found at any address of its own, whatever url-token it had', () => {
    const own = [
      theirs('b', `${common}/production/not-a-real-token`, 'archived'),
      theirs('c', `${common}/%70roduction`, 'archived'),
    ];
    const found = identify(
      [ours('production', 'new'), ours('staging', 'other')],
      [now, ...own, theirs('other', common)],
      publicUrl,
    );
    expect(idsOf(found)).toEqual([['new', 'b', 'c'], ['other']]);
  });

  test('is nobody’s where others of the rules deliver to the same URL', () => {
    const known = [now, theirs('other', common), theirs('old', common, 'archived')];
    expect(idsOf(identify([ours('production', 'new'), ours('staging', 'other')], known, publicUrl))).toEqual([
      ['new'],
      ['other'],
    ]);
  });
});

describe('by its URL', () => {
  test.each([
    `${common}/production`,
    `${common}/production/`,
    `${common}/production?source=narrative`,
    'https://RELAY.example.com:443/webhooks/narrative/production',
    `${common}/production/not-a-real-url-token`,
    `${common}/%70roduction`,
  ])('%s is that of production', (url) => {
    expect(idsOf(identify([ours('production'), ours('staging')], [theirs('a', url)], publicUrl))).toEqual([['a'], []]);
  });

  test.each([
    `${common}/production2`,
    `${common}/production/token/more`,
    `${publicUrl}//webhooks/narrative/production`,
    `${common}//production`,
    `${common}/PRODUCTION`,
    'https://relay.example.org/webhooks/narrative/production',
    'https://relay.example.com:8443/webhooks/narrative/production',
    'http://relay.example.com/webhooks/narrative/production',
    'no URL',
  ])('%s is not that of production', (url) => {
    expect(identify([ours('production')], [theirs('a', url)], publicUrl)).toEqual([
      { name: 'production', found: [], problem: null },
    ]);
  });

  test('a relay below a path, its URL written with a slash', () => {
    const known = [theirs('a', 'https://example.com/relay/webhooks/narrative/production')];
    expect(idsOf(identify([ours('production')], known, 'https://example.com/relay/'))).toEqual([['a']]);
  });

  test('the common address belongs to an only subscription, archived ones included', () => {
    const known = [theirs('a', common), theirs('b', `${common}/`, 'archived'), theirs('c', `${common}/production`)];
    const found = identify([ours('production')], known, publicUrl);
    expect(idsOf(found)).toEqual([['a', 'b', 'c']]);
    expect(found[0]!.problem).toBeNull();
  });

  test('at the common address several can’t be told apart', () => {
    const known = [theirs('a', common), theirs('b', `${common}/production`, 'archived'), theirs('c', `${common}/third`)];
    const [production, staging, third] = identify([ours('production'), ours('staging'), ours('third')], known, publicUrl);
    expect(production).toMatchObject({ found: [], problem: expect.stringContaining('Give each its "id" in the rules') });
    expect(staging).toMatchObject({ found: [], problem: expect.stringMatching(/^staging: .*relay subscriptions list/) });
    expect(third).toMatchObject({ found: [{ id: 'c' }], problem: null });
  });

  test('what is archived at the common address confuses nobody', () => {
    const found = identify([ours('production'), ours('staging')], [theirs('a', common, 'archived')], publicUrl);
    expect(found.map(({ problem }) => problem)).toEqual([null, null]);
  });

  test('without an id and without a public URL nobody can tell: the problem says what to set', () => {
    const [found] = identify([ours('production')], [theirs('a', common)], undefined);
    expect(found).toMatchObject({ found: [], problem: expect.stringMatching(/^production: .*"id".*RELAY_PUBLIC_URL/) });
  });

  test('no problem shows a url-token', () => {
    const known = [theirs('a', common), theirs('b', `${common}/staging/not-a-real-url-token`, 'archived')];
    const problems = [publicUrl, undefined].flatMap((url) => identify([ours('production'), ours('staging')], known, url));
    expect(problems.every(({ problem }) => problem !== null)).toBe(true);
    expect(JSON.stringify(problems.map(({ problem }) => problem))).not.toContain('not-a-real-url-token');
  });
});

describe('a filter', () => {
  const job = { id: 'job-1', type: 'costs', state: 'failed' };
  const all = { jobIds: null, jobTypes: null, states: null };

  test.each([
    [all, true],
    [{ ...all, states: ['completed', 'failed'] }, true],
    [{ ...all, states: ['completed'] }, false],
    [{ ...all, jobTypes: ['costs'], jobIds: ['job-2'] }, false],
    [{ jobTypes: ['costs'], jobIds: ['job-1'], states: ['failed'] }, true],
  ])('%j asks for a failed job of type costs: %j', (filter, expected) => {
    expect(asksFor(filter, job)).toBe(expected);
  });
});
