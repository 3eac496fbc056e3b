/** Which mute or silence keeps an event quiet. */
import { silenceId } from '../event/id.ts';
import { parseMatch } from '../rules/match-text.ts';
import { candidateOf, firstMismatch, type Candidate } from '../rules/matcher.ts';
import type { Routable } from '../rules/plan.ts';
import type { Mute } from '../rules/rule-set.ts';
import type { StoredSilence } from '../store/silences.ts';
import type { Silencing } from './policy.ts';

export interface Silences {
  /** What keeps an event silent now, and the longest; null for nothing. Cheap when there are no silences. */
  covering(routable: Routable, now: number): Silencing | null;
}

/** Of all that cover the event at `now` (epoch ms), the one that lasts longest. Where none is in its time, nothing is matched. */
export function longestCovering(lists: readonly (readonly Mute[])[], routable: Routable, now: number): Silencing | null {
  let longest: Silencing | null = null;
  let candidate: Candidate | null = null;
  for (const mutes of lists) {
    for (const { name, matcher, fromMs, untilMs } of mutes) {
      if (!isInForce({ fromMs, untilMs }, now)) continue;
      if (longest !== null && (longest.untilMs ?? Infinity) >= (untilMs ?? Infinity)) continue;
      candidate ??= candidateOf(routable);
      if (firstMismatch(matcher, candidate) === null) longest = { name, untilMs };
    }
  }
  return longest;
}

/** The end is the first moment that is not silent. */
export function isInForce({ fromMs, untilMs }: Pick<Mute, 'fromMs' | 'untilMs'>, now: number): boolean {
  return (fromMs === null || fromMs <= now) && (untilMs === null || untilMs > now);
}

/**
 * Stored silences, compiled. One whose match this version doesn't understand is left out and given to `unread`: it was
 * valid when it was stored, so another version wrote it, and alerts that come are better than none.
 */
export function compileSilences(
  stored: readonly StoredSilence[],
  unread: (id: string, problems: readonly string[]) => void,
): Mute[] {
  return stored.flatMap(({ id, match, fromMs, untilMs, reason, author }) => {
    const parsed = parseMatch(JSON.parse(match));
    if (parsed.ok) return [{ name: silenceId(id), matcher: parsed.matcher, fromMs, untilMs, reason, author }];
    unread(silenceId(id), parsed.problems);
    return [];
  });
}
