/**
 * `expect`: what has not happened by a time of day. Each expected item (a dataset, or the rule as a whole) is awaited from the
 * start of a window to its end, the deadline; what is not there then is told, once, and so is its coming.
 *
 * What comes after its deadline counts for that one, not for the next: a view that is done at 06:05 instead of 06:00 has not
 * been done for tomorrow. An item that a rule began to expect when more than half of a window was over counts as met for it:
 * it may have come before anybody looked.
 */
import { datasetOf, type NarrativeEvent } from '../event/event.ts';
import type { Sql } from '../ports.ts';
import type { RuleSummary, Trigger } from '../rules/rule.ts';
import { createExpectationStore, type Expectation } from '../store/expectations.ts';
import { createIncidentStore, type Incident } from '../store/incidents.ts';
import { createTickStore, type Tick, type TickSpec } from '../store/ticks.ts';
import { everyDay, nextOccurrence, previousOccurrence } from './calendar.ts';
import type { Dispatch } from './dispatch.ts';
import type { Duty } from './duty.ts';
import { missedNotice, metNotice, withdrawnNotice } from './expect-notices.ts';
import { nothingNoted, type Noted } from './noted.ts';
import type { Taken } from './taken.ts';
import { tellTick } from './tell-tick.ts';

type Expected = Extract<Trigger, { kind: 'expect' }>;

/** From the deadline to looking, ms, and from a start that comes too late for it: what was in time may still be on its way. */
const settleMs = 30_000;
/** Nothing is so late, ms, while the relay is running. */
const overdueMs = 60_000;
/** Rules looked at in one transaction. */
const batch = 20;

export interface ExpectOptions {
  sql: Sql;
  dispatch: Dispatch;
  /** The rules in force, by name. */
  rules: () => ReadonlyMap<string, RuleSummary>;
  /** Makes the numbers of incidents. */
  nextSeq: () => number;
}

export interface Expect extends Duty {
  /** Notes that something happened, inside the ledger's transaction. */
  note(taken: Taken): Noted;
  /** To be called, inside a transaction, at start and when other rules have come into force: before the next event is noted. */
  rulesChanged(now: number): void;
}

