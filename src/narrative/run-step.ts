/**
 * One step of a run: something is asked of Narrative outside, then what it said is compared, noted and taken in one transaction, with
 * the run's progress. So a kill between any two instructions leaves the run before the page or after it, and nothing is taken twice.
 */
import { runId } from '../event/id.ts';
import type { Clock, Hash, Log, Random, Sql } from '../ports.ts';
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { Ledger } from '../store/ledger.ts';
import type { MissedStore } from '../store/missed.ts';
import type { Progress, ReconciliationStore, RunEnd, StoredRun } from '../store/reconciliations.ts';
import type { ApiFailure, JobsPage, NarrativeApi, Subscription } from './api.ts';
import { createPageComparison, type Taken, type Whom } from './page.ts';
import { promisedTo } from './promised.ts';

/** Between two requests, at least, ms. */
const stepEveryMs = 250;
/** Records of a page, unless they are too large together. */
export const fullPage = 200;
/** First step of the backoff, which doubles, and the longest. ms. */
const firstBackoffMs = 1_000;
const longestBackoffMs = 300_000;
/** Requests that fail in a row before the run does. */
const maxFailures = 12;
/** Narrative's subscriptions are asked for anew after so long, ms. */
const subscriptionsKeepMs = 600_000;

export interface RunStepOptions {
  sql: Sql;
  hash: Hash;
  clock: Clock;
  random: Pick<Random, 'fraction'>;
  log: Log;
  /** Tries once: waiting is done here. */
  api: NarrativeApi;
  ledger: Pick<Ledger, 'takeMissed' | 'missedTaken'>;
  runs: ReconciliationStore;
  missed: MissedStore;
  /** Of the rules in force. */
  subscriptions: () => ReadonlyMap<string, SubscriptionConfig>;
  publicUrl: string | undefined;
  onRequest: (call: 'webhooks' | 'jobs', outcome: 'ok' | ApiFailure['kind']) => void;
  onTaken: (run: StoredRun, count: number) => void;
  /** The relay is stopping, and the store may be closed soon: what is answered now is asked for again. */
  isStopping: () => boolean;
}

