/**
 * A real store with the duties that wait for a time, called by the real timekeeper; the clock is the test's. Events are
 * taken as the ledger takes them: row, transition and notes in one transaction.
 */
import type { Silencing } from '../../src/incident/policy.ts';
import { createSequence } from '../../src/event/id.ts';
import { parseBody } from '../../src/event/parse.ts';
import { timestampUs } from '../../src/event/time.ts';
import { stateOf, type NarrativeEvent } from '../../src/event/event.ts';
import { createDigest } from '../../src/incident/digest.ts';
import { createDispatch } from '../../src/incident/dispatch.ts';
import { createExpect } from '../../src/incident/expect.ts';
import { createLate } from '../../src/incident/late.ts';
import { createTimekeeper } from '../../src/incident/timekeeper.ts';
import type { IncidentPolicy, RuleSummary, Trigger } from '../../src/rules/rule.ts';
import { createDeliveryStore, type DeliverySpec } from '../../src/store/deliveries.ts';
import { createEventStore } from '../../src/store/events.ts';
import { migrate } from '../../src/store/migrations.ts';
import type { Notice } from '../../src/destination/destination.ts';
import { newEvent } from '../store/new-event.ts';
import { openMemorySql } from '../store/memory-sql.ts';

export const minute = 60_000;
export const hour = 3_600_000;

/** Mon 2 March 2026 09:00 UTC. */
export const monday9 = Date.UTC(2026, 2, 2, 9);

export interface JobSketch {
  id?: string;
  state: string;
  /** When it happened; default: now. */
  at?: number;
  type?: string;
  dataset?: number;
  durationS?: number;
  /** What the event says instead of `at`: a time so far ahead that the ledger doesn't believe it. */
  wrongAt?: number;
}

export interface Told {
  to: string;
  subject: string;
  rule: string | null;
  act: string | null;
  incident: number | null;
  severity: string;
  title: string | undefined;
  text: string | undefined;
  fields: Notice['fields'];
  /** The state of the event it is about; null for a notice. */
  about: string | null;
}

export function timedRule(name: string, trigger: Trigger, { recover = false, to = ['chat'] } = {}): RuleSummary {
  const place = { file: 'rules.yaml', line: 1, col: 1 };
  const send = to.map((each) => ({ to: each, severity: null, change: false, broadcast: false, message: null }));
  const incident: IncidentPolicy | null = recover ? { holdMs: null, repeatMs: null, recover, group: null } : null;
  return { name, place, stop: false, trigger, incident, send };
}

