/** What findings have in common. */
import { formatDuration } from '../../event/time.ts';
import type { Finding } from '../../finding.ts';
import { ok, skipped, warning, type Told } from '../../narrative/check-told.ts';
import { clockDifference } from '../../narrative/clocks.ts';

/** Of a check that has no settings to go by. */
export const withoutSettings = skipped('not looked at while the settings are wrong');

/** Of an area: name and what is told, in pairs. */
export function findingsOf(area: string, told: readonly (readonly [name: string, told: Told])[]): Finding[] {
  return told.map(([name, each]) => ({ area, name, ...each }));
}

/** `whose`: such as `Slack's`. `aheadMs`: how far that clock is ahead of ours; null: it was not told. */
export function clock(whose: string, aheadMs: number | null): Told {
  if (aheadMs === null) return skipped(`the answer did not say what time it is by ${whose} clock`);
  const difference = clockDifference(aheadMs);
  if (difference === 0) return ok(`this machine's and ${whose} agree`);
  const apart = formatDuration(Math.abs(difference) / 1000);
  return warning(
    `this machine's clock is ${apart} ${difference > 0 ? 'behind' : 'ahead of'} ${whose}`,
    'set both by NTP: when alerts are due, late or silenced is judged by the clock of the relay',
  );
}

/** `1 event`, `1,204 events`. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}

/** `2026-11-22 03:04 UTC`. */
export function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function ago(ms: number, nowMs: number): string {
  return `${formatDuration(Math.max(0, nowMs - ms) / 1000)} ago`;
}

const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `640 KB`, `1.4 GB`: powers of 1024. */
export function bytes(count: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  const amount = count / 1024 ** power;
  return `${amount < 10 && power > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[power]}`;
}
