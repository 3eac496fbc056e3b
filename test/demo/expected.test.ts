import { expect, test } from 'vitest';
import { expectedWebhooks, type Outage } from '../../src/demo/expected.ts';
import type { JobFilter, Subscription } from '../../src/narrative/api.ts';
import type { Happening, WebhookWish } from '../../src/simulator/timeline.ts';

const asUsual: WebhookWish = { delayMs: 0, againAfterMs: null, lost: false };

function job(atMs: number, id: string, state: string, webhook: Partial<WebhookWish> = {}): Happening {
  const job = { job_id: id, type: 'costs', state, input: {} };
  return { kind: 'job', atMs, burst: null, note: null, job, webhook: { ...asUsual, ...webhook } };
}

function stranger(secret: string | null): Happening {
  return { kind: 'stranger', atMs: 0, burst: null, note: null, eventId: 'e', body: {}, secret };
}

function app(appId: string): Happening {
  const event = {
    appId,
    eventType: 'facebook.audience.delivery.failed',
    datasetId: 7,
    connectionId: 'c',
    profileId: 'p',
    payload: {},
  };
  return { kind: 'app', atMs: 0, burst: null, note: null, webhook: asUsual, ...event };
}

function subscription(filter: Partial<JobFilter>, change: Partial<Subscription> = {}): Subscription {
  const all = { jobIds: null, jobTypes: null, states: null };
  const times = { createdAt: null, updatedAt: null };
  const base = { id: 's', name: null, kind: 'jobs', status: 'active', url: 'http://a', companyId: null, appId: null } as const;
  return { ...base, ...times, filter: { ...all, ...filter }, ...change };
}

function expected(happenings: Happening[], subscriptions: Subscription[], outage: Outage | null = null): string[] {
  return expectedWebhooks({ happenings, lastsMs: 0 }, subscriptions, outage).map(
    ({ atMs, answer, again, about }) => `${atMs} ${about?.state ?? '-'} ${answer}${again ? ' again' : ''}`,
  );
}

test('a webhook goes to each active subscription that asks for it, and all but the first are duplicates', () => {
  const failures = subscription({ states: ['failed', 'cancelled'], jobTypes: ['costs'] });
  const others = [
    subscription({ jobIds: ['b'] }),
    subscription({}, { status: 'archived' }),
    subscription({}, { kind: 'app', appId: '8' }),
  ];
  expect(expected([job(1, 'a', 'failed')], [subscription({}), failures, ...others])).toEqual([
    '1 failed accepted',
    '1 failed duplicate',
  ]);
  expect(expected([job(1, 'a', 'running')], [failures])).toEqual([]);
  expect(expected([app('8'), app('9')], others)).toEqual(['0 failed accepted']);
});

test('what is sent again is a duplicate, what is late comes later, and what is lost never', () => {
  const wishes = [
    job(1, 'a', 'running', { delayMs: 20 }),
    job(2, 'a', 'failed', { againAfterMs: 10 }),
    job(3, 'a', 'completed', { lost: true }),
  ];
  expect(expected(wishes, [subscription({})])).toEqual(['2 failed accepted', '12 failed duplicate again', '21 running accepted']);
});

test('a stranger comes once to each address: a forger is refused, and what is no event is put aside', () => {
  const two = [subscription({}), subscription({ states: ['failed'] }), subscription({}, { url: 'http://b' })];
  expect(expected([stranger('guess')], two.slice(0, 2))).toEqual(['0 - refused']);
  expect(expected([stranger(null)], two)).toEqual(['0 - quarantined', '0 - quarantined']);
});

test('while the relay is away all is given up, and found afterwards is the state that each job is in by then', () => {
  const story = [
    job(1, 'a', 'running'),
    job(10, 'a', 'failed'),
    job(11, 'b', 'pending'),
    job(12, 'b', 'running'),
    job(20, 'b', 'completed'),
    job(21, 'a', 'never'),
  ];
  expect(expected(story, [subscription({})], { fromMs: 10, untilMs: 20 })).toEqual([
    '1 running accepted',
    '10 failed given-up',
    '11 pending given-up',
    '12 running given-up',
    '20 completed accepted',
    '20 failed found',
    '20 running found',
    '21 never accepted',
  ]);
});