export function createTimedStage(firstRules: RuleSummary[], { startAt = monday9 } = {}) {
  const memory = openMemorySql();
  let statements = 0;
  const sql: typeof memory = { query: (...call) => (statements++, memory.query(...call)), transaction: memory.transaction };
  migrate(sql);
  let now = startAt;
  let rules = new Map(firstRules.map((rule) => [rule.name, rule]));
  const warnings: string[] = [];
  const clock = { now: () => now };
  let jobs = 0;
  let silence: Silencing | null = null;
  let life = begin();

  function begin() {
    const turns: (() => void)[] = [];
    const warn = (_: object, message: string) => void warnings.push(message);
    const log = { debug() {}, info() {}, warn, error: warn };
    const nextSeq = createSequence(clock, createEventStore(sql).lastSeq());
    const deliveries = createDeliveryStore(sql);
    const dispatch = createDispatch({ deliveries, nextSeq, fallbackOf: () => null, deliveryLifetimeMs: 24 * hour });
    const late = createLate({
      sql,
      dispatch,
      nextSeq,
      silences: { covering: () => (silence?.untilMs === null || now < (silence?.untilMs ?? 0) ? silence : null) },
      traitsOf: (to) => ({ forwards: to === 'airflow', edits: false }),
      log,
    });
    const expectDuty = createExpect({ sql, dispatch, nextSeq, rules: () => rules });
    const digest = createDigest({ sql, dispatch, rules: () => rules });
    const born = {
      late,
      expectDuty,
      digest,
      turns,
      nextSeq,
      alarmAt: null as number | null,
      timekeeper: null as never as Timekeeper,
    };
    born.timekeeper = createTimekeeper({
      sql,
      clock,
      alarm: { arm: (at) => void (born.alarmAt = at), disarm: () => void (born.alarmAt = null) },
      afterTurn: (work) => void turns.push(work),
      log,
      duties: [late, expectDuty, digest],
      onWork: () => {},
    });
    return born;
  }

  function start(): void {
    rulesChanged();
    life.timekeeper.start();
    settle();
  }

  function rulesChanged(): void {
    sql.transaction(() => {
      life.expectDuty.rulesChanged(now);
      life.digest.rulesChanged(now);
    });
  }

  function settle(): void {
    for (let work = life.turns.shift(); work; work = life.turns.shift()) work();
  }

  const stage = {
    sql,
    warnings,
    get now() {
      return now;
    },
    /** Whether a timer was set or cleared. Throws when what is said to have been added is not what was: nobody would send it. */
    take(sketch: JobSketch): boolean {
      const at = sketch.at ?? now;
      const narrative = jobEvent({ id: `job-${++jobs}`, ...sketch, at });
      const before = toldIn(memory).length;
      const { timed, added } = sql.transaction(() => note(narrative, at, sketch.wrongAt));
      const really = toldIn(memory).length - before;
      if (really !== added) throw new Error(`${added} deliveries were said to be added, ${really} were`);
      if (timed) life.timekeeper.wake();
      settle();
      return timed;
    },
    /** Statements that noting an event costs, without its row and its transition. */
    statementsToNote(sketch: JobSketch): number {
      const narrative = jobEvent({ id: 'job-counted', ...sketch, at: now });
      return sql.transaction(() => {
        const taken = takenOf(narrative, now);
        const before = statements;
        noteAll(taken);
        return statements - before;
      });
    },
    /** The transaction that an event was taken in fails after all. */
    takeInVain(sketch: JobSketch): void {
      try {
        sql.transaction(() => {
          note(jobEvent({ id: `job-${++jobs}`, ...sketch, at: sketch.at ?? now }), sketch.at ?? now);
          throw new Error('disk full');
        });
      } catch {
        // As meant.
      }
    },
    /** Time passes; the alarm rings whenever it is due. */
    pass(ms: number): void {
      const end = now + ms;
      for (let rings = 0; life.alarmAt !== null && life.alarmAt <= end; rings++) {
        if (rings > 1_000) throw new Error('the alarm rings without end');
        now = Math.max(now, life.alarmAt);
        life.alarmAt = null;
        life.timekeeper.run();
        settle();
      }
      now = end;
    },
    passUntil(at: number): void {
      stage.pass(at - now);
    },
    /** The process ends, nothing happens for a while, and another begins on the same store. */
    restartAt(at: number): void {
      now = at;
      life = begin();
      start();
    },
    setClock(at: number): void {
      now = at;
      life.timekeeper.wake();
      settle();
    },
    reload(next: RuleSummary[]): void {
      rules = new Map(next.map((rule) => [rule.name, rule]));
      rulesChanged();
      life.timekeeper.wake();
      settle();
    },
    /** Every event is silenced from now on, or none. */
    silence(by: Silencing | null): void {
      silence = by;
      sql.transaction(() => life.late.silencesChanged(now));
      life.timekeeper.wake();
      settle();
    },
    /** A silence catches the latest delivery on its way out. */
    silenceOnItsWayOut(by: Silencing): void {
      const deliveries = createDeliveryStore(sql);
      const [delivery] = deliveries.lease('chat', now, now + minute, 1);
      sql.transaction(() => {
        deliveries.finish(delivery!, { status: 'suppressed', at: now, reason: 'silenced', detail: by.name });
        if (!life.late.silenced(delivery!, by, now)) throw new Error('late does not know its own delivery');
      });
      life.timekeeper.wake();
      settle();
    },
    told: (): Told[] => toldIn(sql),
    titles: (): (string | undefined)[] => toldIn(sql).map(({ title }) => title),
    openIncidents: () =>
      sql
        .query<{ kind: string; subject: string }>('SELECT kind, subject FROM incidents WHERE ended_at IS NULL ORDER BY id')
        .map(({ kind, subject }) => `${kind} ${subject}`),
  };

  function note(narrative: NarrativeEvent, at: number, wrongAt?: number) {
    return noteAll(takenOf(narrative, at, wrongAt));
  }

  function takenOf(narrative: NarrativeEvent, at: number, saidAt = at) {
    const seq = life.nextSeq();
    const job = narrative.kind === 'job' ? narrative.job : null;
    const updatedAtUs = saidAt * 1000;
    const body = new TextEncoder().encode(JSON.stringify(wireOf(narrative)));
    const events = createEventStore(sql);
    events.add(newEvent({ seq, state: stateOf(narrative), jobId: job!.id, updatedAtUs, receivedAt: now, body }));
    events.addTransition({ jobId: job!.id, state: stateOf(narrative), updatedAtUs }, seq);
    const timed = [...rules.values()].filter(({ trigger }) => concerns(trigger, narrative));
    const plan = {
      rules: timed.map(({ name }) => name),
      subject: 's',
      subjectFellBack: false,
      part: null,
      deliveries: [],
      matched: [],
      timed,
      usual: 'info' as const,
      owners: [],
    };
    return { seq, subscription: 'production', narrative, plan, happenedUs: at * 1000, receivedAt: now };
  }

  function noteAll(taken: ReturnType<typeof takenOf>) {
    const { late, expectDuty, digest } = life;
    const noted = [late, expectDuty, digest].map((duty) => duty.note(taken));
    return {
      timed: noted.some(({ timed }) => timed),
      added: noted.reduce((sum, { deliveries, notices }) => sum + deliveries + notices, 0),
    };
  }

  start();
  return stage;
}

