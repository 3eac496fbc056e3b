/** What becomes of a run when one of its requests has failed: the same is asked again when that helps, and less when that does. */
import type { Progress, StoredRun } from '../store/reconciliations.ts';
import type { ApiFailure } from './api.ts';

/** Records of a page, unless they are too many for an answer. */
export const fullPage = 200;
/** First step of the backoff, which doubles, and the longest. ms. */
const firstBackoffMs = 1_000;
const longestBackoffMs = 300_000;
/** Requests that fail in a row before the run does. */
const maxFailures = 12;
/** A run waits for no request that would come later than so long after its beginning, ms: others wait for it. */
const longestMs = 6 * 3_600_000;
/** Records in a row that are left out for their size before the run fails: it is not they that are too large then. */
const maxTooLarge = 20;

export type AfterFailure =
  | { kind: 'again'; progress: Partial<Progress> & Pick<Progress, 'nextAt'> }
  | { kind: 'over'; detail: string; failure: ApiFailure['kind'] };

export interface FailedRequest {
  call: 'webhooks' | 'jobs';
  failure: ApiFailure;
  now: number;
  /** Between two requests, at least, ms. */
  stepEveryMs: number;
  /** In [0, 1). */
  fraction: number;
}

export function createAfterFailure(): (run: StoredRun, request: FailedRequest) => AfterFailure {
  /** The record that was left out last. In memory: after a restart some more are left out. */
  let last: { run: number; offset: number; inARow: number } | null = null;

  return (run, request) => {
    const { kind } = request.failure;
    // Subscriptions can't be asked for in pieces.
    if (kind === 'too-large' && request.call === 'jobs') return afterTooLarge(run, request);
    return passes(kind) ? afterPassing(run, request) : over(request);
  };

  /** A record that is too large even by itself is left out: no run would ever come behind it. */
  function afterTooLarge(run: StoredRun, request: FailedRequest): AfterFailure {
    const { perPage, offset, unreadable } = run;
    const { now, stepEveryMs } = request;
    const progress = { failures: 0, detail: null, nextAt: now + stepEveryMs };
    if (perPage > 1) return { kind: 'again', progress: { ...progress, perPage: Math.floor(perPage / 2) } };
    last = { run: run.id, offset, inARow: inARowWith(run) };
    if (last.inARow >= maxTooLarge) return over(request, `Given up after ${maxTooLarge} jobs in a row, each of them too large`);
    if (now > run.startedMs + longestMs) return over(request, 'Given up, as it began more than 6 h ago and goes on job by job');
    return { kind: 'again', progress: { ...progress, perPage: fullPage, offset: offset + 1, unreadable: unreadable + 1 } };
  }

  /** Counts this one too. The same once more: the store refused it at first. */
  function inARowWith({ id, offset }: StoredRun): number {
    if (last?.run !== id) return 1;
    if (offset === last.offset) return last.inARow;
    return offset === last.offset + 1 ? last.inARow + 1 : 1;
  }
}

/** Of a failure that may pass. */
function afterPassing(run: StoredRun, request: FailedRequest): AfterFailure {
  const { call, failure, now, fraction } = request;
  const { kind, detail, afterMs = 0 } = failure;
  const failures = run.failures + 1;
  if (failures >= maxFailures) return over(request, `Given up after ${failures} requests in a row`);
  const step = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failures - 1));
  // Half of it is left to chance, so that relays which failed together don't come back together.
  const nextAt = now + Math.max(Math.round(step * (0.5 + fraction / 2)), afterMs);
  if (nextAt > run.startedMs + longestMs) {
    return over(request, `Given up, for it could ask again only at ${iso(nextAt)}, more than 6 h after it began`);
  }
  const perPage = call === 'jobs' && isForSize(kind) ? Math.max(1, Math.floor(run.perPage / 2)) : run.perPage;
  return { kind: 'again', progress: { failures, perPage, nextAt, detail: `Asks again at ${iso(nextAt)}: ${detail}` } };
}

function over({ failure: { kind, detail } }: FailedRequest, why: string | null = null): AfterFailure {
  return { kind: 'over', detail: why === null ? detail : `${why}: ${detail}`, failure: kind };
}

/** Whether an answer may have failed to come, or to come whole, because so much was asked for. */
function isForSize(kind: ApiFailure['kind']): boolean {
  return kind === 'timeout' || kind === 'not-json';
}

/** Whether the same request may succeed later. */
function passes(kind: ApiFailure['kind']): boolean {
  switch (kind) {
    case 'rate-limited':
    case 'server-error':
    case 'unreachable':
    case 'timeout':
    // An answer that broke off, or a proxy's page in its place.
    case 'not-json':
      return true;
    case 'unauthorized':
    case 'not-found':
    case 'refused':
    case 'too-large':
    case 'unexpected':
      return false;
  }
}

const iso = (ms: number) => new Date(ms).toISOString();
