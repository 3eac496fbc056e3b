/** Runs and what they found, as others see them. */
import { eventId, runId } from '../event/id.ts';
import type { NumberedMissed } from '../store/missed.ts';
import type { StoredRun } from '../store/reconciliations.ts';
import type { MissedState, Run } from './reconciliation.ts';

export function runOf(run: StoredRun, detail: string | null): Run {
  const { trigger, apply, fromMs, untilMs, lookbackMs, subscription, status, startedMs, finishedMs } = run;
  const { offset: jobs, jobsInAll, missing, taken, unreadable } = run;
  return {
    id: runId(run.id),
    trigger,
    apply,
    fromMs,
    untilMs,
    lookbackMs,
    subscription,
    status,
    detail,
    startedMs,
    finishedMs,
    jobs,
    jobsInAll,
    missing,
    taken,
    unreadable,
  };
}

export function missedOf({ atUs, eventSeq, ...state }: NumberedMissed): MissedState {
  return { ...state, atMs: Math.floor(atUs / 1000), eventId: eventSeq === null ? null : eventId(eventSeq) };
}
