/** The relay's watch over what comes in: too much that nobody signed, or nothing at all. */
import { formatDuration } from '../event/time.ts';
import { createMinuteRate } from './watch-rate.ts';
import { settleMs, type Topic } from './watch-topic.ts';

/** A flood of unverified requests is over when the rate has been below the limit for so long, ms. */
const quietMs = 600_000;

export interface UnverifiedWatch extends Topic {
  /** A request was refused. `about`: the subscription that it named; null at the common address. Cheap, and bounded by the rules. */
  refused(about: string | null, now: number): void;
}

export function watchUnverified(perMinute: () => number, startedAt: number): UnverifiedWatch {
  interface Seen {
    rate: ReturnType<typeof createMinuteRate>;
    /** When the limit was last reached, epoch ms, and the requests in the minute before that; null: never. */
    flood: { at: number; requests: number } | null;
  }
  const seen = new Map<string | null, Seen>();
  let begin = startedAt;

  return {
    topic: 'unverified',
    refused(about, now) {
      const one: Seen = seen.get(about) ?? { rate: createMinuteRate(), flood: null };
      seen.set(about, one);
      const requests = one.rate.add(now);
      if (requests >= perMinute()) one.flood = { at: now, requests };
    },
    look(now) {
      const floods = [...seen].flatMap(([about, { flood }]) => (flood && now - flood.at < quietMs ? [{ about, ...flood }] : []));
      return {
        troubles: floods.map(({ about, requests }) => ({
          about,
          detail: `${requests} requests in a minute ${whereTo(about)} had no valid proof and were refused: if Narrative's secret has changed, add the new one to the rules; if not, somebody is guessing, in vain.`,
        })),
        over(about) {
          const lastAt = seen.get(about)?.flood?.at ?? begin;
          if (now - lastAt < quietMs) return null;
          return `Fewer than ${perMinute()} requests in a minute ${whereTo(about)} have been refused for ${formatDuration(quietMs / 1000)}.`;
        },
      };
    },
    setBack(now) {
      begin = Math.min(begin, now);
      for (const { flood } of seen.values()) if (flood) flood.at = Math.min(flood.at, now);
    },
  };
}

function whereTo(about: string | null): string {
  return about === null ? 'to the common address' : `for the subscription ${about}`;
}

/** `limitMs`: null for nobody who waits. `lastEventAt`: epoch ms; null: never, so that the start counts. */
export function watchNoEvents(limitMs: () => number | null, lastEventAt: () => number | null, startedAt: number): Topic {
  let begin = startedAt;
  /** The last event came at a time that has not come yet by a clock that was set back: when that was noticed counts. */
  let ahead: { last: number; noticedAt: number } | null = null;

  function noteAhead(last: number, now: number): boolean {
    if (last > now && ahead?.last !== last) ahead = { last, noticedAt: now };
    return ahead?.last === last;
  }

  return {
    topic: 'no-events',
    look(now) {
      const limit = limitMs();
      if (limit === null) return { troubles: [], over: () => 'Nobody waits for events any more: watch.no_events is not set.' };
      const last = lastEventAt();
      const isAhead = last !== null && noteAhead(last, now);
      const silentMs = now - (isAhead ? ahead!.noticedAt : (last ?? begin));
      const isTrouble = silentMs >= limit && now - begin >= Math.min(limit, settleMs);
      const since = last === null ? 'since the relay was started, ' : '';
      return {
        troubles: isTrouble
          ? [
              {
                about: null,
                detail: `No event has come ${since}for ${formatDuration(silentMs / 1000)}: check in Narrative that the webhook subscriptions are active and call this relay, and that it can be reached from outside.`,
              },
            ]
          : [],
        over: () =>
          last === null || isAhead || silentMs >= limit
            ? null
            : `Events come again: the last one ${formatDuration(silentMs / 1000)} ago.`,
      };
    },
    setBack(now) {
      begin = Math.min(begin, now);
      if (ahead) ahead.noticedAt = Math.min(ahead.noticedAt, now);
    },
  };
}
