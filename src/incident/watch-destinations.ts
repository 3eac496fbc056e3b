/** The relay's watch over its destinations: those that are broken, and those that nothing gets through to. */
import { oneLine, truncate } from '../destination/text.ts';
import { formatDuration } from '../event/time.ts';
import type { Parked } from '../store/parked.ts';
import type { Undelivered } from '../store/undelivered.ts';
import { settleMs, type Topic } from './watch-topic.ts';

/** Characters of a destination's answer. */
const maxAnswer = 80;

export interface DestinationsSeen {
  parked: () => readonly Parked[];
  undelivered: () => readonly Undelivered[];
  /** Those in the rules. */
  destinations: () => { has(name: string): boolean };
}

export interface ParkedWatch extends Topic {
  /** An operator lets a destination be tried again, mended or not. */
  unparked(destination: string): void;
}

export function watchParked({ parked, destinations }: DestinationsSeen): ParkedWatch {
  /** Those that have not been told of yet. */
  const byHand = new Set<string>();
  return {
    topic: 'destination-parked',
    unparked: (destination) => void byHand.add(destination),
    look() {
      const broken = parked();
      return {
        troubles: broken.map(({ destination, reason, detail }) => ({
          about: destination,
          detail: `Destination ${destination} is broken, and what is for it waits, for 24 h at most: ${whatToDo(reason)} (${truncate(oneLine(detail), maxAnswer)}).`,
        })),
        over(about) {
          const letGo = byHand.delete(about ?? '');
          if (broken.some(({ destination }) => destination === about)) return null;
          if (letGo) return `Destination ${about} was unparked by an operator: what waited for it is being sent.`;
          return destinations().has(about ?? '')
            ? `Destination ${about} works again: what waited for it is being sent.`
            : `Destination ${about} is gone from the rules: what waited for it goes to its fallback, if it had one.`;
        },
      };
    },
    setBack() {},
  };
}

function whatToDo(reason: string): string {
  return reason === 'credential'
    ? 'check its token or key, and replace it where the relay reads it'
    : 'check that its channel or address exists and that the relay may post there';
}

export interface BacklogWatch extends Topic {
  /** What came of an attempt to deliver something: the kind of its outcome. */
  attempted(destination: string, outcome: string): void;
}

/**
 * A backlog is the age of the oldest delivery, not their number: a storm that drains in time is none, and a
 * single page that has been tried in vain for `backlogMs` is. What waits at a parked destination is told of there, so it
 * begins no backlog; nor does being parked end one. It is over below half of that age, and only once the destination has answered:
 * that all deliveries have died is no end, and told as one it would make new ones that die.
 */
export function watchBacklog(
  { parked, undelivered, destinations }: DestinationsSeen,
  backlogMs: () => number,
  startedAt: number,
): BacklogWatch {
  /** Those that have taken or refused something since they were last seen stuck. After a restart, the next answer counts. */
  const answered = new Set<string>();
  /** When each destination was last seen broken, epoch ms: before that, nothing could be sent to it. */
  const brokenAt = new Map<string, number>();
  let begin = startedAt;

  return {
    topic: 'backlog',
    attempted(destination, outcome) {
      if (outcome === 'delivered' || outcome === 'rejected') answered.add(destination);
    },
    look(now) {
      const limit = backlogMs();
      const broken = new Set(parked().map(({ destination }) => destination));
      for (const destination of broken) brokenAt.set(destination, now);
      const open = undelivered();
      const triedFor = (destination: string) => now - (brokenAt.get(destination) ?? begin);
      const stuck = open.filter(
        ({ destination, oldestAt }) =>
          oldestAt !== null &&
          now - oldestAt >= limit &&
          destinations().has(destination) &&
          triedFor(destination) >= Math.min(limit, settleMs),
      );
      for (const { destination } of stuck) answered.delete(destination);
      return {
        troubles: stuck.map(({ destination, pending, oldestAt }) => ({
          about: destination,
          detail: `Deliveries to ${destination} are stuck: ${pending} open, the oldest for ${lasting(now - oldestAt!)}; check that it can be reached, and in the relay's log what it answers.`,
        })),
        over(about) {
          if (about === null || !destinations().has(about))
            return `Destination ${about} is gone from the rules: nothing is sent there.`;
          if (broken.has(about) || !answered.has(about)) return null;
          const left = open.find(({ destination }) => destination === about);
          if (!left) return `Deliveries to ${about} get through again.`;
          // One from a time that has not come yet (the clock was set back) tells nothing.
          const age = left.oldestAt === null ? Infinity : now - left.oldestAt;
          if (age < 0 || age >= limit / 2) return null;
          return `Deliveries to ${about} get through again: the oldest has waited for ${lasting(age)}.`;
        },
      };
    },
    setBack(now) {
      begin = Math.min(begin, now);
      for (const [destination, at] of brokenAt) brokenAt.set(destination, Math.min(at, now));
    },
  };
}

function lasting(ms: number): string {
  return formatDuration(ms / 1000);
}
