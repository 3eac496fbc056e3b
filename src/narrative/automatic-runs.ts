/** Runs that nobody asks for: at start, and then every so often. All functions but `dueAt` belong inside the caller's transaction. */
import type { NewRun, ReconciliationStore } from '../store/reconciliations.ts';
import { unidentified } from './promised.ts';
import { automaticWindow, settlesMs } from './run-window.ts';

/** From a start to a second look, ms: what was lost in the last minute before it was too young for the first. */
const secondLookMs = settlesMs + 30_000;

export interface AutomaticRunsOptions {
  runs: ReconciliationStore;
  /** When a webhook last came, epoch ms; null: never. */
  lastEventAt: () => number | null;
  /** Between their beginnings, ms. */
  everyMs: number;
  lookbackMs: number;
  retentionMs: number;
}

export type AutomaticRun = Pick<NewRun, 'trigger' | 'apply' | 'fromMs' | 'untilMs' | 'lookbackMs' | 'subscription'>;

export function createAutomaticRuns({ runs, lastEventAt, everyMs, lookbackMs, retentionMs }: AutomaticRunsOptions) {
  /** One that is due whatever the time. */
  let wanted: 'start' | 'schedule' | null = null;
  /** When one was last due, epoch ms: it may have found no time to look at. */
  let lastDueAt = -Infinity;
  /** Epoch ms; null: it has been taken. */
  let secondLookAt: number | null = null;
  /** Since when the rules in force are, epoch ms. */
  let rulesSince = -Infinity;

  /** Where the next goes on from. What could not be told apart by other rules was not looked for: for that it goes further back. */
  function doneUntil(): number | null {
    const last = runs.lastDone();
    const reliable = last !== null && last.startedMs < rulesSince ? runs.lastWhole() : last;
    return reliable?.untilMs ?? null;
  }

  return {
    /** What was before the first start ever is nobody's alert: that time is noted, and no more. */
    start(now: number): void {
      runs.setBack(now);
      runs.begin(lastEventAt() ?? now);
      rulesSince = now;
      wanted = 'start';
    },
    /** Other rules are in force: what could not be told apart at Narrative may be now. */
    rulesChanged(now: number): void {
      rulesSince = now;
      if (runs.lastEnded(1)[0]?.failure === unidentified) wanted ??= 'schedule';
    },
    /**
     * Epoch ms; the past: now. Counted from the beginning of the last one; from its end while a run of an operator waits, whose turn
     * would never come otherwise where each takes longer than the time between them.
     */
    dueAt(now: number, isOperatorWaiting: boolean): number {
      if (wanted !== null) return -Infinity;
      const last = runs.lastAutomatic();
      const began = Math.max(last?.startedMs ?? -Infinity, lastDueAt);
      const ended = last?.finishedMs ?? -Infinity;
      // An end in the future is by a clock that was set back since.
      const regular = (isOperatorWaiting && ended <= now ? Math.max(began, ended) : began) + everyMs;
      return Math.min(regular, secondLookAt ?? Infinity);
    },
    /** The one that is due; null when there is no time to look at yet. */
    next(now: number): AutomaticRun | null {
      const trigger = wanted ?? 'schedule';
      wanted = null;
      lastDueAt = now;
      secondLookAt = null;
      const window = automaticWindow({ doneUntil: doneUntil(), begin: runs.begin(now), retentionMs }, now);
      if (window && trigger === 'start') secondLookAt = now + secondLookMs;
      return window && { trigger, apply: true, ...window, lookbackMs, subscription: null };
    },
    /** The clock was set back to `now`. */
    setBack(now: number): void {
      lastDueAt = Math.min(lastDueAt, now);
      rulesSince = Math.min(rulesSince, now);
      if (secondLookAt !== null) secondLookAt = Math.min(secondLookAt, now + secondLookMs);
    },
  };
}
