/** Runs of reconciliation: which there are, and whose turn it is. What a step of one does stands in `run-step.ts`. */
import { createSequence, eventId, runId, runSeq } from '../event/id.ts';
import type { AfterTurn, Alarm, Clock, Hash, Log, Random, Sql } from '../ports.ts';
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { Ledger } from '../store/ledger.ts';
import { createMissedStore, type StoredMissed } from '../store/missed.ts';
import { createReconciliationStore, type StoredRun } from '../store/reconciliations.ts';
import type { Forget } from '../store/retention.ts';
import type { ApiFailure, NarrativeApi } from './api.ts';
import { createAutomaticRuns, type AutomaticRun } from './automatic-runs.ts';
import type { MissedState, Reconciler, Run, RunRequest, RunStarted } from './reconciliation.ts';
import { createRunStep, fullPage } from './run-step.ts';
import { requestedWindow } from './run-window.ts';

/** After the store refused, or a fault of ours, ms. */
const retryMs = 30_000;
/** A clock that is behind itself by more than this, ms, was set back. */
const setBackMs = 1_000;

export interface ReconcilerOptions {
  sql: Sql;
  /** Tries once: the reconciler waits by itself. Null: no token, and nobody is asked. */
  api: NarrativeApi | null;
  ledger: Pick<Ledger, 'takeMissed' | 'missedTaken'>;
  hash: Hash;
  clock: Clock;
  random: Pick<Random, 'fraction'>;
  /** One of its own. */
  alarm: Alarm;
  afterTurn: AfterTurn;
  log: Log;
  /** Of the rules in force. */
  subscriptions: () => ReadonlyMap<string, SubscriptionConfig>;
  publicUrl: string | undefined;
  /** When a webhook last came, epoch ms; null: never. */
  lastEventAt: () => number | null;
  /** Between the beginnings of automatic runs; null: there are none. */
  everyMs: number | null;
  lookbackMs: number;
  retentionMs: number;
  /** For metrics: what Narrative answered, how many states were taken at once, how a run ended. */
  onRequest?: (call: 'webhooks' | 'jobs', outcome: 'ok' | ApiFailure['kind']) => void;
  onTaken?: (run: StoredRun, count: number) => void;
  onEnd?: (run: StoredRun) => void;
}

export interface RunningReconciler extends Reconciler {
  /** Goes on with what was under way, and begins the automatic runs. Throws when the store can't be written. */
  start(): void;
  /** Settles when no request is under way any more; whoever made `api` ends that one. */
  stop(): Promise<void>;
  /** The alarm's call. */
  ring(): void;
  /** Other rules are in force. */
  rulesChanged(): void;
  /** When an automatic run last got to its end, epoch ms; null: none did. */
  lastSuccessAt(): number | null;
  forget: Forget;
}

