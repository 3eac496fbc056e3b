/** The words of a digest. Pure. */
import type { Notice } from '../destination/destination.ts';
import { oneLine, truncate } from '../destination/text.ts';
import { formatDuration } from '../event/time.ts';
import type { Totals, TypeTotals } from '../store/collected.ts';
import { pastClockIn } from './calendar.ts';

/** Job types that get a line; the rest is counted. */
export const maxTypes = 10;
/** Of the slowest. */
export const maxSlowest = 3;
/** Characters of a job type, which is an open set. */
const maxType = 60;

export function digestNotice(
  { states, types, typeCount, slowest }: Totals,
  at: { timezone: string; sinceMs: number; now: number },
): Notice {
  const counts = states.map(({ state, count }) => `${count} ${words(state)}`).join(', ');
  const width = Math.max(...types.map(({ count }) => String(count).length));
  const lines = types.map((each) => typeLine(each, width));
  if (typeCount > types.length) lines.push(`… and ${typeCount - types.length} more job types`);
  const ranking = slowest.map(({ jobType, datasetId, durationS }) => {
    const dataset = datasetId === null ? '' : `, dataset ${datasetId}`;
    return `${formatDuration(durationS)} – ${shortType(jobType)}${dataset}`;
  });
  return {
    title: `Digest: ${counts} since ${pastClockIn(at.timezone, at.sinceMs, at.now)}`,
    // One job has nothing to be compared with.
    text: [...lines, ...(ranking.length > 1 ? ['', 'Slowest:', ...ranking] : [])].join('\n'),
    tone: 'neutral',
  };
}

/**
 * `98 materialize-view, 2 failed · mean 4 min 10 s, longest 1 h 12 min`. The number comes first, since it is all that can be
 * put in a column where letters have widths; the rest may wrap on a phone.
 */
function typeLine({ jobType, count, failed, meanS, longestS }: TypeTotals, width: number): string {
  const number = String(count).padStart(width, figureSpace);
  return [`${number} ${shortType(jobType)}${failed > 0 ? `, ${failed} failed` : ''}`, ...durations(meanS, longestS, count)].join(
    ' · ',
  );
}

function durations(meanS: number | null, longestS: number | null, count: number): string[] {
  if (meanS === null || longestS === null) return [];
  return count === 1 ? [formatDuration(longestS)] : [`mean ${formatDuration(meanS)}, longest ${formatDuration(longestS)}`];
}

/** As wide as a digit, in any typeface that cares. */
const figureSpace = '\u2007';

function shortType(jobType: string): string {
  return truncate(oneLine(jobType), maxType);
}

function words(state: string): string {
  return truncate(oneLine(state), maxType).replaceAll('_', ' ');
}