type Timekeeper = ReturnType<typeof createTimekeeper>;

function concerns(trigger: Trigger, narrative: NarrativeEvent): boolean {
  if (trigger.kind !== 'expect') return trigger.kind !== 'event';
  const dataset = narrative.kind === 'job' ? narrative.job.dataset_id : null;
  return trigger.state === stateOf(narrative) && (trigger.datasets === null || trigger.datasets.includes(dataset ?? ''));
}

function jobEvent(sketch: JobSketch & { id: string; at: number }): NarrativeEvent {
  const { id, state, at, type = 'materialize-view', dataset, durationS = 0 } = sketch;
  const data = {
    job_id: id,
    state,
    type,
    created_at: new Date(at - durationS * 1000).toISOString(),
    updated_at: new Date(at).toISOString(),
    ...(state === 'completed' || state === 'failed' ? { ended_at: new Date(at).toISOString() } : {}),
    input: dataset === undefined ? {} : { dataset_id: dataset },
  };
  const parsed = parseBody(new TextEncoder().encode(JSON.stringify({ type: `job.${state}`, data })));
  if (parsed.kind !== 'event') throw new Error(`the sketch is no event: ${parsed.why}`);
  return parsed.event;
}

function wireOf(narrative: NarrativeEvent): object {
  if (narrative.kind !== 'job') throw new Error('sketches are jobs');
  const { id, state, type, updated_at, input } = narrative.job;
  if (timestampUs(updated_at!) === null) throw new Error('sketches have times');
  return { type: `job.${state}`, data: { job_id: id, state, type, updated_at, input } };
}

function toldIn(sql: { query: ReturnType<typeof openMemorySql>['query'] }): Told[] {
  return sql
    .query<{ destination: string; subject: string; spec: string; notice: string | null; state: string | null }>(
      `SELECT destination, d.subject, spec, notice, state FROM deliveries d LEFT JOIN events ON seq = event_seq
       ORDER BY created_at, event_seq, n`,
    )
    .map(({ destination, subject, spec, notice, state }) => {
      const { rule, severity, incident, title } = JSON.parse(spec) as DeliverySpec;
      const words = notice === null ? null : (JSON.parse(notice) as Notice);
      return {
        to: destination,
        subject,
        rule,
        act: incident?.act ?? null,
        incident: incident?.id ?? null,
        severity,
        title: words?.title ?? title,
        text: words?.text,
        fields: words?.fields,
        about: state,
      };
    });
}
