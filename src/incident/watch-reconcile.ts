/** The relay's watch over what looks for events that never came: as long as that fails, a lost webhook is lost. */
import { oneLine, truncate } from '../destination/text.ts';
import { formatDuration } from '../event/time.ts';
import type { ReconciliationStore, StoredRun } from '../store/reconciliations.ts';
import type { Topic } from './watch-topic.ts';

/** Automatic runs that fail in a row before it is told. One may fail of a Narrative that is down for an hour. */
export const failuresTold = 3;
/** No automatic run has got to its end for so many times the time between them, and for so long at least, ms. */
const roundsTold = 3;
const leastSilentMs = 3 * 3_600_000;
/** Characters of what a run says. */
const maxDetail = 160;

/** `everyMs`: between automatic runs; null: there are none. */
export function watchReconcile(
  { lastEnded, lastDone }: Pick<ReconciliationStore, 'lastEnded' | 'lastDone'>,
  everyMs: number | null,
  startedAt: number,
): Topic {
  const limitMs = Math.max(leastSilentMs, roundsTold * (everyMs ?? 0));
  let begin = startedAt;

  function troubleOf(ended: readonly StoredRun[], silentMs: number): string | null {
    const [last] = ended;
    const because = truncate(oneLine(last?.detail ?? ''), maxDetail);
    // That mends itself never.
    if (last?.failure === 'unauthorized') return `Narrative's API refuses the token, so lost events are not found: ${because}`;
    if (ended.length === failuresTold && ended.every(({ status }) => status === 'failed')) {
      return `Lost events are not found: Narrative was asked for them ${failuresTold} times in vain: ${because}`;
    }
    if (silentMs >= limitMs) {
      return `Lost events are not found: no reconciliation has got to its end for ${formatDuration(silentMs / 1000)}; see "relay reconcile --list", and the relay's log.`;
    }
    // Done, but for what could not be looked at.
    if (last?.status === 'done' && last.failure !== null) return `Lost events of some subscriptions are not found: ${because}`;
    return null;
  }

  return {
    topic: 'reconcile',
    look(now) {
      if (everyMs === null) return { troubles: [], over: () => switchedOff };
      const ended = lastEnded(failuresTold);
      const done = lastDone();
      const doneMs = done === null ? -Infinity : endOf(done, now);
      // A relay that was down has had no time to look.
      const detail = troubleOf(ended, now - Math.max(doneMs, begin));
      const isWell = detail === null && ended[0]?.status === 'done' && now - doneMs < limitMs;
      return {
        troubles: detail === null ? [] : [{ about: null, detail }],
        over: () => (isWell ? 'Narrative can be asked for lost events again, and was.' : null),
      };
    },
    setBack(now) {
      begin = Math.min(begin, now);
    },
  };
}

const switchedOff = 'Narrative is not asked for lost events any more: a token, or RELAY_RECONCILE_EVERY, is not set.';

/** By a clock that was set back since, it has not ended yet: its beginning was corrected then. Epoch ms. */
function endOf({ startedMs, finishedMs }: StoredRun, now: number): number {
  return finishedMs !== null && finishedMs <= now ? finishedMs : startedMs;
}