export function createReconciler(options: ReconcilerOptions): RunningReconciler {
  const { sql, api, clock, alarm, afterTurn, log, subscriptions, everyMs, retentionMs } = options;
  const { onRequest = () => {}, onTaken = () => {}, onEnd = () => {} } = options;
  const runs = createReconciliationStore(sql);
  const missed = createMissedStore(sql);
  const nextId = createSequence(clock, runs.lastId());
  const isStopping = () => stopping;
  const step = api && createRunStep({ ...options, api, runs, missed, onRequest, onTaken, isStopping });
  const automatic = api === null || everyMs === null ? null : createAutomaticRuns({ ...options, runs, everyMs });
  let started = false;
  let stopping = false;
  let turnIsDue = false;
  let underWay: Promise<void> | null = null;
  let lastTurnAt = -Infinity;
  let rulesAreNew = false;
  /** What the last automatic run failed of: a warning once, and not each hour. */
  let warnedOf: string | null = null;

  /** Looks what is to be done at the end of this turn, however often it is called. */
  function wake(): void {
    if (turnIsDue || !started || stopping) return;
    turnIsDue = true;
    afterTurn(turn);
  }

  function turn(): void {
    turnIsDue = false;
    if (!started || stopping || underWay) return;
    const now = clock.now();
    try {
      if (now < lastTurnAt - setBackMs) setBack(now);
      lastTurnAt = now;
      if (rulesAreNew) automatic?.rulesChanged();
      rulesAreNew = false;
      const run = runs.current() ?? beginAutomatic(now);
      if (run && step && run.nextAt <= now) underWay = perform(run, step);
      else armFor(run && step ? run.nextAt : (automatic?.dueAt() ?? null));
    } catch (error) {
      rest(error);
    }
  }

  async function perform(run: StoredRun, work: NonNullable<typeof step>): Promise<void> {
    try {
      await work(run);
      if (!stopping) tellEnd(runs.find(run.id));
      underWay = null;
      wake();
    } catch (error) {
      underWay = null;
      if (!stopping) rest(error);
    }
  }

  function rest(error: unknown): void {
    log.error({ err: error }, 'reconciliation could not go on: tried again in 30 s, nothing of it is lost');
    alarm.arm(clock.now() + retryMs);
  }

  function armFor(atMs: number | null): void {
    if (atMs === null) alarm.disarm();
    else alarm.arm(atMs);
  }

  function setBack(now: number): void {
    sql.transaction(() => runs.setBack(now));
    automatic?.setBack(now);
  }

  function beginAutomatic(now: number): StoredRun | null {
    if (!automatic || automatic.dueAt() > now) return null;
    return sql.transaction(() => {
      const next = automatic.next(now);
      return next && begin(next, now);
    });
  }

  /** Inside the caller's transaction. */
  function begin(run: AutomaticRun, now: number): StoredRun {
    const id = nextId();
    runs.add({ ...run, id, startedMs: now, perPage: fullPage });
    const { trigger, apply, subscription } = run;
    const window = { from: iso(run.fromMs), until: iso(run.untilMs), lookback_s: run.lookbackMs / 1000 };
    log.info({ run: runId(id), trigger, apply, subscription, ...window }, 'reconciliation begins');
    return runs.find(id)!;
  }

  /** Says what came of a run that is over; one that was cancelled has been told of. */
  function tellEnd(run: StoredRun | null): void {
    if (run === null || run.status === 'running' || run.status === 'cancelled') return;
    onEnd(run);
    const { detail, offset, jobsInAll, missing, taken, unreadable, startedMs, finishedMs } = run;
    const tookMs = (finishedMs ?? startedMs) - startedMs;
    const numbers = { jobs: offset, jobs_in_all: jobsInAll, missing, taken, unreadable, took_ms: tookMs };
    const fields = { run: runId(run.id), trigger: run.trigger, detail, ...numbers };
    if (run.status === 'done') {
      if (run.trigger !== 'operator') warnedOf = null;
      return log.info(fields, 'reconciliation done');
    }
    const isKnown = run.trigger !== 'operator' && detail === warnedOf;
    if (run.trigger !== 'operator') warnedOf = detail;
    log[isKnown ? 'info' : 'warn'](fields, 'reconciliation failed');
  }

  return {
    request(request: RunRequest): RunStarted {
      if (api === null) {
        return {
          kind: 'off',
          detail: 'Narrative can be asked only with a token: set NARRATIVE_API_TOKEN and start the relay anew.',
        };
      }
      const now = clock.now();
      const window = requestedWindow(request, subscriptions(), { lookbackMs: options.lookbackMs, retentionMs }, now);
      if (window.kind === 'wrong') return window;
      const { fromMs, untilMs, lookbackMs } = window;
      const { subscription, apply } = request;
      const run = sql.transaction(() => begin({ trigger: 'operator', apply, fromMs, untilMs, lookbackMs, subscription }, now));
      wake();
      return { kind: 'started', run: show(run) };
    },
    find(id) {
      const run = find(id);
      return run && show(run);
    },
    list: (limit) => runs.list(limit).map(show),
    missed(id, after, limit) {
      const seq = runSeq(id);
      return seq === null ? [] : missed.of(seq, after, limit).map(missedOf);
    },
    cancel(id) {
      const run = find(id);
      if (run?.status !== 'running') return run && show(run);
      const end = { status: 'cancelled', failure: null, detail: null, finishedMs: clock.now() } as const;
      sql.transaction(() => runs.finish(run.id, end));
      const cancelled = runs.find(run.id)!;
      onEnd(cancelled);
      wake();
      return show(cancelled);
    },
    start() {
      if (automatic) sql.transaction(() => automatic.start(clock.now()));
      started = true;
      wake();
    },
    async stop() {
      stopping = true;
      alarm.disarm();
      await underWay;
    },
    ring: turn,
    rulesChanged() {
      rulesAreNew = true;
      wake();
    },
    lastSuccessAt: () => runs.lastDone()?.finishedMs ?? null,
    forget: runs.forget,
  };

  function find(id: string): StoredRun | null {
    const seq = runSeq(id);
    return seq === null ? null : runs.find(seq);
  }

  function show(run: StoredRun): Run {
    const first = run.status === 'running' ? runs.current() : null;
    const detail = first === null || first.id === run.id ? run.detail : `Its turn comes when ${runId(first.id)} has ended.`;
    return runOf(run, detail);
  }
}

function runOf(run: StoredRun, detail: string | null): Run {
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

function missedOf({ updatedUs, eventSeq, ...state }: StoredMissed): MissedState {
  return { ...state, updatedMs: Math.floor(updatedUs / 1000), eventId: eventSeq === null ? null : eventId(eventSeq) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
