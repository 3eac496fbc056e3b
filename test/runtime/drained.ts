import { setTimeout as sleep } from 'node:timers/promises';
import { readOpen } from './account.ts';

export interface Patience {
  /** How long nothing may end before it counts as stuck, ms. Longer than the backoff of a delivery that failed a few times. */
  stillMs: number;
  onOpen?: (count: number) => void;
}

const lookEveryMs = 100;

/** Resolves when no delivery is open any more; rejects, with what is open, when they no longer get fewer. */
export async function untilDrained(databasePath: string, { stillMs, onOpen }: Patience): Promise<void> {
  let fewest = Infinity;
  let changedAt = performance.now();
  for (;;) {
    const { count, statuses } = readOpen(databasePath);
    onOpen?.(count);
    if (count === 0) return;
    const now = performance.now();
    if (count < fewest) changedAt = now;
    fewest = Math.min(fewest, count);
    if (now - changedAt > stillMs) throw new Error(`for ${stillMs / 1000} s no delivery has ended. Open: ${statuses}`);
    await sleep(lookEveryMs);
  }
}
