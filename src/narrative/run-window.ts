/** The time that a run looks at. All times are epoch ms. */
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { RunRequest, RunStarted } from './reconciliation.ts';

const dayMs = 24 * 3_600_000;
/** What is younger may be on its way still. */
export const settlesMs = 60_000;
/** Windows of automatic runs overlap by so much: Narrative's clock and ours differ, and its job list may lag behind. */
const overlapMs = 300_000;
/**
 * The time before the first start ever that is looked at, at most, because our clock was ahead then. No more: one answer with a wrong
 * `Date` would have everything told that failed before the relay was there. A clock that is ahead by more, which the log and each run
 * tell, may leave out what was lost at first.
 */
const maxBeforeBeginMs = 3_600_000;
/** The longest lookback that makes sense of anything. */
const maxLookbackMs = 3_660 * dayMs;

/** States from before it are not looked for: what was known of them is forgotten, and they would be told again. */
export function oldestFrom(now: number, retentionMs: number): number {
  return now - Math.max(retentionMs - dayMs, retentionMs / 2);
}

export function newestUntil(now: number): number {
  return now - settlesMs;
}

/**
 * `doneUntil`: of the last automatic run that got to its end; one in the future was made by a clock that was ahead, and says nothing.
 * `begin`: what was before is nobody's alert. Null: nothing to look at yet.
 */
export function automaticWindow(
  { doneUntil, begin, retentionMs }: { doneUntil: number | null; begin: number; retentionMs: number },
  now: number,
): { fromMs: number; untilMs: number } | null {
  const untilMs = newestUntil(now);
  const goesOnFrom = doneUntil === null || doneUntil > now ? begin : doneUntil - overlapMs;
  // What was done before the beginning is by Narrative's clock, and the beginning by ours, which was ahead.
  const floor = doneUntil !== null && doneUntil < begin ? begin - maxBeforeBeginMs : begin;
  const fromMs = Math.ceil(Math.max(floor, goesOnFrom, oldestFrom(now, retentionMs)));
  return fromMs < untilMs ? { fromMs, untilMs } : null;
}

/**
 * The same window where our clock turns out to be ahead of Narrative's by `aheadMs`: it ends before Narrative's present, and where it
 * begins with the first start ever, it begins when Narrative's clock showed that, or an hour before by ours. Looking once more changes
 * nothing.
 */
export function windowByNarrative(
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
  { begin, aheadMs }: { begin: number; aheadMs: number },
  now: number,
): { fromMs: number; untilMs: number } {
  return {
    fromMs: fromMs === begin ? begin - Math.min(aheadMs, maxBeforeBeginMs) : fromMs,
    untilMs: Math.min(untilMs, newestUntil(now - aheadMs)),
  };
}

type Wrong = Extract<RunStarted, { kind: 'wrong' }>;

/** What is wrong with a request; else its window. */
export function requestedWindow(
  request: RunRequest,
  configured: ReadonlyMap<string, SubscriptionConfig>,
  { lookbackMs, retentionMs }: { lookbackMs: number; retentionMs: number },
  now: number,
): Wrong | { kind: 'window'; fromMs: number; untilMs: number; lookbackMs: number } {
  const wrong = (field: Wrong['field'], detail: string): Wrong => ({ kind: 'wrong', field, detail });
  const { fromMs, subscription } = request;
  const untilMs = request.untilMs ?? newestUntil(now);
  const window = { kind: 'window', fromMs, untilMs, lookbackMs: request.lookbackMs ?? lookbackMs } as const;
  const oldest = oldestFrom(now, retentionMs);
  if (untilMs > now) return wrong('until', `${iso(untilMs)} has not come yet: it is ${iso(now)} now`);
  if (!(fromMs < untilMs)) {
    const till = request.untilMs === null ? `${iso(untilMs)}: what is younger than a minute may be on its way` : iso(untilMs);
    return wrong('from', `${iso(fromMs)} has to be before the end, ${till}`);
  }
  if (fromMs < oldest) {
    return wrong(
      'from',
      `${iso(fromMs)} is too long ago: what came before ${iso(oldest)} is forgotten soon, and would be told again (RELAY_RETENTION_DAYS)`,
    );
  }
  if (!(window.lookbackMs >= 0 && window.lookbackMs <= maxLookbackMs)) {
    return wrong('lookback', 'has to be a duration of at most ten years, such as 24h');
  }
  if (subscription !== null && !configured.has(subscription)) {
    return wrong('subscription', `the rules have no ${subscription}; they have ${[...configured.keys()].join(', ')}`);
  }
  return window;
}

function iso(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
