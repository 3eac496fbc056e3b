import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createPacing, type Pacing } from '../../src/outbox/pacing.ts';

const start = 1_772_442_725_000;
const slack = { perSecond: 1, burst: 5 };

let pacing: Pacing;
beforeEach(() => {
  pacing = createPacing();
});

describe('pacing', () => {
  test('allows a burst at once, then one for each that is earned', () => {
    expect(pacing.available('c', slack, start)).toBe(5);
    pacing.take('c', slack, start, 5);
    expect(pacing.available('c', slack, start + 999)).toBe(0);
    expect(pacing.available('c', slack, start + 1_000)).toBe(1);
    expect(pacing.available('c', slack, start + 3_500)).toBe(3);
  });

  test('earns no more than a burst, however long it rests', () => {
    pacing.take('c', slack, start, 5);
    expect(pacing.available('c', slack, start + 3_600_000)).toBe(5);
  });

  test('names share a budget by key, and other keys have their own', () => {
    pacing.take('c', slack, start, 5);
    expect([pacing.available('c', slack, start), pacing.available('d', slack, start)]).toEqual([0, 5]);
  });

  test('nextAt is the moment at which one more may start', () => {
    const pace = { perSecond: 2, burst: 1 };
    expect(pacing.nextAt('c', pace, start)).toBe(start);
    pacing.take('c', pace, start, 1);
    expect(pacing.nextAt('c', pace, start)).toBe(start + 500);
    expect(pacing.nextAt('c', pace, start + 200)).toBe(start + 500);
    expect(pacing.available('c', pace, start + 500)).toBe(1);
  });

  test('without a pace there is no limit but a pause', () => {
    expect(pacing.available('c', null, start)).toBe(Infinity);
    pacing.pause('c', null, start, start + 5_000);
    expect([pacing.available('c', null, start + 4_999), pacing.nextAt('c', null, start)]).toEqual([0, start + 5_000]);
    expect(pacing.available('c', null, start + 5_000)).toBe(Infinity);
  });

  test('a pause holds back what is earned, and a shorter one does not end a longer', () => {
    pacing.pause('c', slack, start, start + 60_000);
    pacing.pause('c', slack, start, start + 1_000);
    expect(pacing.available('c', slack, start + 59_999)).toBe(0);
    expect(pacing.available('c', slack, start + 60_000)).toBe(5);
  });

  test('a clock that steps back earns nothing twice at once, and what passes from there on counts', () => {
    pacing.take('c', slack, start, 5);
    expect(pacing.available('c', slack, start - 3_600_000)).toBe(0);
    expect(pacing.available('c', slack, start - 3_600_000 + 2_000)).toBe(2);
  });

  test('over any stretch of time no more starts than the burst and what the rate allows, and as soon as allowed', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(3_000), wanted: fc.nat(8) }), { maxLength: 60 });
    const pace = fc.record({ perSecond: fc.constantFrom(0.5, 1, 2, 10 / 3), burst: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(pace, steps, (pace, steps) => {
        const paced = createPacing();
        const starts: number[] = [];
        let now = start;
        for (const { waitMs, wanted } of steps) {
          now += waitMs;
          const count = Math.min(wanted, paced.available('c', pace, now));
          if (count === 0 && wanted > 0) {
            const next = paced.nextAt('c', pace, now);
            expect(next).toBeGreaterThan(now);
            expect(next - now).toBeLessThanOrEqual(Math.ceil(1000 / pace.perSecond));
          }
          paced.take('c', pace, now, count);
          starts.push(...Array.from({ length: count }, () => now));
        }
        starts.forEach((from, i) =>
          starts.slice(i).forEach((to, more) => {
            expect(more + 1).toBeLessThanOrEqual(pace.burst + ((to - from) / 1000) * pace.perSecond + 1e-3);
          }),
        );
      }),
    );
  });
});
