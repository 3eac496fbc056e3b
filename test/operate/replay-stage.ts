/**
 * A real store, ledger, desk and outbox under real rules, with replay and explanations as operators have them; the clock is the
 * test's. What console destinations print is kept, by their names; http destinations send.
 */
import { createDestination } from '../../src/destination/create.ts';
import type { Destination } from '../../src/destination/destination.ts';
import { parseBody } from '../../src/event/parse.ts';
import { createSequence, eventId, eventSeq, incidentId } from '../../src/event/id.ts';
import { createDesk } from '../../src/incident/desk.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { createExplaining } from '../../src/operate/explain.ts';
import type { ReplayRequest } from '../../src/operate/operations.ts';
import { createReplay } from '../../src/operate/replay.ts';
import type { IncidentView } from '../../src/operate/shapes/views.ts';
import { createOutbox } from '../../src/outbox/outbox.ts';
import type { Log, Sql } from '../../src/ports.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import { createTemplates } from '../../src/rules/template.ts';
import type { Acceptance, Arrival } from '../../src/store/arrival.ts';
import { createDecisionStore } from '../../src/store/decisions.ts';
import { createDeliveryStore, type DeliverySpec } from '../../src/store/deliveries.ts';
import { createEventStore } from '../../src/store/events.ts';
import { createLedger } from '../../src/store/ledger.ts';
import { migrate } from '../../src/store/migrations.ts';
import { lifetimeMs } from '../outbox/examples.ts';
import { rulesOf } from '../rules/support.ts';
import { openMemorySql } from '../store/memory-sql.ts';

export const minute = 60_000;
export const hour = 60 * minute;
/** 2026-03-02T09:00:00Z, a Monday. */
export const startMs = Date.UTC(2026, 2, 2, 9);

export interface JobSketch {
  id?: string;
  state?: string;
  dataset?: number;
  /** How long ago it came to this state, ms; null: it does not say. */
  ago?: number | null;
}

export interface StageOptions {
  sql?: Sql;
  /** Of http destinations, which the rules give no address that answers. */
  url?: string;
}

export type ReplayStage = ReturnType<typeof createReplayStage>;

