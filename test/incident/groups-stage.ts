/**
 * Groups on a real store, with the real incident engine and timekeeper; the clock is the test's. Events are taken as the ledger
 * takes them, in a transaction. Of the destinations, `chat` can edit what it said, `mail` and `pager` can't, `http` forwards.
 */
import { settled } from './quiet.ts';
import type { IncidentAct, Notice, Owner, Severity } from '../../src/destination/destination.ts';
import { createSequence } from '../../src/event/id.ts';
import { parseBody } from '../../src/event/parse.ts';
import { createDispatch } from '../../src/incident/dispatch.ts';
import { createGroups } from '../../src/incident/groups.ts';
import { createIncidents } from '../../src/incident/incidents.ts';
import { createTimekeeper } from '../../src/incident/timekeeper.ts';
import type { Plan } from '../../src/rules/plan.ts';
import { mergeSends } from '../../src/rules/planner.ts';
import type { GroupPolicy, IncidentPolicy, RuleSummary } from '../../src/rules/rule.ts';
import { createDecisionStore } from '../../src/store/decisions.ts';
import { createDeliveryStore, type DeliverySpec } from '../../src/store/deliveries.ts';
import { createEventStore } from '../../src/store/events.ts';
import { createIncidentStore } from '../../src/store/incidents.ts';
import { migrate } from '../../src/store/migrations.ts';
import { openMemorySql } from '../store/memory-sql.ts';
import { newEvent } from '../store/new-event.ts';

export const second = 1_000;
export const minute = 60_000;

/** 2026-03-02T09:12:00Z. */
export const startAt = Date.UTC(2026, 2, 2, 9, 12);

export interface RuleSketch extends Partial<Omit<IncidentPolicy, 'group'>> {
  name?: string;
  to?: string[];
  by?: string[];
  waitMs?: number;
  everyMs?: number;
}

export function groupRule({
  name = 'failures',
  to = ['chat'],
  by = [],
  waitMs = 30 * second,
  everyMs = 5 * minute,
  ...policy
}: RuleSketch = {}): RuleSummary {
  const group: GroupPolicy = { by, waitMs, everyMs };
  return {
    name,
    place: { file: 'rules.yaml', line: 1, col: 1 },
    stop: false,
    trigger: { kind: 'event' },
    incident: { holdMs: null, repeatMs: null, recover: false, ...policy, group },
    send: to.map((each) => ({ to: each, severity: null, change: false, broadcast: false, message: null })),
  };
}

export interface EventSketch {
  type?: string;
  says?: string;
  /** By Narrative's clock, epoch ms; default: now, and a completion a moment after what failed now. */
  at?: number;
  usual?: Severity;
  owners?: Owner[];
}

export interface Told {
  /** Seconds since the stage was set. */
  at: number;
  to: string;
  act: IncidentAct | null;
  /** `notice`: in the relay's own words; else the state of the event that it is about. */
  about: string;
  subject: string;
  incident: number | null;
  severity: Severity;
  rule: string | null;
  merged: string[];
  owners: readonly Owner[];
  title: string;
  text: string;
}

/** The one silence there is. */
const release = { name: 'release', untilMs: null };

