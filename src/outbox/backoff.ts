import type { Random } from '../ports.ts';

/** First step of the backoff, ms. */
const baseMs = 1_000;
/** Longest step, ms. */
const capMs = 15 * 60_000;

/**
 * Delay before the next attempt, ms: full jitter over a doubling step, so that many deliveries that failed together
 * don't come back together. `attempt` is the one that failed, from 1. `afterMs` (the other side's Retry-After) only ever delays.
 */
export function backoffMs(attempt: number, random: Random, afterMs = 0): number {
  const step = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.max(Math.round(random.fraction() * step), afterMs);
}
