import { describe, expect, test } from 'vitest';
import type { Destination } from '../../src/destination/destination.ts';
import { createRedactor, quotingNoSecrets } from '../../src/observe/redact.ts';
import { delivery, noSignal } from '../destination/example-delivery.ts';

describe('what is written', () => {
  test('has each secret replaced, wherever and however often it stands', () => {
    const clean = createRedactor(['first-fake-secret', 'second-fake-secret']);
    expect(clean('a first-fake-secret, b second-fake-secret, again first-fake-secret.')).toBe(
      'a [redacted], b [redacted], again [redacted].',
    );
    expect(clean('https://example.com/first-fake-secret/x')).toBe('https://example.com/[redacted]/x');
  });

  test('has it replaced in the form that JSON gives it, and stays JSON', () => {
    const secret = 'fake "quoted" \\ secret\n';
    const line = JSON.stringify({ detail: `it was ${secret}!` });
    expect(JSON.parse(createRedactor([secret])(line))).toEqual({ detail: 'it was [redacted]!' });
    expect(createRedactor([secret])(secret)).toBe('[redacted]');
  });

  test.each([
    ['the longer one last', ['fake-key', 'fake-key-and-more']],
    ['the longer one first', ['fake-key-and-more', 'fake-key']],
  ])('shows no rest of a secret that begins with another one: %s', (_order, secrets) => {
    expect(createRedactor(secrets)('fake-key-and-more fake-key')).toBe('[redacted] [redacted]');
  });

  test('is taken literally: a secret is no pattern, and neither is its replacement', () => {
    expect(createRedactor(['a.*$&b+'])('a.*$&b+ axxxb')).toBe('[redacted] axxxb');
  });

  test('keeps its ordinary words, although somebody has one for a secret, and all that holds no secret', () => {
    const line = '{"msg":"delivered","outcome":"error"}';
    expect(createRedactor(['error', '', 'obviously-fake'])(line)).toBe(line);
    expect(createRedactor([])(line)).toBe(line);
  });
});

test("a destination's outcome quotes no secret, whatever the other side answered", async () => {
  const quoting: Destination = {
    name: 'oncall',
    type: 'pagerduty',
    paceKey: 'oncall',
    pace: null,
    concurrency: 1,
    fallback: null,
    preview: () => ({ format: 'pagerduty', body: null, problems: [] }),
    send: () => Promise.resolve({ kind: 'rejected', reason: 'payload', detail: '400: bad key fake-routing-key' }),
  };
  const cleaned = quotingNoSecrets(quoting, createRedactor(['fake-routing-key']));
  expect(cleaned).toMatchObject({ name: 'oncall', paceKey: 'oncall', concurrency: 1 });
  const outcome = await cleaned.send(delivery(), noSignal);
  expect(outcome).toEqual({ kind: 'rejected', reason: 'payload', detail: '400: bad key [redacted]' });
});
