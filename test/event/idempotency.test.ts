import { expect, test } from 'vitest';
import { idempotencyKey, type KeySources } from '../../src/event/idempotency.ts';
import { parseWire } from '../../src/event/parse.ts';
import { nodeHash } from '../../src/node/ports.ts';

const none = { idempotencyKey: null, webhookEventId: null };

function keyOf(sources: Partial<KeySources>, data: object = {}): string {
  const parsed = parseWire({ data: { job_id: 'j', state: 'failed', type: 'costs', updated_at: '2026-03-02T09:00:00', ...data } });
  if (parsed.kind !== 'event') throw new Error(parsed.kind);
  const body = Buffer.from('{"any":"body"}');
  return idempotencyKey(nodeHash, { deliveryKeys: none, header: null, subscription: 'p', event: parsed.event, body, ...sources });
}

test("the body's own key comes before the header, the header before the webhook event's id", () => {
  const deliveryKeys = { idempotencyKey: 'body', webhookEventId: 'event' };
  expect(keyOf({ deliveryKeys, header: 'header' })).toBe('body');
  expect(keyOf({ deliveryKeys: { ...deliveryKeys, idempotencyKey: null }, header: 'header' })).toBe('header');
  expect(keyOf({ deliveryKeys: { ...deliveryKeys, idempotencyKey: null } })).toBe('event');
});

test('an empty Idempotency-Key header names nothing, and makes no two events one', () => {
  const deliveryKeys = { idempotencyKey: null, webhookEventId: 'event' };
  expect(keyOf({ deliveryKeys, header: '' })).toBe('event');
  expect(keyOf({ header: '' })).toBe(keyOf({}));
  expect(keyOf({ header: '' }, { state: 'running' })).not.toBe(keyOf({ header: '' }));
});

test('a bare job has no key of a delivery: its states are told apart by what happened', () => {
  const keyOfBare = (state: string) => {
    const parsed = parseWire({
      job_id: 'j',
      type: 'costs',
      idempotency_key: 'of-the-job',
      state,
      updated_at: '2026-03-02T09:00:00',
    });
    if (parsed.kind !== 'event') throw new Error(parsed.kind);
    return idempotencyKey(nodeHash, { ...parsed, header: null, subscription: 'p', body: Buffer.from('') });
  };
  expect(keyOfBare('running')).not.toBe(keyOfBare('failed'));
  expect(keyOfBare('failed')).toBe(keyOfBare('failed'));
});

test('with no key at all, a transition is the same when subscription, job, state and time are', () => {
  const key = keyOf({});
  expect(keyOf({ body: Buffer.from('{"another":"body"}') })).toBe(key);
  expect(keyOf({}, { state: 'running' })).not.toBe(key);
  expect(keyOf({}, { updated_at: '2026-03-02T09:00:01' })).not.toBe(key);
  expect(keyOf({}, { job_id: 'other' })).not.toBe(key);
  expect(keyOf({ subscription: 'other' })).not.toBe(key);
});

test('what has neither key nor time is known by its body', () => {
  expect(keyOf({ event: null })).toBe(keyOf({ event: null }));
  expect(keyOf({ event: null, body: Buffer.from('{}') })).not.toBe(keyOf({ event: null }));
});

test('a very long key is kept as its digest, and still tells itself from others', () => {
  const long = (end: string) => keyOf({ header: 'x'.repeat(5000) + end });
  expect(long('a')).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(long('a')).not.toBe(long('b'));
});
