/** The relay's watch over what looks for events that never came: as long as it fails, a lost webhook is lost. */
import { oneLine, truncate } from '../destination/text.ts';
import type { StoredRun } from '../store/reconciliations.ts';
import type { Topic } from './watch-topic.ts';

/** Automatic runs that fail in a row before it is told. One may fail of a Narrative that is down for an hour. */
export const failuresTold = 3;
/** Characters of what a run failed of. */
const maxDetail = 160;

/** `lastEnded`: the last automatic runs that are done or failed, newest first. `isOn`: there are to be such runs. */
export function watchReconcile(lastEnded: (limit: number) => readonly StoredRun[], isOn: boolean): Topic {
  return {
    topic: 'reconcile',
    look() {
      const ended = isOn ? lastEnded(failuresTold) : [];
      const detail = troubleOf(ended);
      return {
        troubles: detail === null ? [] : [{ about: null, detail }],
        over() {
          if (!isOn) return 'Narrative is not asked for lost events any more: a token, or RELAY_RECONCILE_EVERY, is not set.';
          return ended[0]?.status === 'done' ? 'Narrative can be asked for lost events again, and was.' : null;
        },
      };
    },
    setBack() {},
  };
}

function troubleOf(ended: readonly StoredRun[]): string | null {
  const [last] = ended;
  if (last?.status !== 'failed') return null;
  const because = truncate(oneLine(last.detail ?? ''), maxDetail);
  // That mends itself never.
  if (last.failure === 'unauthorized') return `Narrative's API refuses the token, so lost events are not found: ${because}`;
  if (ended.length < failuresTold || ended.some(({ status }) => status !== 'failed')) return null;
  return `Lost events are not found: Narrative was asked for them ${failuresTold} times in vain: ${because}`;
}
