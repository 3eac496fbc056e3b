/** What has come of the steps so far: added up, and carried from one form to the next. */
import { z } from 'zod';
import type { BulkAnswerView } from '../../operate/shapes/views.ts';

const skip = z.strictObject({ reason: z.string().max(200), count: z.int().min(1), example: z.string().max(60) });

const bulkCount = z.strictObject({
  matched: z.int().min(0),
  done: z.int().min(0),
  /** The largest first. */
  skipped: z.array(skip).max(50),
});

export type BulkCount = z.infer<typeof bulkCount>;

export const nothingYet: BulkCount = { matched: 0, done: 0, skipped: [] };

export function withStep(count: BulkCount, { matched, done, skipped }: BulkAnswerView): BulkCount {
  const reasons = new Map(count.skipped.map((each) => [each.reason, each]));
  for (const each of skipped) {
    const known = reasons.get(each.reason);
    reasons.set(each.reason, known ? { ...known, count: known.count + each.count } : each);
  }
  return {
    matched: count.matched + matched,
    done: count.done + done,
    skipped: [...reasons.values()].sort((a, b) => b.count - a.count),
  };
}

export function writtenCount(count: BulkCount): string {
  return JSON.stringify(count);
}

/** Null for what `writtenCount` did not write. It came back from a form: only what is shown hangs on it. */
export function countIn(text: string): BulkCount | null {
  try {
    return bulkCount.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
