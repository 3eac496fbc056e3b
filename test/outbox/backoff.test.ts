import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../src/outbox/backoff.ts';

const random = (fraction: number) => ({ fraction: () => fraction, bytes: (count: number) => new Uint8Array(count) });
const almostOne = 1 - Number.EPSILON;

describe('the backoff', () => {
  test('goes up to 1 s after the first attempt and doubles to 15 minutes', () => {
    const longest = [1, 2, 3, 4, 10, 11, 12, 1_000].map((attempt) => backoffMs(attempt, random(almostOne)));
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 512_000, 900_000, 900_000, 900_000]);
  });

  test('has full jitter: down to nothing, and in proportion', () => {
    expect([0, 0.25, 0.5].map((fraction) => backoffMs(4, random(fraction)))).toEqual([0, 2_000, 4_000]);
  });

  test('Retry-After only ever delays, and is never undercut', () => {
    expect(backoffMs(1, random(0.5), 30_000)).toBe(30_000);
    expect(backoffMs(10, random(almostOne), 30_000)).toBe(512_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: almostOne, noNaN: true }),
        fc.nat(),
        (attempt, fraction, afterMs) => {
          const plain = backoffMs(attempt, random(fraction));
          const delayed = backoffMs(attempt, random(fraction), afterMs);
          expect(plain).toBeLessThanOrEqual(900_000);
          expect(delayed).toBe(Math.max(plain, afterMs));
          expect(Number.isInteger(delayed)).toBe(true);
        },
      ),
    );
  });
});
