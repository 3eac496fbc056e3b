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
import { clockDifference, clockWords } from './clocks.ts';
import { createPageComparison, type Taken } from './page.ts';
import { createPageProgress } from './page-progress.ts';
import { promisedTo, unidentified, type Promised } from './promised.ts';
import { createAfterFailure, fullPage } from './request-failed.ts';
import { windowByNarrative } from './run-window.ts';
import { sentences } from './sentences.ts';

/** Between two requests, at least, ms. */
const stepEveryMs = 250;
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
  retentionMs: number;
  onRequest: (call: 'webhooks' | 'jobs', outcome: 'ok' | ApiFailure['kind']) => void;
  onTaken: (run: StoredRun, count: number) => void;
  /** The relay is stopping, and the store may be closed soon: what is answered now is asked for again. */
  isStopping: () => boolean;
}

export function createRunStep(options: RunStepOptions) {
  const { sql, clock, random, log, api, runs, ledger, subscriptions, publicUrl, onRequest, onTaken, isStopping } = options;
  const compare = createPageComparison(options);
  const progressOf = createPageProgress();
  const afterFailure = createAfterFailure();
  /** Of one run only: the next may be there because there is a new one. */
  let listed: { run: number; at: number; known: readonly Subscription[] } | null = null;
  let toldOfClock = false;

  /** Throws when the store does; then nothing of the step has happened. */
  return async function step(run: StoredRun): Promise<void> {
    const known = knownFor(run);
    if (known === null) return listSubscriptions(run);
    const { subscription: name, fromMs } = run;
    const promised = promisedTo({ configured: subscriptions(), known, publicUrl, name, fromMs });
    if (!promised.ok) return whileRunning(run, () => end(run, 'failed', promised.detail, unidentified));
    if (promised.nothing) return whileRunning(run, () => done(run, promised));
    return askForPage(run, promised);
  };

  function knownFor(run: StoredRun): readonly Subscription[] | null {
    const age = listed === null ? Infinity : clock.now() - listed.at;
    // Asking for them in between would begin the count of failures anew.
    const isFresh = (age >= 0 && age < subscriptionsKeepMs) || run.failures > 0;
    return listed?.run === run.id && isFresh ? listed.known : null;
  }

  async function listSubscriptions(run: StoredRun): Promise<void> {
    const answer = await api.listSubscriptions();
    if (isStopping()) return;
    onRequest('webhooks', answer.ok ? 'ok' : answer.failure.kind);
    if (answer.ok) listed = { run: run.id, at: clock.now(), known: answer.value };
    whileRunning(run, () => {
      if (!answer.ok) return failed(run, 'webhooks', answer.failure);
      lookAtClock(run);
      goOn(run, {});
    });
  }

  /** What an automatic run looked at is where the next goes on from: it must not lie in Narrative's future. */
  function lookAtClock(run: StoredRun): void {
    const aheadMs = -clockDifference(api.clockAheadMs());
    const words = clockWords(api.clockAheadMs());
    if (words !== null && !toldOfClock) log.warn({ clock_ahead_s: aheadMs / 1000 }, `${words}: set it by NTP`);
    toldOfClock = words !== null;
    if (run.trigger === 'operator' || aheadMs <= 0) return;
    const now = clock.now();
    runs.setWindow(run.id, windowByNarrative(run, { begin: runs.begin(now), aheadMs }, now));
  }

  async function askForPage(run: StoredRun, promised: Whole): Promise<void> {
    const answer = await api.listJobs({ orderBy: 'created_at_desc', perPage: run.perPage, offset: run.offset });
    if (isStopping()) return;
    onRequest('jobs', answer.ok ? 'ok' : answer.failure.kind);
    if (!answer.ok) return whileRunning(run, () => failed(run, 'jobs', answer.failure));
    let taken: readonly Taken[] = [];
    whileRunning(run, () => {
      taken = readPage(run, answer.value, promised);
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
  function readPage(run: StoredRun, page: JobsPage, promised: Whole): readonly Taken[] {
    const { records, totalRecords } = page;
    const { missing, taken, unreadable, lastCreatedUs } = compare(run, records, promised.whom);
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
    const progress = progressOf(run, page);
    // Without a total, a short page may be all that Narrative gives at once.
    const isLast = totalRecords !== null && offset >= totalRecords && records.length < run.perPage && progress === 'onwards';
    const isBehind = lastCreatedUs !== null && lastCreatedUs < (run.fromMs - run.lookbackMs) * 1_000;
    if (records.length === 0 || isLast || isBehind) done(run, promised);
    else if (progress === 'same') done(run, promised, atOnce);
    else if (progress === 'endless') end(run, 'failed', endless, 'endless');
    return taken;
  }

  function goOn(run: StoredRun, changes: Partial<Progress>): void {
    runs.save(run.id, { ...run, failures: 0, detail: null, nextAt: clock.now() + stepEveryMs, ...changes });
  }

  /** All that can be told apart was looked at. An automatic run that left some out says so where the next one looks. */
  function done(run: StoredRun, promised: Whole, why: string | null = null): void {
    const clocks = clockWords(api.clockAheadMs());
    const detail = sentences(why, promised.detail, clocks && `What is missing may not be found yet, as ${clocks}: set it by NTP`);
    end(run, 'done', detail, promised.unidentified === null ? null : unidentified);
  }

  function end({ id }: StoredRun, status: RunEnd['status'], detail: string | null, failure: string | null = null): void {
    runs.finish(id, { status, failure, detail, finishedMs: clock.now() });
  }

  function failed(run: StoredRun, call: 'webhooks' | 'jobs', failure: ApiFailure): void {
    const next = afterFailure(run, { call, failure, now: clock.now(), stepEveryMs, fraction: random.fraction() });
    if (next.kind === 'over') end(run, 'failed', next.detail, next.failure);
    else runs.save(run.id, { ...run, ...next.progress });
  }
}

type Whole = Extract<Promised, { ok: true }>;

const endless =
  'Narrative\'s job list comes to no end: page after page holds the same jobs, or more than there are. It seems to ignore "offset", so what was lost can\'t be looked for.';

const atOnce = 'Narrative\'s job list seems to ignore "offset": what it gives at once was looked at.';

function summaryOf({ state: { jobId, jobType, state, datasetId }, acceptance }: Taken) {
  return {
    event_id: acceptance.eventId,
    job_id: jobId,
    job_type: jobType,
    state,
    dataset_id: datasetId,
    outcome: acceptance.outcome,
    deliveries: acceptance.deliveries,
  };
}
