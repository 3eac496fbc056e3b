/** Narrative's clock and ours: a state has its time by the one, a window by the other. */
import { formatDuration } from '../event/time.ts';

/** Beyond this, ms, "late" and "lost" are judged by the wrong time. What is less is lost in the latency, and made good by overlaps. */
const maxDifferenceMs = 60_000;

/** How far Narrative's clock is ahead of ours (see `NarrativeApi`), where that matters; 0: they agree, or nobody knows. ms. */
export function clockDifference(aheadMs: number | null): number {
  return aheadMs === null || Math.abs(aheadMs) <= maxDifferenceMs ? 0 : aheadMs;
}

/** Null where they agree, or nobody knows. */
export function clockWords(aheadMs: number | null): string | null {
  const difference = clockDifference(aheadMs);
  if (difference === 0) return null;
  const duration = formatDuration(Math.abs(difference) / 1000);
  return `this machine's clock is ${duration} ${difference > 0 ? 'behind' : 'ahead of'} Narrative's`;
}
