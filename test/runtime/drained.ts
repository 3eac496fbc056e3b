import { setTimeout as sleep } from 'node:timers/promises';
import { readOpen } from './account.ts';

export interface Patience {
  /** How long nothing may end before it counts as stuck, ms. Longer than the backoff of a delivery that failed a few times. */
  stillMs: number;
  onOpen?: (count: number) => void;
}

const lookEveryMs = 100;

/** Resolves when nothing is open any more and nothing is to be told later; rejects, with what is open, when it no longer gets less. */
export async function untilDrained(databasePath: string, { stillMs, onOpen }: Patience): Promise<void> {
  let fewest = Infinity;
  let changedAt = performance.now();
  for (;;) {
    const { count, kinds } = readOpen(databasePath);
    onOpen?.(count);
    if (count === 0) return;
    const now = performance.now();
    if (count < fewest) changedAt = now;
    fewest = Math.min(fewest, count);
    if (now - changedAt > stillMs) throw new Error(`for ${stillMs / 1000} s nothing has ended. Open: ${kinds}`);
    await sleep(lookEveryMs);
  }
}