export function createRunStep(options: RunStepOptions) {
  const { sql, clock, random, log, api, runs, ledger, subscriptions, publicUrl, onRequest, onTaken, isStopping } = options;
  const compare = createPageComparison(options);
  /** Of one run only: the next may be there because there is a new one. */
  let listed: { run: number; at: number; known: readonly Subscription[] } | null = null;

  /** Throws when the store does; then nothing of the step has happened. */
  return async function step(run: StoredRun): Promise<void> {
    const known = knownFor(run);
    if (known === null) return listSubscriptions(run);
    const promised = promisedTo({ configured: subscriptions(), known, publicUrl, name: run.subscription });
    if (!promised.ok) return whileRunning(run, () => end(run, 'failed', promised.detail, 'unidentified'));
    if (promised.nothing) return whileRunning(run, () => end(run, 'done', promised.detail));
    return askForPage(run, promised.whom, promised.detail);
  };

  function knownFor(run: StoredRun): readonly Subscription[] | null {
    const age = listed === null ? Infinity : clock.now() - listed.at;
    return listed?.run === run.id && age >= 0 && age < subscriptionsKeepMs ? listed.known : null;
  }

  async function listSubscriptions(run: StoredRun): Promise<void> {
    const answer = await api.listSubscriptions();
    if (isStopping()) return;
    onRequest('webhooks', answer.ok ? 'ok' : answer.failure.kind);
    if (answer.ok) listed = { run: run.id, at: clock.now(), known: answer.value };
    whileRunning(run, () => (answer.ok ? goOn(run, {}) : failed(run, answer.failure)));
  }

  async function askForPage(run: StoredRun, whom: Whom, detail: string | null): Promise<void> {
    const answer = await api.listJobs({ orderBy: 'created_at_desc', perPage: run.perPage, offset: run.offset });
    if (isStopping()) return;
    onRequest('jobs', answer.ok ? 'ok' : answer.failure.kind);
    if (!answer.ok) return whileRunning(run, () => failed(run, answer.failure));
    let taken: readonly Taken[] = [];
    whileRunning(run, () => {
      taken = readPage(run, answer.value, whom, detail);
    });
    if (taken.length === 0) return;
    ledger.missedTaken();
    onTaken(run, taken.length);
    for (const each of taken) log.info({ run: runId(run.id), ...summaryOf(each) }, 'took a state that no webhook told of');
  }

  /** In a transaction; unless the run was cancelled while the answer was on its way. */
  function whileRunning(run: StoredRun, work: () => void): void {
    sql.transaction(() => {
      if (runs.find(run.id)?.status === 'running') work();
    });
  }

  /**
   * Pages come newest first and are counted by an offset. Jobs that are created meanwhile push those behind them back, so a page may
   * repeat records but never skips one; and the offset that a run goes on from after a restart is right or too small. What is read
   * twice is known by then.
   */
  function readPage(run: StoredRun, { records, totalRecords }: JobsPage, whom: Whom, detail: string | null): readonly Taken[] {
    const { missing, taken, unreadable, lastCreatedUs } = compare(run, records, whom);
    const offset = run.offset + records.length;
    goOn(run, {
      offset,
      // A page that had to be small is followed by a larger one.
      perPage: Math.min(fullPage, run.perPage * 2),
      jobsInAll: totalRecords ?? run.jobsInAll,
      missing: run.missing + missing,
      taken: run.taken + taken.length,
      unreadable: run.unreadable + unreadable,
    });
    const isShort = records.length < run.perPage && (totalRecords === null || offset >= totalRecords);
    const isBehind = lastCreatedUs !== null && lastCreatedUs < (run.fromMs - run.lookbackMs) * 1_000;
    if (records.length === 0 || isShort || isBehind) end(run, 'done', detail);
    return taken;
  }

  function goOn(run: StoredRun, changes: Partial<Progress>): void {
    runs.save(run.id, { ...run, failures: 0, detail: null, nextAt: clock.now() + stepEveryMs, ...changes });
  }

  function end({ id }: StoredRun, status: RunEnd['status'], detail: string | null, failure: string | null = null): void {
    runs.finish(id, { status, failure, detail, finishedMs: clock.now() });
  }

  /** A request failed: it is made again when that helps, and smaller when that does; else the run has failed. */
  function failed(run: StoredRun, { kind, detail, afterMs = 0 }: ApiFailure): void {
    if (kind === 'too-large') return goOn(run, smaller(run));
    if (!passes(kind)) return end(run, 'failed', detail, kind);
    const failures = run.failures + 1;
    if (failures >= maxFailures) return end(run, 'failed', `Given up after ${failures} requests in a row: ${detail}`, kind);
    const step = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failures - 1));
    // Half of it is left to chance, so that relays which failed together don't come back together.
    const pauseMs = Math.max(Math.round(step * (0.5 + random.fraction() / 2)), afterMs);
    const nextAt = clock.now() + pauseMs;
    runs.save(run.id, { ...run, failures, nextAt, detail: `Asks again at ${new Date(nextAt).toISOString()}: ${detail}` });
  }
}

/** A record that is too large even by itself is left out: no run would ever come behind it. */
function smaller({ perPage, offset, unreadable }: StoredRun): Partial<Progress> {
  if (perPage > 1) return { perPage: Math.floor(perPage / 2) };
  return { perPage: fullPage, offset: offset + 1, unreadable: unreadable + 1 };
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

function summaryOf({ state: { jobId, jobType, state, datasetId }, acceptance }: Taken) {
  return {
    event_id: acceptance.eventId,
    job_id: jobId,
    job_type: jobType,
    state,
    dataset_id: datasetId,
    outcome: acceptance.kind === 'accepted' ? acceptance.outcome : acceptance.kind,
    deliveries: acceptance.kind === 'accepted' ? acceptance.deliveries : 0,
  };
}
