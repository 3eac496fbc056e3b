import { describe, expect, test } from 'vitest';
import type { AttemptOutcome } from '../../src/destination/destination.ts';
import { settle, type Settlement } from '../../src/outbox/settle.ts';
import { broken, delivered, rateLimited, refused, startMs, unanswered, unknownAnswer, unreachable } from './examples.ts';

const random = { fraction: () => 0.5, bytes: (count: number) => new Uint8Array(count) };
const far = startMs + 3_600_000;

const table: [string, AttemptOutcome, { attempt: number; expiresAt: number; unknownAnswers?: number }, Partial<Settlement>][] = [
  ['delivered is the end', delivered, { attempt: 9, expiresAt: startMs }, { kind: 'delivered', detail: '200 OK' }],
  ['a refused payload is dead', refused, { attempt: 1, expiresAt: far }, { kind: 'dead', reason: 'payload' }],
  ['a broken destination parks', broken, { attempt: 1, expiresAt: far }, { kind: 'park', reason: 'channel' }],
  [
    'a failure is tried again after the backoff',
    unreachable,
    { attempt: 3, expiresAt: far },
    { kind: 'again', dueAt: startMs + 2_000, reason: 'network' },
  ],
  [
    'so is what may have arrived',
    unanswered,
    { attempt: 1, expiresAt: far },
    { kind: 'again', dueAt: startMs + 500, reason: 'timeout' },
  ],
  [
    'Retry-After delays',
    rateLimited(30_000),
    { attempt: 1, expiresAt: far },
    { kind: 'again', dueAt: startMs + 30_000, reason: 'rate-limited' },
  ],
  [
    'the last useful moment can still be used',
    rateLimited(1_000),
    { attempt: 1, expiresAt: startMs + 1_000 },
    { kind: 'again', dueAt: startMs + 1_000 },
  ],
  [
    'what would come after it is expired',
    rateLimited(1_001),
    { attempt: 7, expiresAt: startMs + 1_000 },
    { kind: 'dead', reason: 'expired', detail: 'gave up after 7 attempts; the last one: 429' },
  ],
  [
    'an answer that nobody understands is tried again',
    unknownAnswer,
    { attempt: 90, expiresAt: far, unknownAnswers: 4 },
    { kind: 'again', reason: 'unknown-answer' },
  ],
  [
    'but not more than five times',
    unknownAnswer,
    { attempt: 5, expiresAt: far, unknownAnswers: 5 },
    { kind: 'dead', reason: 'unknown-answer' },
  ],
  ['other failures know no such limit', unreachable, { attempt: 500, expiresAt: far }, { kind: 'again' }],
];

describe('what an outcome means', () => {
  test.each(table)('%s', (_what, outcome, delivery, expected) => {
    expect(settle(outcome, { unknownAnswers: 0, ...delivery }, startMs, random)).toMatchObject(expected);
  });

  test('a receipt stays with the delivery', () => {
    const receipt = { ts: '1772442725.000100' };
    expect(
      settle({ ...delivered, receipt } as AttemptOutcome, { attempt: 1, expiresAt: far, unknownAnswers: 0 }, startMs, random),
    ).toMatchObject({
      receipt,
    });
  });
});
