/** Runs of reconciliation: which there are, and whose turn it is. What a step of one does stands in `run-step.ts`. */
import { oneLine, truncate } from '../destination/text.ts';
import { createSequence, runId, runSeq } from '../event/id.ts';
import type { AfterTurn, Alarm, Clock, Hash, Log, Random, Sql } from '../ports.ts';
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { Ledger } from '../store/ledger.ts';
import { createMissedStore } from '../store/missed.ts';
import { createReconciliationStore, type StoredRun } from '../store/reconciliations.ts';
import type { Forget } from '../store/retention.ts';
import type { ApiFailure, NarrativeApi } from './api.ts';
import { createAutomaticRuns, type AutomaticRun } from './automatic-runs.ts';
import type { Reconciler, Run, RunRequest, RunStarted } from './reconciliation.ts';
import { fullPage } from './request-failed.ts';
import { createRunReport } from './run-report.ts';
import { createRunStep } from './run-step.ts';
import { missedOf, runOf } from './run-view.ts';
import { requestedWindow } from './run-window.ts';

/** After the store refused, or a fault of ours, ms. */
const retryMs = 30_000;
/** A clock that is behind itself by more than this, ms, was set back. */
const setBackMs = 1_000;
/** Faults of ours in a row that a run may meet before it is given up: the others are not to wait for ever. */
const maxFaults = 20;
/** Runs that operators have asked for and that are not over. */
const maxAsked = 10;

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
  const report = createRunReport(log, onEnd);
  const step = api && createRunStep({ ...options, api, runs, missed, onRequest, onTaken, isStopping });
  const automatic = api === null || everyMs === null ? null : createAutomaticRuns({ ...options, runs, everyMs });
  let started = false;
  let stopping = false;
  let turnIsDue = false;
  let underWay: Promise<void> | null = null;
  let lastTurnAt = -Infinity;
  let rulesAreNew = false;
  /** Of the run that met the last one, since it last got on. */
  let faults = { run: 0, count: 0 };

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
      if (rulesAreNew) automatic?.rulesChanged(now);
      rulesAreNew = false;
      const run = whoseTurn(now);
      if (run && step && run.nextAt <= now) underWay = perform(run, step);
      else armFor(run && step ? run.nextAt : Infinity, isAutomatic(run) ? Infinity : automaticDueAt(now, run));
    } catch (error) {
      rest(error);
    }
  }

  /** One that nobody asked for goes first: operators can ask for so much that it would never come to it. */
  function whoseTurn(now: number): StoredRun | null {
    const current = runs.current();
    if (isAutomatic(current) || automaticDueAt(now, current) > now) return current;
    return beginAutomatic(now) ?? current;
  }

  /** Epoch ms; Infinity: never. `asked`: the run of an operator that has its turn until then. */
  function automaticDueAt(now: number, asked: StoredRun | null): number {
    return automatic?.dueAt(now, asked !== null) ?? Infinity;
  }

  async function perform(run: StoredRun, work: NonNullable<typeof step>): Promise<void> {
    try {
      await work(run);
      if (faults.run === run.id) faults.count = 0;
      if (!stopping) report(runs.find(run.id));
      underWay = null;
      wake();
    } catch (error) {
      underWay = null;
      if (!stopping) rest(error, run);
    }
  }

  /** `run`: whose step it was. */
  function rest(error: unknown, run: StoredRun | null = null): void {
    log.error({ err: error }, 'reconciliation could not go on: tried again in 30 s, nothing of it is lost');
    alarm.arm(clock.now() + retryMs);
    if (run === null) return;
    faults = { run: run.id, count: faults.run === run.id ? faults.count + 1 : 1 };
    if (faults.count >= maxFaults) giveUp(run, error);
  }

  /** Where the store is at fault this fails too, and the run goes on when the store is back. */
  function giveUp({ id }: StoredRun, error: unknown): void {
    const detail = `Given up after ${faults.count} faults of the relay's own in a row, which its log shows: ${truncate(oneLine(String(error)), 200)}`;
    try {
      sql.transaction(() => runs.finish(id, { status: 'failed', failure: 'fault', detail, finishedMs: clock.now() }));
      report(runs.find(id));
    } catch (refused) {
      log.error({ err: refused, run: runId(id) }, 'a reconciliation can not be given up: it goes on');
    }
  }

  /** The first of these, epoch ms; Infinity: never. */
  function armFor(...times: number[]): void {
    const atMs = Math.min(...times);
    if (atMs === Infinity) alarm.disarm();
    else alarm.arm(atMs);
  }

  function setBack(now: number): void {
    sql.transaction(() => runs.setBack(now));
    automatic?.setBack(now);
  }

  function beginAutomatic(now: number): StoredRun | null {
    return sql.transaction(() => {
      const next = automatic?.next(now);
      return next ? begin(next, now) : null;
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
      const open = runs.countAsked();
      if (open >= maxAsked) {
        return { kind: 'busy', detail: `${open} runs are waiting: ask again when they have ended, or cancel some.` };
      }
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

function isAutomatic(run: StoredRun | null): boolean {
  return run !== null && run.trigger !== 'operator';
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
