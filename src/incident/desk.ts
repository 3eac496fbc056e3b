/** The parts of incidents, put together: what the ledger asks about each event, and what is done when its time comes. */
import type { AfterTurn, Alarm, Clock, Log, Sql } from '../ports.ts';
import type { RuleSummary } from '../rules/rule.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { DeliveryStore } from '../store/deliveries.ts';
import type { StoredEvent } from '../store/events.ts';
import { createIncidentStore } from '../store/incidents.ts';
import type { Forget } from '../store/retention.ts';
import { routableOf } from '../store/stored-event.ts';
import { createDigest } from './digest.ts';
import { createDispatch } from './dispatch.ts';
import type { Duty } from './duty.ts';
import { createExpect } from './expect.ts';
import { createGroups } from './groups.ts';
import { createIncidents, type Admission } from './incidents.ts';
import { traitsIn } from './telling.ts';
import { createLate } from './late.ts';
import { nothingNoted, type Noted } from './noted.ts';
import type { Silencing } from './policy.ts';
import { createSilences } from './silences.ts';
import type { Taken } from './taken.ts';
import { createTimekeeper } from './timekeeper.ts';

export interface DeskOptions {
  sql: Sql;
  clock: Clock;
  alarm: Alarm;
  afterTurn: AfterTurn;
  log: Log;
  /** Makes event numbers. */
  nextSeq: () => number;
  deliveries: DeliveryStore;
  /** The rules in force. */
  rules: () => RuleSet;
  deliveryLifetimeMs: number;
  /** Called when there is something new in the outbox. */
  wakeOutbox: () => void;
  /** Further duties. */
  duties: readonly Duty[];
}

export function createDesk(options: DeskOptions) {
  const { sql, clock, log, nextSeq, deliveries, rules, deliveryLifetimeMs, wakeOutbox } = options;
  const dispatch = createDispatch({
    deliveries,
    nextSeq,
    fallbackOf: (name) => rules().destinations.get(name)?.fallback ?? null,
    deliveryLifetimeMs,
  });
  const traitsOf = (name: string) => traitsIn(rules(), name);
  let named: { of: RuleSet; rules: ReadonlyMap<string, RuleSummary> } | null = null;
  const byName = () => {
    const of = rules();
    if (named?.of !== of) named = { of, rules: rulesByName(of) };
    return named.rules;
  };
  const silences = createSilences({
    sql,
    clock,
    log,
    mutes: () => rules().mutes,
    onChange: silencesChanged,
    wake: () => timekeeper.wake(),
  });
  const groups = createGroups({ sql, dispatch, nextSeq, traitsOf });
  const incidents = createIncidents({
    sql,
    dispatch,
    groups,
    silences,
    traitsOf,
    sendOf: (rule) => byName().get(rule)?.send ?? null,
    isKnown: (name) => rules().destinations.has(name),
  });
  const late = createLate({ sql, dispatch, nextSeq, silences, traitsOf, log });
  const expect = createExpect({ sql, dispatch, rules: byName, nextSeq });
  const digest = createDigest({ sql, dispatch, rules: byName });
  const timekeeper = createTimekeeper({
    ...options,
    duties: [incidents.duty, groups.duty, late, expect, digest, ...options.duties],
    onWork: wakeOutbox,
  });

  /** Other rules are in force, and the store could not be told. */
  let rulesAreNew = false;

  /** What depends on the rules is set up before the next event comes. Inside a transaction. */
  function setUp(now: number): void {
    expect.rulesChanged(now);
    digest.rulesChanged(now);
    silencesChanged(now);
  }

  /** A store that is full or locked keeps no rules from taking effect: it is told later. */
  function rulesChanged(): void {
    rulesAreNew = true;
    try {
      sql.transaction(() => setUp(clock.now()));
      rulesAreNew = false;
    } catch (error) {
      log.error({ err: error }, 'the store could not be told of changed rules: tried again soon');
    }
  }

  /** In a transaction: looks at what they kept back. */
  function silencesChanged(now: number): void {
    incidents.silencesChanged(now);
    late.silencesChanged(now);
  }

  return {
    /** What the ledger asks about each event, in its transaction. */
    admit(taken: Taken): Admission {
      if (rulesAreNew) setUp(taken.receivedAt);
      const admission = incidents.admit(taken);
      // What comes by the clock goes by what has just come.
      if (taken.replay) return admission;
      return [late, expect, digest].reduce((sum, each) => withNoted(sum, each.note(taken)), admission);
    },
    silences,
    /** What the outbox asks just before an alert goes out. */
    silenceFor(event: StoredEvent, now: number): Silencing | null {
      return silences.covering(routableOf(event), now);
    },
    /** A silence kept a delivery back; inside the outbox's transaction. */
    silenced(...what: Parameters<typeof incidents.silenced>): void {
      if (!late.silenced(...what)) incidents.silenced(...what);
      timekeeper.wake();
    },
    wake: timekeeper.wake,
    /** The alarm's call. */
    ring(): void {
      if (rulesAreNew) rulesChanged();
      timekeeper.run();
    },
    /** Throws when the store can't be written. */
    start(): void {
      sql.transaction(() => setUp(clock.now()));
      timekeeper.start();
    },
    stop: timekeeper.stop,
    /** Other rules are in force. */
    rulesChanged(): void {
      rulesChanged();
      timekeeper.wake();
    },
    countOpen: incidents.countOpen,
    countSilences: () => silences.countInForce(clock.now()),
    forgetters: [createIncidentStore(sql).forget, silences.forget, groups.forget, late.forget] satisfies Forget[],
  };
}

export type Desk = ReturnType<typeof createDesk>;

function withNoted(admission: Admission, noted: Noted): Admission {
  if (noted === nothingNoted) return admission;
  const { timed, deliveries, notices } = noted;
  return {
    ...admission,
    deliveries: admission.deliveries + deliveries,
    toSend: admission.toSend || deliveries + notices > 0,
    timed: admission.timed || timed,
    ...(deliveries > 0 ? { outcome: 'routed', reason: null } : {}),
  };
}

/** `unmatched` sends like a rule. */
function rulesByName({ rules, unmatched }: RuleSet): ReadonlyMap<string, RuleSummary> {
  return new Map([...rules, ...(unmatched ? [unmatched] : [])].map((rule) => [rule.name, rule]));
}
