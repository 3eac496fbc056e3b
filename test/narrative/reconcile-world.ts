/**
 * The reconciler on a real store and a real ledger; time is in the test's hand, and so is Narrative: a list of jobs that a test
 * writes, behind the interface of the API client.
 */
import type { JsonObject, JsonValue } from '../../src/event/json.ts';
import { createSequence } from '../../src/event/id.ts';
import { parseBody } from '../../src/event/parse.ts';
import type { ApiFailure, JobsQuery, NarrativeApi, Subscription } from '../../src/narrative/api.ts';
import { createReconciler } from '../../src/narrative/reconciler.ts';
import type { RunRequest } from '../../src/narrative/reconciliation.ts';
import { nodeHash } from '../../src/node/ports.ts';
import type { Sql } from '../../src/ports.ts';
import type { SubscriptionConfig } from '../../src/rules/rule-set.ts';
import { shareAlarm } from '../../src/shared-alarm.ts';
import { createEventStore } from '../../src/store/events.ts';
import { createLastEvent } from '../../src/store/last-event.ts';
import type { Acceptance, Router } from '../../src/store/arrival.ts';
import { createLedger } from '../../src/store/ledger.ts';
import { migrate } from '../../src/store/migrations.ts';
import type { StoredRun } from '../../src/store/reconciliations.ts';
import { admitting } from '../incident/quiet.ts';
import { planByInput, startMs } from '../outbox/examples.ts';
import { createBreakableSql } from '../store/breakable-sql.ts';
import { openMemorySql } from '../store/memory-sql.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export interface JobSketch {
  id: string;
  state: string;
  /** Ms before the world began; negative: after. Default: as `updated`. */
  created?: number;
  /** The same; null: the record says no such time. */
  updated: number | null;
  /** The same; undefined: the record says no such time. */
  ended?: number;
  dequeued?: number;
  type?: string;
  /** µs that are added to the time. */
  us?: number;
}

const iso = (atMs: number, us = 0) => new Date(atMs).toISOString().replace('Z', String(us).padStart(3, '0'));

/** As `/jobs` writes it. Goes to the destination `chat`. */
export function recordOf({
  id,
  state,
  created,
  updated,
  ended,
  dequeued,
  type = 'materialize-view',
  us = 0,
}: JobSketch): JsonObject {
  return {
    job_id: id,
    state,
    type,
    input: { to: ['chat'], dataset_id: id },
    result: { snapshot_id: 1724919539450264600n },
    created_at: iso(startMs - (created ?? updated ?? 0)),
    ...(updated === null ? {} : { updated_at: iso(startMs - updated, us) }),
    ...(dequeued === undefined ? {} : { dequeued_at: iso(startMs - dequeued) }),
    ...(ended === undefined ? {} : { ended_at: iso(startMs - ended) }),
  };
}

export function subscriptionOf(changes: Partial<Subscription> = {}): Subscription {
  return {
    id: 'sub-production',
    name: null,
    kind: 'jobs',
    status: 'active',
    url: 'https://relay.example.com/webhooks/narrative',
    companyId: '1',
    filter: { jobIds: null, jobTypes: null, states: null },
    appId: null,
    createdAt: '2020-01-01T00:00:00Z',
    updatedAt: null,
    ...changes,
  };
}

const configOf = (name: string): SubscriptionConfig => ({
  name,
  id: `sub-${name}`,
  verify: { scheme: 'auto' },
  secrets: ['obviously-fake-secret'],
});

export interface WorldOptions {
  sql?: Sql;
  token?: boolean;
  everyMs?: number | null;
  lookbackMs?: number;
  retentionMs?: number;
  publicUrl?: string;
  /** Default: to where an event's own input says. */
  plan?: Router['plan'];
}

