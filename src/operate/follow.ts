/**
 * Events as they are taken. Nothing is queued for a follower: it keeps the number of the last event that it has looked at, and asks the
 * store for what came since when its reader is ready for more.
 */
import { asSpelled, eventSeq } from '../event/id.ts';
import type { AfterTurn, Sql } from '../ports.ts';
import { createEventList } from '../store/event-list.ts';
import { eventSummaryOf } from './event-view.ts';
import { refusalOf } from './events.ts';
import type { EventOperations } from './operations.ts';
import type { EventFilter } from './shapes/query.ts';
import type { EventSummaryView } from './shapes/views.ts';
import { ok, refused } from './text.ts';

/** Events given at once. */
const maxBatch = 200;
/** Events looked at in one turn. */
const maxLooked = 5_000;
/** Who comes back after a break is told of so many events at most. */
const maxMissed = 1_000;
const maxFollowers = 20;

export interface FollowOptions {
  sql: Sql;
  /** Between two looks at the store everything else has its turn. */
  afterTurn: AfterTurn;
}

export interface Follow {
  /** The filter's time range is not looked at: what is to come has no time yet. */
  follow: EventOperations['follow'];
  /** To be called after each commit that took events. */
  taken(): void;
  /** Ends all that are under way, and takes no more. */
  stop(): void;
}

export function createFollow({ sql, afterTurn }: FollowOptions): Follow {
  const events = createEventList(sql);
  /** For each who follows: lets him go. */
  const followers = new Set<() => void>();
  /** Of those who wait for news. Who is woken looks for himself, be it news or the end. */
  let wakes: (() => void)[] = [];
  let stopped = false;

  function wakeAll(): void {
    const woken = wakes;
    wakes = [];
    for (const wake of woken) wake();
  }

  const news = () => new Promise<void>((resolve) => wakes.push(resolve));
  const turn = () => new Promise<void>((resolve) => afterTurn(resolve));

  async function* batches(filter: EventFilter, from: number, leave: () => void) {
    let last = from;
    try {
      while (followers.has(leave)) {
        const { rows, reached } = events.newer(filter, last, { most: maxLooked, limit: maxBatch });
        last = reached ?? last;
        if (rows.length > 0) yield rows.map(eventSummaryOf);
        else if (reached === null) await news();
        // Commits of one turn are looked at together, and a long way is gone in steps.
        await turn();
      }
    } finally {
      leave();
    }
  }

  /** One who never begins to read has his place until the signal, too. */
  function enter(signal: AbortSignal): () => void {
    const leave = () => {
      signal.removeEventListener('abort', leave);
      followers.delete(leave);
      wakeAll();
    };
    signal.addEventListener('abort', leave);
    if (!signal.aborted) followers.add(leave);
    return leave;
  }

  return {
    follow(filter, after, signal) {
      const refusal = refusalOf({ ...filter, fromMs: null, untilMs: null });
      if (refusal) return refusal;
      const seq = after === null ? null : eventSeq(asSpelled(after));
      if (after !== null && seq === null) {
        return refused('invalid', 'after: is no id of an event, such as evt_1M7ZPRB9M00; leave it out to begin now', 'after');
      }
      if (stopped) return refused('busy', 'The relay is stopping: try again when it is back.');
      if (followers.size >= maxFollowers) {
        return refused(
          'busy',
          `${maxFollowers} follow events already, and no more can: end one of them, or ask for the list of events.`,
        );
      }
      const newest = events.newest();
      const isWithinReach = seq !== null && seq <= newest && seq >= events.before(maxMissed);
      return ok<AsyncIterable<readonly EventSummaryView[]>>(batches(filter, isWithinReach ? seq : newest, enter(signal)));
    },
    taken: wakeAll,
    stop() {
      stopped = true;
      for (const leave of followers) leave();
    },
  };
}