export function createExpect({ sql, dispatch, rules, nextSeq }: ExpectOptions): Expect {
  const ticks = createTickStore(sql, 'expect');
  const expectations = createExpectationStore(sql);
  const incidents = createIncidentStore(sql);

  function note(taken: Taken): Noted {
    let notices = 0;
    for (const { name, trigger } of taken.plan.timed) if (trigger.kind === 'expect') notices += noteFor(name, trigger, taken);
    // Deadlines stay where they are.
    return notices === 0 ? nothingNoted : { ...nothingNoted, notices };
  }

  /** Returns how many notices it adds. */
  function noteFor(rule: string, trigger: Expected, taken: Taken): number {
    const tick = ticks.find(rule);
    const found = expectations.find(rule, itemOf(trigger, taken.narrative));
    if (tick === null || found === null) return 0;
    const happenedMs = taken.happenedUs / 1000;
    const inWindow = happenedMs >= tick.fromAt;
    const incident = tick.incident === null ? null : incidents.find(tick.incident);
    let { state } = found;
    if (state !== 'missing') {
      if (inWindow) state = 'met';
    } else if (incident !== null && happenedMs >= windowStart(trigger, incident.lastAt)) {
      // Where one window begins as the other ends, it can't be for both.
      state = inWindow && tick.fromAt > incident.lastAt ? 'met' : 'awaited';
    }
    expectations.put(rule, { ...found, state, lastUs: Math.max(found.lastUs ?? 0, taken.happenedUs) });
    const came = found.state === 'missing' && state !== 'missing';
    return came && incident !== null && !expectations.anyMissing(rule) ? allCame(tick, incident, trigger, taken) : 0;
  }

  function allCame(tick: Tick, incident: Incident, trigger: Expected, { seq, happenedUs, receivedAt }: Taken): number {
    const happenedMs = Math.floor(happenedUs / 1000);
    incidents.end(incident.id, happenedMs, seq);
    ticks.put({ ...tick, incident: null, spec: null });
    if (!tick.spec?.recover) return 0;
    const notice = metNotice(tick.rule, trigger, { deadlineMs: incident.openedAt, happenedMs, heardMs: receivedAt });
    tellTick(dispatch, { ...tick, spec: tick.spec }, notice, { act: 'recover', usual: 'info' }, receivedAt);
    return 1;
  }

  function run(now: number): void {
    for (const tick of ticks.dueBy(now, batch)) {
      const rule = rules().get(tick.rule);
      if (rule?.trigger.kind !== 'expect') retire(tick, now);
      else if (now - tick.runAt > overdueMs) ticks.put({ ...tick, runAt: now + settleMs });
      else look(tick, rule, rule.trigger, now);
    }
  }

  /** The deadline is over; the last one, if several were while nobody looked. */
  function look(tick: Tick, rule: RuleSummary, trigger: Expected, now: number): void {
    const deadline = Math.max(tick.dueAt, previousOccurrence(deadlineOf(trigger), now - settleMs));
    const from = windowStart(trigger, deadline);
    const others = deadline !== tick.dueAt;
    const missing: Expectation[] = [];
    const items = expectations.of(tick.rule);
    for (const item of items) {
      // What came for one of several deadlines was noted as met for the first.
      const came = item.state === 'met' || (others && item.state === 'awaited');
      const met = came && (!others || (item.lastUs ?? 0) >= from * 1000);
      if (!met) missing.push(item);
      expectations.put(tick.rule, { ...item, state: met ? 'awaited' : 'missing' });
    }
    const next = { ...tick, ...windowAfter(trigger, deadline) };
    if (missing.length === 0) return ticks.put(next);
    const spec: TickSpec = { recover: rule.incident?.recover ?? false, send: rule.send };
    const incident = tick.incident ?? nextSeq();
    if (tick.incident === null) {
      incidents.open({ id: incident, kind: 'expect', subject: `expect/${tick.rule}`, at: deadline, failures: 1, said: null });
    } else incidents.again(incident, deadline, null);
    const told = { ...next, incident, spec };
    ticks.put(told);
    const act = tick.incident === null ? 'open' : 'remind';
    const notice = missedNotice(tick.rule, trigger, { missing, expected: items.length, from, deadline, others, now });
    tellTick(dispatch, told, notice, { act, usual: 'error' }, now);
  }

  function rulesChanged(now: number): void {
    const inForce = rules();
    for (const tick of ticks.all()) if (inForce.get(tick.rule)?.trigger.kind !== 'expect') retire(tick, now);
    for (const { name, trigger } of inForce.values()) {
      if (trigger.kind !== 'expect') continue;
      const calendar = JSON.stringify([trigger.by, trigger.from, trigger.timezone, trigger.days]);
      const known = ticks.find(name);
      const tick = known?.calendar === calendar ? known : begin(name, calendar, trigger, known, now);
      expectItems(tick, trigger.datasets ?? [wholeRule], now);
    }
  }

  /** A rule that is new, or has another deadline now. One that was over but not looked at yet is left out. */
  function begin(rule: string, calendar: string, trigger: Expected, known: Tick | null, now: number): Tick {
    const tick: Tick = {
      kind: 'expect',
      rule,
      calendar,
      ...windowAfter(trigger, now),
      incident: known?.incident ?? null,
      spec: known?.spec ?? null,
    };
    ticks.put(tick);
    for (const item of expectations.of(rule)) {
      if (item.state === 'missing') continue;
      expectations.put(rule, { ...item, state: (item.lastUs ?? 0) >= tick.fromAt * 1000 ? 'met' : 'awaited' });
    }
    return tick;
  }

  function expectItems(tick: Tick, items: readonly string[], now: number): void {
    const known = new Set(expectations.of(tick.rule).map(({ item }) => item));
    const halfOver = now - tick.fromAt > (tick.dueAt - tick.fromAt) / 2;
    for (const item of items) {
      if (!known.delete(item)) expectations.put(tick.rule, { item, state: halfOver ? 'met' : 'awaited', lastUs: null });
    }
    for (const item of known) expectations.remove(tick.rule, item);
    if (tick.incident !== null && !expectations.anyMissing(tick.rule)) {
      withdraw(tick, now);
      ticks.put({ ...tick, incident: null, spec: null });
    }
  }

  function retire(tick: Tick, now: number): void {
    withdraw(tick, now);
    ticks.remove(tick.rule);
    expectations.removeAll(tick.rule);
  }

  /** Nobody expects any longer what is missing: the alert that stands ends with the rule. */
  function withdraw(tick: Tick, now: number): void {
    if (tick.incident === null) return;
    incidents.end(tick.incident, now, null);
    if (tick.spec?.recover)
      tellTick(dispatch, { ...tick, spec: tick.spec }, withdrawnNotice(tick.rule), { act: 'recover', usual: 'info' }, now);
  }

  /** A clock that was ahead by days may have moved deadlines out of sight. The next but one is left: its first was looked at. */
  function rearm(now: number): void {
    for (const tick of ticks.all()) {
      const trigger = rules().get(tick.rule)?.trigger;
      if (trigger?.kind !== 'expect') continue;
      const next = windowAfter(trigger, now);
      if (tick.dueAt > windowAfter(trigger, next.dueAt).dueAt) ticks.put({ ...tick, ...next });
      else ticks.put({ ...tick, runAt: Math.min(tick.runAt, Math.max(tick.dueAt, now) + settleMs) });
    }
  }

  return { name: 'expect', note, rulesChanged, run, nextAt: ticks.nextRunAt, rearm };
}

const wholeRule = '';

function itemOf({ datasets }: Expected, narrative: NarrativeEvent): string {
  return datasets === null ? wholeRule : (datasetOf(narrative) ?? wholeRule);
}

function deadlineOf({ by, timezone, days }: Expected) {
  return { time: by, timezone, days };
}

/** The window of the first deadline after a time. */
function windowAfter(trigger: Expected, afterMs: number): Pick<Tick, 'fromAt' | 'dueAt' | 'runAt'> {
  const dueAt = nextOccurrence(deadlineOf(trigger), afterMs);
  return { fromAt: windowStart(trigger, dueAt), dueAt, runAt: dueAt + settleMs };
}

function windowStart({ from, by, timezone }: Expected, deadline: number): number {
  return previousOccurrence({ time: from ?? by, timezone, days: everyDay }, deadline - 1);
}
