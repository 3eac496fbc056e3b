/** One alarm for several users: a Durable Object has no second one. */
import type { Alarm, Clock } from './ports.ts';

export interface SharedAlarm {
  /** A wake-up of one's own; `ring` is called when it is due, and when the clock was set back: it may not know what time it is. */
  branch(ring: () => void): Alarm;
  /** The one alarm's call. */
  ring(): void;
}

/** A clock that is behind itself by more than this, ms, was set back. */
const setBackMs = 1_000;

export function shareAlarm(alarm: Alarm, clock: Clock): SharedAlarm {
  const branches: { atMs: number | null; ring: () => void }[] = [];
  /** What the one alarm was armed for: by that time it has come, whatever the clock was set to meanwhile. */
  let armedFor: number | null = null;
  /** What the clock showed when we last looked. */
  let latest = -Infinity;
  /** Times that were armed before lie further ahead than they did. */
  let wasSetBack = false;

  function armFirst(): void {
    const now = clock.now();
    wasSetBack ||= now < latest - setBackMs;
    latest = now;
    const times = branches.flatMap(({ atMs }) => (atMs === null ? [] : [atMs]));
    armedFor = times.length === 0 ? null : wasSetBack ? now : Math.min(...times);
    if (armedFor === null) alarm.disarm();
    else alarm.arm(armedFor);
  }

  return {
    branch(ring) {
      const own: (typeof branches)[number] = { atMs: null, ring };
      branches.push(own);
      return {
        arm(atMs) {
          own.atMs = atMs;
          armFirst();
        },
        disarm() {
          own.atMs = null;
          armFirst();
        },
      };
    },
    ring() {
      const reached = armedFor ?? -Infinity;
      const rang = wasSetBack || clock.now() < reached - setBackMs ? Infinity : reached;
      wasSetBack = false;
      const due = branches.filter(({ atMs }) => atMs !== null && atMs <= rang);
      for (const branch of due) branch.atMs = null;
      latest = clock.now();
      armFirst();
      for (const branch of due) branch.ring();
    },
  };
}