/** `body`: of a rules file, without its head. */
export function createReplayStage(body: string, { sql = openMemorySql(), url }: StageOptions = {}) {
  migrate(sql);
  let rules = rulesOf(body);
  let now = startMs;
  let jobs = 0;
  let takenCalls = 0;
  const printed: { to: string; text: string }[] = [];
  const logged: { message: string; fields: object }[] = [];
  const turns: (() => void)[] = [];
  const alarms: (number | null)[] = [null, null];
  const alarm = (i: number) => ({ arm: (atMs: number) => void (alarms[i] = atMs), disarm: () => void (alarms[i] = null) });
  const clock = { now: () => now };
  const afterTurn = (work: () => void) => void turns.push(work);
  const note = (fields: object, message: string) => void logged.push({ message, fields });
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const nextSeq = createSequence(clock, createEventStore(sql).lastSeq());
  let destinations = destinationsOf(rules);

  function destinationsOf(set: RuleSet): Map<string, Destination> {
    const ports = { fetch, clock, hash: nodeHash, render: createTemplates().render, version: '0.0.0-test' };
    return new Map(
      [...set.destinations.values()].map((config) => {
        const reachable = config.type === 'http' && url !== undefined ? { ...config, url } : config;
        const print = (text: string) => void printed.push({ to: config.name, text });
        return [
          config.name,
          createDestination(reachable, { ...ports, print, slackApiUrl: undefined, pagerDutyEventsUrl: undefined }),
        ];
      }),
    );
  }

  const desk = createDesk({
    sql,
    clock,
    alarm: alarm(0),
    afterTurn,
    log,
    nextSeq,
    deliveries: createDeliveryStore(sql),
    rules: () => rules,
    deliveryLifetimeMs: lifetimeMs,
    wakeOutbox: () => outbox.wake(),
    duties: [],
  });
  const outbox = createOutbox({
    sql,
    clock,
    random: { fraction: () => 0.5, bytes: (count) => new Uint8Array(count) },
    alarm: alarm(1),
    afterTurn,
    log,
    destinations: () => destinations,
    links: () => rules.links,
    silenceFor: desk.silenceFor,
    onSilenced: desk.silenced,
    deliveryLifetimeMs: lifetimeMs,
    nextSeq,
  });
  const ledger = createLedger({
    sql,
    hash: nodeHash,
    clock,
    afterTurn,
    log,
    nextSeq,
    router: () => ({ version: rules.version, plan: rules.plan }),
    admit: desk.admit,
    onPlanned: outbox.wake,
    onTimed: desk.wake,
    onTaken: () => void (takenCalls += 1),
  });
  const explaining = createExplaining({
    sql,
    clock,
    silences: desk.silences,
    rules: () => rules,
    destinations: () => destinations,
    incidentOf: (id) => ({ id: incidentId(id) }) as IncidentView,
  });
  const replay = createReplay({ sql, clock, log, ledger, rules: () => rules, explaining });
  desk.start();

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const work = turns.splice(0);
      for (const each of work) each();
      quiet = work.length === 0 ? quiet + 1 : 0;
    }
  }

  async function accept(arrival: Partial<Arrival> & Pick<Arrival, 'body'>): Promise<Acceptance> {
    const parsed = parseBody(arrival.body);
    const accepted = ledger.accept({
      subscription: 'production',
      scheme: 'hmac-sha256',
      idempotencyKey: `key-${++jobs}`,
      event: parsed.kind === 'event' ? parsed.event : null,
      why: parsed.kind === 'event' ? null : parsed.why,
      contentType: 'application/json',
      ...arrival,
    });
    await settle();
    return accepted;
  }

  const stage = {
    sql,
    ledger,
    desk,
    explaining,
    replay,
    printed,
    logged,
    settle,
    accept,
    get now() {
      return now;
    },
    /** For what waits for an answer over the network. */
    async untilPrinted(count: number): Promise<void> {
      while (printed.length < count) await settle();
    },
    /** How often the ledger said that it took something. */
    takenCalls: () => takenCalls,
    /** A body as Narrative sends it. */
    body({ id = `job-${jobs + 1}`, state = 'failed', dataset = 10736, ago = 0 }: JobSketch = {}): Uint8Array {
      const updated = ago === null ? {} : { updated_at: new Date(now - ago).toISOString().replace('Z', '') };
      const data = { job_id: id, state, type: 'materialize-view', input: { dataset_id: dataset }, ...updated };
      return new TextEncoder().encode(JSON.stringify({ type: `job.${state}`, data }));
    },
    /** An event comes. Returns its id. */
    async comes(sketch: JobSketch = {}, arrival: Partial<Arrival> = {}): Promise<string> {
      const acceptance = await accept({ body: stage.body(sketch), ...arrival });
      if (acceptance.kind === 'unavailable') throw new Error(acceptance.detail);
      return eventId(sql.query<{ seq: number }>('SELECT max(seq) AS seq FROM events')[0]!.seq);
    },
    /** Replays, and lets everything be sent. Throws what refuses it. */
    async again(id: string, request: Partial<ReplayRequest> = {}) {
      const answered = replay(id, { to: null, again: false, dryRun: false, ...request });
      if (answered.kind === 'refused') throw new Error(answered.detail);
      await settle();
      return answered.value;
    },
    async pass(ms: number): Promise<void> {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = Math.min(...alarms.map((at) => at ?? Infinity));
        if (next > end) break;
        const i = alarms.indexOf(next);
        now = Math.max(now, next);
        alarms[i] = null;
        if (i === 0) desk.ring();
        else outbox.cycle();
        await settle();
      }
      now = end;
    },
    async replaceRules(next: string): Promise<void> {
      rules = rulesOf(next);
      destinations = destinationsOf(rules);
      desk.rulesChanged();
      outbox.destinationsChanged();
      await settle();
    },
    /** `fallen → chat open (delivered)`: of an event, by its id. */
    deliveries: (id: string): string[] =>
      sql
        .query<{ destination: string; status: string; spec: string }>(
          'SELECT destination, status, spec FROM deliveries WHERE event_seq = ? ORDER BY n',
          eventSeq(id),
        )
        .map(({ destination, status, spec }) => {
          const { rule, incident } = JSON.parse(spec) as DeliverySpec;
          return `${rule} → ${destination} ${incident?.act ?? 'message'} (${status})`;
        }),
    /** `rule: kind`. */
    decisions: (id: string): string[] =>
      createDecisionStore(sql)
        .of(eventSeq(id)!)
        .map(({ rule, kind }) => `${rule}: ${kind}`),
    /** The open incident's failures; 0: none is open. */
    failures: (subject = 'materialize-view/10736'): number =>
      sql.query<{ failures: number }>('SELECT failures FROM incidents WHERE subject = ? AND ended_at IS NULL', subject)[0]
        ?.failures ?? 0,
    /** All that is in the store, table by table. */
    contents(): Record<string, unknown[]> {
      const tables = sql.query<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`);
      return Object.fromEntries(tables.map(({ name }) => [name, sql.query(`SELECT * FROM "${name}"`)]));
    },
    row: (id: string): Record<string, unknown> => sql.query('SELECT * FROM events WHERE seq = ?', eventSeq(id)!)[0]!,
  };
  return stage;
}
