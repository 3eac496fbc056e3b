/** How fast a destination may be spoken to: a token bucket per pace key, and a pause after "too many requests". */
import type { Pace } from '../destination/destination.ts';

interface Bucket {
  tokens: number;
  filledAt: number;
  pausedUntil: number;
}

export function createPacing() {
  const buckets = new Map<string, Bucket>();

  function bucketOf(key: string, pace: Pace | null, now: number): Bucket {
    let bucket = buckets.get(key);
    if (!bucket) buckets.set(key, (bucket = { tokens: pace?.burst ?? 0, filledAt: now, pausedUntil: 0 }));
    if (pace) {
      const earned = (Math.max(0, now - bucket.filledAt) / 1000) * pace.perSecond;
      bucket.tokens = Math.min(pace.burst, bucket.tokens + earned);
    }
    bucket.filledAt = now;
    return bucket;
  }

  return {
    /** How many requests may start now. */
    available(key: string, pace: Pace | null, now: number): number {
      const bucket = bucketOf(key, pace, now);
      if (now < bucket.pausedUntil) return 0;
      // A hair under a whole token counts as one: sums of fractions don't come out even.
      return pace === null ? Infinity : Math.floor(bucket.tokens + 1e-6);
    },
    take(key: string, pace: Pace | null, now: number, count: number): void {
      if (pace) bucketOf(key, pace, now).tokens -= count;
    },
    /** Nothing starts before `until` (epoch ms). */
    pause(key: string, pace: Pace | null, now: number, until: number): void {
      const bucket = bucketOf(key, pace, now);
      bucket.pausedUntil = Math.max(bucket.pausedUntil, until);
    },
    /** When the next request may start, epoch ms. */
    nextAt(key: string, pace: Pace | null, now: number): number {
      const bucket = bucketOf(key, pace, now);
      const earned = pace === null ? now : now + Math.max(0, Math.ceil(((1 - bucket.tokens) / pace.perSecond) * 1000));
      return Math.max(earned, bucket.pausedUntil);
    },
  };
}

export type Pacing = ReturnType<typeof createPacing>;