export function createReconcileWorld(options: WorldOptions = {}) {
  const { token = true, everyMs = null, lookbackMs = day, retentionMs = 30 * day, publicUrl, plan = planByInput } = options;
  const sql = createBreakableSql(options.sql ?? openMemorySql());
  migrate(sql);
  const narrative = {
    jobs: [] as JobSketch[],
    /** What else is in the list, before all jobs. */
    odd: [] as JsonValue[],
    subscriptions: [subscriptionOf()],
    /** Whether a page says how many jobs there are. */
    totals: true,
    /** What the next requests come to instead. */
    faults: [] as ApiFailure[],
    /** Narrative's clock, before ours; null: it says no time. */
    clockAheadMs: null as number | null,
    /** What each request for jobs comes to; null: jobs. */
    jobsFault: null as ApiFailure | null,
    /** Pages are the first one, whatever was asked for. */
    ignoresOffset: false,
    /** Requests get no answer until the test says so. */
    silent: false,
    /** Bytes are not counted; a page of more records than this is too large. */
    mostRecords: Infinity,
    /** Records larger than any page. */
    huge: new Set<string>(),
    /** At most so many on a page, whatever was asked for. */
    cap: 500,
    asked: [] as { at: number; call: string; query?: JobsQuery }[],
  };
  const unanswered: (() => void)[] = [];
  const logged: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const ended: StoredRun[] = [];
  let configured = new Map([['production', configOf('production')]]);
  let now = startMs;
  const clock = { now: () => now };

  async function answer<T>(call: string, query: JobsQuery | undefined, work: () => T | ApiFailure) {
    narrative.asked.push({ at: now - startMs, call, ...(query ? { query } : {}) });
    if (narrative.silent) await new Promise<void>((resolve) => unanswered.push(resolve));
    // Subscriptions are never too many for an answer.
    const isMeant = query !== undefined || narrative.faults[0]?.kind !== 'too-large';
    const failure = isMeant ? narrative.faults.shift() : undefined;
    const value = failure ?? work();
    return isFailure(value) ? ({ ok: false, failure: value } as const) : ({ ok: true, value } as const);
  }

  function pageOf({ offset: asked, perPage, orderBy }: JobsQuery) {
    const offset = narrative.ignoresOffset ? 0 : asked;
    if (orderBy !== 'created_at_desc') throw new Error('the reconciler has to say in which order');
    const createdAgo = ({ created, updated }: JobSketch) => created ?? updated ?? 0;
    const sorted = narrative.jobs.toSorted((a, b) => createdAgo(a) - createdAgo(b));
    const entries = [
      ...narrative.odd.map((record) => ({ record, isHuge: false })),
      ...sorted.map((job) => ({ record: recordOf(job), isHuge: narrative.huge.has(job.id) })),
    ];
    const page = entries.slice(offset, offset + Math.min(perPage, narrative.cap));
    if (page.length > narrative.mostRecords || page.some(({ isHuge }) => isHuge)) return tooLarge;
    return { records: page.map(({ record }) => record), totalRecords: narrative.totals ? entries.length : null };
  }

  const unused = () => Promise.reject(new Error('nothing of this is for the reconciler'));
  const api: NarrativeApi = {
    listSubscriptions: () => answer('webhooks', undefined, () => [...narrative.subscriptions]),
    listJobs: (query) => answer('jobs', query, () => narrative.jobsFault ?? pageOf(query)),
    showSubscription: unused,
    createSubscription: unused,
    archiveSubscription: unused,
    getJob: unused,
    clockAheadMs: () => narrative.clockAheadMs,
  };
  let life = begin();

  function begin() {
    const turns: (() => void)[] = [];
    const hardware = { ringsAt: null as number | null };
    const note = (level: string) => (fields: object, message: string) => {
      logged.push({ level, message, fields: fields as Record<string, unknown> });
    };
    const shared = shareAlarm(
      { arm: (atMs) => void (hardware.ringsAt = atMs), disarm: () => void (hardware.ringsAt = null) },
      clock,
    );
    const nextSeq = createSequence(clock, createEventStore(sql).lastSeq());
    const ports = {
      sql,
      hash: nodeHash,
      clock,
      afterTurn: (work: () => void) => void turns.push(work),
      log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    };
    const woken = { planned: 0, timed: 0 };
    const ledger = createLedger({
      ...ports,
      nextSeq,
      router: () => ({ version: 'v1', plan }),
      admit: admitting(sql, nextSeq),
      onPlanned: () => void (woken.planned += 1),
      onTimed: () => void (woken.timed += 1),
    });
    const reconciler = createReconciler({
      ...ports,
      api: token ? api : null,
      ledger,
      random: { fraction: () => 0.5 },
      alarm: shared.branch(() => reconciler.ring()),
      subscriptions: () => configured,
      publicUrl,
      lastEventAt: createLastEvent(sql),
      everyMs,
      lookbackMs,
      retentionMs,
      onEnd: (run) => void ended.push(run),
    });
    return { turns, hardware, shared, ledger, reconciler, woken };
  }

  async function settle(): Promise<void> {
    for (let turns = 0; ; turns++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const work = life.turns.shift();
      if (!work) return;
      work();
      if (turns > 10_000) throw new Error('the reconciler wakes itself without end');
    }
  }

  const rows = <Row>(statement: string) => sql.query<Row & Record<string, never>>(statement);
  const world = {
    sql,
    narrative,
    logged,
    ended,
    get reconciler() {
      return life.reconciler;
    },
    get ledger() {
      return life.ledger;
    },
    get woken() {
      return life.woken;
    },
    get now() {
      return now;
    },
    settle,
    configure(...names: string[]): void {
      configured = new Map(names.map((name) => [name, configOf(name)]));
      life.reconciler.rulesChanged();
    },
    /** Without an id, a subscription is known by its URL only. */
    forgetIds(): void {
      configured = new Map([...configured].map(([name, config]) => [name, { ...config, id: null }]));
    },
    async start(): Promise<void> {
      life.reconciler.start();
      await settle();
    },
    /** The process is killed, whatever it was doing; another takes over after a time. */
    async restart(downMs = 0): Promise<void> {
      unanswered.length = 0;
      now += downMs;
      sql.mend();
      life = begin();
      await world.start();
    },
    /** Requests that were waiting are answered. */
    async answerAll(): Promise<void> {
      for (const resolve of unanswered.splice(0)) resolve();
      await settle();
    },
    /** Time passes, and what is due happens. */
    async pass(ms: number): Promise<void> {
      const end = now + ms;
      await settle();
      while (life.hardware.ringsAt !== null && life.hardware.ringsAt <= end) {
        now = Math.max(now, life.hardware.ringsAt);
        life.hardware.ringsAt = null;
        life.shared.ring();
        await settle();
      }
      now = end;
    },
    turnClock(ms: number): void {
      now += ms;
      if (life.hardware.ringsAt !== null) life.hardware.ringsAt += ms;
    },
    /** A webhook for a state of a job arrives. `undated`: its body says no time. */
    async webhook(job: JobSketch, { key = `webhook-${job.id}-${job.state}`, undated = false } = {}): Promise<Acceptance> {
      const { updated_at, ...rest } = recordOf(job);
      const wire = JSON.stringify({ id: key, data: undated ? rest : { ...rest, updated_at } }, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      const body = new TextEncoder().encode(wire);
      const parsed = parseBody(body);
      if (parsed.kind !== 'event') throw new Error('the example is no event');
      const accepted = life.ledger.accept({
        subscription: 'production',
        scheme: 'hmac-sha256',
        idempotencyKey: key,
        event: parsed.event,
        why: null,
        contentType: 'application/json',
        body,
      });
      await settle();
      return accepted;
    },
    /** Asks for a run and lets it come to its end. From the last 6 hours, if the test says nothing else. */
    async run(changes: Partial<RunRequest> = {}) {
      const id = world.ask(changes);
      await world.pass(0);
      for (let i = 0; i < 200 && life.reconciler.find(id)!.status === 'running'; i++) await world.pass(second);
      return life.reconciler.find(id)!;
    },
    ask(changes: Partial<RunRequest> = {}): string {
      const started = life.reconciler.request({
        fromMs: startMs - 6 * hour,
        untilMs: null,
        lookbackMs: null,
        subscription: null,
        apply: true,
        ...changes,
      });
      if (started.kind !== 'started') throw new Error(JSON.stringify(started));
      return started.run.id;
    },
    /** `job state`, in the order in which they were taken. */
    taken: () =>
      rows<{ name: string }>(`SELECT job_id || ' ' || state AS name FROM events WHERE scheme = 'reconcile' ORDER BY seq`).map(
        ({ name }) => name,
      ),
    /** Everything that was told, as its body says it, and which way it came. */
    tellings: () =>
      rows<{ scheme: string; body: Uint8Array }>(`SELECT scheme, body FROM events WHERE outcome <> 'repeated' ORDER BY seq`).map(
        ({ scheme, body }) => {
          const parsed = parseBody(body);
          if (parsed.kind !== 'event' || parsed.event.kind !== 'job') throw new Error('an event of another kind was stored');
          return { scheme, job: parsed.event.job };
        },
      ),
    /** `job state`, of everything that was told: whatever was no repetition. */
    told: () =>
      rows<{ name: string }>(`SELECT job_id || ' ' || state AS name FROM events WHERE outcome <> 'repeated' ORDER BY seq`).map(
        ({ name }) => name,
      ),
    missed: (id: string) => life.reconciler.missed(id, 0, 1_000).map(({ jobId, state }) => `${jobId} ${state}`),
    /** Of log lines. */
    lines: (message: string) => logged.filter((line) => line.message === message),
  };
  return world;
}

export type ReconcileWorld = ReturnType<typeof createReconcileWorld>;

/** Of all runs, the oldest first: what asked for it, how it is, and its window in minutes since the world began. */
export const runsOf = (world: ReconcileWorld) =>
  world.reconciler
    .list(100)
    .toReversed()
    .map(
      ({ trigger, status, fromMs, untilMs }) =>
        `${trigger} ${status} ${(fromMs - startMs) / minute}…${(untilMs - startMs) / minute}`,
    );

export const failureOf = (kind: ApiFailure['kind'], changes: Partial<ApiFailure> = {}): ApiFailure => ({
  kind,
  detail: `Narrative said ${kind}`,
  ...changes,
});

const tooLarge: ApiFailure = failureOf('too-large');

function isFailure(value: unknown): value is ApiFailure {
  return typeof value === 'object' && value !== null && 'kind' in value && 'detail' in value;
}