export function createStage(firstRules: RuleSummary[] = [groupRule()]) {
  const sql = openMemorySql();
  migrate(sql);
  let now = startAt;
  let rules = firstRules;
  let jobs = 0;
  let silent = false;
  const errors: unknown[] = [];
  const clock = { now: () => now };
  let life = begin();
  life.timekeeper.start();
  settle();

  function begin() {
    const turns: (() => void)[] = [];
    const alarm = { at: null as number | null };
    const fail = (fields: object) => void errors.push(fields);
    const log = { debug() {}, info() {}, warn: fail, error: fail };
    const nextSeq = createSequence(clock, createEventStore(sql).lastSeq());
    const deliveries = createDeliveryStore(sql);
    const dispatch = createDispatch({ deliveries, nextSeq, fallbackOf: () => null, deliveryLifetimeMs: 24 * 60 * minute });
    const traitsOf = (name: string) => ({ edits: name === 'chat', forwards: name === 'http' });
    const groups = createGroups({ sql, dispatch, nextSeq, traitsOf });
    const silences = { covering: () => (silent ? release : null) };
    const incidents = createIncidents({ ...settled, sql, dispatch, groups, silences, traitsOf });
    const timekeeper = createTimekeeper({
      sql,
      clock,
      log,
      alarm: { arm: (at) => void (alarm.at = at), disarm: () => void (alarm.at = null) },
      afterTurn: (work) => void turns.push(work),
      duties: [incidents.duty, groups.duty],
      onWork: () => {},
    });
    return { turns, alarm, nextSeq, groups, incidents, timekeeper };
  }

  function settle(): void {
    for (let work = life.turns.shift(); work; work = life.turns.shift()) work();
    if (errors.length > 0)
      throw errors[0] instanceof Error ? errors[0] : new Error(JSON.stringify(errors[0], null, 1), { cause: errors[0] });
  }

  /** Returns the event's number. */
  function take(dataset: string, state: 'failed' | 'completed', sketch: EventSketch): number {
    const seq = sql.transaction(() => record(dataset, state, sketch));
    life.timekeeper.wake();
    settle();
    return seq;
  }

  function record(
    dataset: string,
    state: 'failed' | 'completed',
    { type = 'materialize-view', says, at = state === 'failed' ? now : now + 1, usual, owners = [] }: EventSketch,
  ): number {
    const seq = life.nextSeq();
    const failures = says === undefined ? [] : [{ message: says }];
    const job = {
      job_id: `job-${++jobs}`,
      state,
      type,
      updated_at: new Date(at).toISOString(),
      input: { dataset_id: dataset },
      failures,
    };
    const body = new TextEncoder().encode(JSON.stringify({ type: `job.${state}`, data: job }));
    const parsed = parseBody(body);
    if (parsed.kind !== 'event') throw new Error(`the sketch is no event: ${parsed.why}`);
    const narrative = parsed.event;
    const subject = `${type}/${dataset}`;
    const events = createEventStore(sql);
    events.add(newEvent({ seq, state, subject, jobType: type, datasetId: dataset, receivedAt: now, body, outcome: 'unrouted' }));
    const matched = state === 'failed' ? rules : [];
    const severity = usual ?? (state === 'failed' ? 'error' : 'info');
    const plan: Plan = {
      rules: matched.map(({ name }) => name),
      subject,
      subjectFellBack: false,
      part: state === 'failed' ? 'opens' : 'closes',
      deliveries: mergeSends(
        matched.map((rule) => ({ rule, act: null })),
        severity,
      ),
      matched,
      timed: [],
      usual: severity,
      owners,
    };
    const { outcome, reason } = life.incidents.admit({
      seq,
      subscription: 'production',
      narrative,
      plan,
      happenedUs: at * 1000,
      receivedAt: now,
    });
    events.setOutcome(seq, outcome, reason);
    return seq;
  }

  const stage = {
    sql,
    get now() {
      return now;
    },
    get groups() {
      return life.groups;
    },
    fail: (dataset: string | number, sketch: EventSketch = {}) => take(String(dataset), 'failed', sketch),
    complete: (dataset: string | number, sketch: EventSketch = {}) => take(String(dataset), 'completed', sketch),
    /** Many at once, in one transaction. */
    failAll(datasets: readonly (string | number)[]): void {
      sql.transaction(() => datasets.forEach((dataset) => record(String(dataset), 'failed', { says: 'executor lost' })));
      life.timekeeper.wake();
      settle();
    },
    /** Time passes; the alarm rings whenever it is due. */
    pass(ms: number): void {
      const end = now + ms;
      for (let rings = 0; life.alarm.at !== null && life.alarm.at <= end; rings++) {
        if (rings > 10_000) throw new Error('the alarm rings without end');
        now = Math.max(now, life.alarm.at);
        life.alarm.at = null;
        life.timekeeper.run();
        settle();
      }
      now = end;
    },
    /** The process ends, and another begins on the same store, after a while. */
    restart(downMs = 0): void {
      now += downMs;
      life = begin();
      life.timekeeper.start();
      settle();
    },
    setClockBack(ms: number): void {
      now -= ms;
      life.timekeeper.wake();
      settle();
    },
    reload(next: RuleSummary[]): void {
      rules = next;
    },
    /** A silence of everything begins, or is lifted. */
    silence(on: boolean): void {
      silent = on;
      sql.transaction(() => life.incidents.silencesChanged(now));
      life.timekeeper.wake();
      settle();
    },
    /** A silence that has begun catches the first delivery to `to` that is on its way out. */
    catchOnItsWay(to: string): void {
      const deliveries = createDeliveryStore(sql);
      const [delivery] = deliveries.lease(to, now, now + minute, 1);
      sql.transaction(() => {
        deliveries.finish(delivery!, { status: 'suppressed', at: now, reason: 'silenced', detail: 'release' });
        life.incidents.silenced(delivery!, release, now);
      });
      life.timekeeper.wake();
      settle();
    },
    /** All deliveries under way have come through. */
    deliverAll(): void {
      sql.query(`UPDATE deliveries SET status = 'delivered', finished_at = ? WHERE status = 'queued'`, now);
    },
    told: (): Told[] => toldIn(sql),
    /** `30 s chat open: 2 failures · …`, for an event its state and subject. */
    said: (): string[] =>
      toldIn(sql).map(
        ({ at, to, act, about, subject, title }) => `${at} s ${to} ${act}: ${about === 'notice' ? title : `${subject} ${about}`}`,
      ),
    decisionsOn: (seq: number) => createDecisionStore(sql).of(seq),
    outcomeOf: (seq: number) => sql.query<{ outcome: string }>('SELECT outcome FROM events WHERE seq = ?', seq)[0]!.outcome,
    incident: (id: number | null) => (id === null ? null : createIncidentStore(sql).find(id)),
    /** Subjects of open incidents of groups. */
    openGroups: (): string[] =>
      sql
        .query<{ subject: string }>(`SELECT subject FROM incidents WHERE kind = 'group' AND ended_at IS NULL ORDER BY id`)
        .map(({ subject }) => subject),
    count: (table: 'groups' | 'group_members'): number => sql.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)[0]!.n,
  };
  return stage;
}

export type Stage = ReturnType<typeof createStage>;

function toldIn(sql: ReturnType<typeof openMemorySql>): Told[] {
  return sql
    .query<{
      destination: string;
      subject: string;
      createdAt: number;
      spec: string;
      notice: string | null;
      state: string | null;
    }>(
      `SELECT destination, d.subject, created_at AS createdAt, spec, notice, state FROM deliveries AS d LEFT JOIN events ON seq = event_seq
       WHERE status <> 'suppressed' ORDER BY created_at, event_seq, n`,
    )
    .map(({ destination, subject, createdAt, spec, notice, state }) => {
      const { rule, merged, severity, incident, owners = [] } = JSON.parse(spec) as DeliverySpec;
      const words = notice === null ? null : (JSON.parse(notice) as Notice);
      return {
        at: (createdAt - startAt) / 1000,
        to: destination,
        act: incident?.act ?? null,
        about: words ? 'notice' : (state ?? ''),
        subject,
        incident: incident?.id ?? null,
        severity,
        rule,
        merged,
        owners,
        title: words?.title ?? '',
        text: words?.text ?? '',
      };
    });
}
