/**
 * What a rule's `hold`, `repeat` and `recover` make of a subject that fails, of time that passes, and of the end. Pure: the
 * state in, a verdict with its reason out; who acts on it records it.
 */
import type { IncidentPolicy } from '../rules/rule.ts';

/** What a rule has said so far about a subject. */
export interface AlertState {
  incident: number;
  /** held: waits for `dueAt`. silenced: was to be told. told: somebody was told. */
  phase: 'held' | 'silenced' | 'told';
  /** Epoch ms. */
  dueAt: number | null;
  /** When somebody was last told, epoch ms; null: nobody was. */
  toldAt: number | null;
  /** Told in this incident, not only in one before it. */
  toldHere: boolean;
}

/** Narrative's time, µs; 0: never. */
interface LastTimes {
  failedUs: number;
  completedUs: number;
}

/** A failure is old news when the subject has completed after it, in whatever order we heard of the two. */
export const isOldNews = ({ completedUs }: LastTimes, failedAtUs: number): boolean => completedUs > failedAtUs;

/** A completion mends what failed before it. At the same moment the failure counts. */
export const mends = ({ failedUs }: LastTimes, completedAtUs: number): boolean => failedUs < completedAtUs;

/** A silence that covers the event now. `untilMs: null`: until it is lifted. */
export interface Silencing {
  name: string;
  untilMs: number | null;
}

export type Verdict =
  | { kind: 'tell'; act: 'open' | 'remind' }
  /** Told at `until`, unless the subject completes. */
  | { kind: 'hold'; until: number }
  /** Counted; told at `until` if the subject still fails then. */
  | { kind: 'repeat'; until: number }
  /** Told when the silence ends, if the subject still fails then. `act`: what it would have been. */
  | { kind: 'silence'; act: 'open' | 'remind'; by: string; until: number | null };

type Timing = Pick<IncidentPolicy, 'holdMs' | 'repeatMs'>;

/** The subject failed. `state`: null when the rule has said nothing about it that still counts. */
export function onFailure(
  policy: Timing,
  state: AlertState | null,
  incident: number,
  silence: Silencing | null,
  now: number,
): Verdict {
  const here = state !== null && state.incident === incident ? state : null;
  if (here?.phase === 'held') return { kind: 'hold', until: here.dueAt ?? now };
  if (here?.phase === 'silenced') return unlessSilenced(here.toldHere ? 'remind' : 'open', silence);
  const quietUntil = repeatEnds(policy, state, now);
  // A subject that failed anew gets its time to recover by itself, even where it was told of not long ago.
  if (!here?.toldHere && policy.holdMs !== null) return { kind: 'hold', until: Math.max(now + policy.holdMs, quietUntil) };
  if (quietUntil > now) return { kind: 'repeat', until: quietUntil };
  return unlessSilenced(here?.toldHere ? 'remind' : 'open', silence);
}

/** Its time has come, and the subject still fails. `silence`: of the failure that would be told. */
export function onDue(state: AlertState, silence: Silencing | null): Verdict {
  return unlessSilenced(state.toldHere ? 'remind' : 'open', silence);
}

/**
 * When a further failure may be told; the past: now. A clock that was set back counts as no time at all, and a reminder that is
 * to come by then comes: otherwise each failure would postpone it.
 */
function repeatEnds({ repeatMs }: Timing, state: AlertState | null, now: number): number {
  if (repeatMs === null || state === null || state.toldAt === null) return -Infinity;
  const pending = state.phase === 'told' ? state.dueAt : null;
  return Math.min(state.toldAt + repeatMs, now + repeatMs, pending ?? Infinity);
}

function unlessSilenced(act: 'open' | 'remind', silence: Silencing | null): Verdict {
  return silence === null ? { kind: 'tell', act } : { kind: 'silence', act, by: silence.name, until: silence.untilMs };
}
