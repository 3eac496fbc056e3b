/**
 * The relay's watch over itself in a real store, with a real ledger, timekeeper and outbox; time, and what destinations answer,
 * are in the test's hand.
 */
import { composeAlert } from '../../src/destination/alert.ts';
import type { AttemptOutcome, Destination, IncidentAct, Outgoing } from '../../src/destination/destination.ts';
import { createSequence } from '../../src/event/id.ts';
import type { RelayFacts } from '../../src/event/event.ts';
import { createDispatch } from '../../src/incident/dispatch.ts';
import { createIncidents } from '../../src/incident/incidents.ts';
import { createTimekeeper } from '../../src/incident/timekeeper.ts';
import { createWatch } from '../../src/incident/watch.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { createDeliveryOperations } from '../../src/operate/deliveries.ts';
import { createDestinationOperations } from '../../src/operate/destinations.ts';
import { createOutbox } from '../../src/outbox/outbox.ts';
import type { Log } from '../../src/ports.ts';
import type { DestinationConfig } from '../../src/rules/rule-set.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { createDeliveryStore } from '../../src/store/deliveries.ts';
import { createEventStore } from '../../src/store/events.ts';
import { createLastEvent } from '../../src/store/last-event.ts';
import { createLedger } from '../../src/store/ledger.ts';
import { migrate } from '../../src/store/migrations.ts';
import { createUndelivered } from '../../src/store/undelivered.ts';
import { anything, given, noLog } from '../operate/deliveries-stage.ts';
import { arrivalOf, delivered, lifetimeMs, startMs } from '../outbox/examples.ts';
import { rulesOf } from '../rules/support.ts';
import { createBreakableSql } from '../store/breakable-sql.ts';
import { openMemorySql } from '../store/memory-sql.ts';
import { noGroups, noSilences, plainTraits, settled } from './quiet.ts';

export const second = 1_000;
export const minute = 60_000;
export const hour = 3_600_000;

/** What reached a destination. */
export interface Heard {
  to: string;
  title: string;
  rule: string | null;
  act: IncidentAct | null;
}

type Answer = (outgoing: Outgoing) => AttemptOutcome | 'none';

/** `body`: of a rules file. `faulty`: a relay that loses what it says about itself, instead of keeping it. */
export function createWatchWorld(body: string, { faulty = false } = {}) {
  const sql = createBreakableSql(openMemorySql());
  migrate(sql);
  const templates = createTemplates();
  const answers = new Map<string, Answer>();
  const heard: Heard[] = [];
  const errors: string[] = [];
  let rules = rulesOf(body);
  let now = startMs;
  let datasets = 10_000;
  let life = begin();

  function destinations(): Map<string, Destination> {
    return new Map([...rules.destinations.values()].map((config) => [config.name, destinationOf(config)]));
  }

  function destinationOf({ name, fallback, pace }: DestinationConfig): Destination {
    return {
      name,
      type: 'console',
      paceKey: name,
      pace,
      concurrency: 4,
      fallback,
      preview: () => ({ format: 'console', body: null, problems: [] }),
      send: (outgoing) =>
        new Promise((resolve) => {
          const answer = answerTo(name, outgoing);
          if (answer !== 'none') resolve(answer);
        }),
    };
  }

  /** Words the alert as every destination does, takes it or not, and says which templates failed. */
  function answerTo(name: string, outgoing: Outgoing): AttemptOutcome | 'none' {
    const { alert, problems } = composeAlert(outgoing, String, templates.render);
    const { content, rule, incident } = outgoing;
    const relay =
      content.kind === 'event' && content.received.narrative.kind === 'relay' ? content.received.narrative.relay : null;
    for (const problem of problems) life.watch.templateFailed(rule, problem, relay);
    const answer = answers.get(name)?.(outgoing) ?? delivered;
    if (answer !== 'none' && answer.kind === 'delivered')
      heard.push({ to: name, title: alert.title, rule, act: incident?.act ?? null });
    return answer;
  }

  function begin() {
    const turns: (() => void)[] = [];
    const alarms: (number | null)[] = [null, null];
    const alarm = (i: number) => ({ arm: (atMs: number) => void (alarms[i] = atMs), disarm: () => void (alarms[i] = null) });
    const log: Log = { debug() {}, info() {}, warn() {}, error: (_fields, message) => void errors.push(message) };
    const clock = { now: () => now };
    const afterTurn = (work: () => void) => void turns.push(work);
    const nextSeq = createSequence(clock, createEventStore(sql).lastSeq());
    const fallbackOf = (name: string) => rules.destinations.get(name)?.fallback ?? null;
    const dispatch = createDispatch({
      deliveries: createDeliveryStore(sql),
      nextSeq,
      fallbackOf,
      deliveryLifetimeMs: lifetimeMs,
    });
    const incidents = createIncidents({
      ...settled,
      sql,
      dispatch,
      groups: noGroups,
      silences: noSilences,
      traitsOf: () => plainTraits,
    });
    const outbox = createOutbox({
      sql,
      clock,
      random: { fraction: () => 0.5, bytes: (count) => new Uint8Array(count) },
      alarm: alarm(0),
      afterTurn,
      log,
      destinations,
      links: () => ({}),
      deliveryLifetimeMs: lifetimeMs,
      nextSeq,
      onAttempt: ({ delivery, outcome }) => watch.attempted(delivery.destination, outcome.kind),
    });
    const ledger = createLedger({
      sql,
      hash: nodeHash,
      clock,
      afterTurn,
      log,
      nextSeq,
      router: () => rules,
      admit: incidents.admit,
      onPlanned: outbox.wake,
      onTimed: () => timekeeper.wake(),
    });
    const watch = createWatch({
      sql,
      raise: faulty ? () => {} : ledger.raise,
      parked: outbox.parked,
      undelivered: createUndelivered(sql),
      destinations: () => rules.destinations,
      lastEventAt: createLastEvent(sql),
      config: () => rules.watch,
      clock,
      log,
    });
    const duties = [watch, incidents.duty];
    const timekeeper = createTimekeeper({ sql, clock, alarm: alarm(1), afterTurn, log, duties, onWork: outbox.wake });
    outbox.recover();
    outbox.wake();
    timekeeper.start();
    const rings = [outbox.cycle, timekeeper.run];
    return { watch, outbox, timekeeper, ledger, turns, alarms, rings };
  }

  async function settle(): Promise<void> {
    for (let turns = 0; ; turns++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const work = life.turns.shift();
      if (!work) return;
      work();
      if (turns > 1_000) throw new Error('the relay wakes itself without end');
    }
  }

  const world = {
    sql,
    heard,
    errors,
    get watch() {
      return life.watch;
    },
    /** How a destination answers from now on. */
    answer(destination: string, outcome: AttemptOutcome | Answer): void {
      answers.set(destination, typeof outcome === 'function' ? outcome : () => outcome);
    },
    /** Time passes, and everything happens that is due. */
    async pass(ms: number): Promise<void> {
      const end = now + ms;
      await settle();
      for (;;) {
        const times = life.alarms.map((at) => at ?? Infinity);
        const next = Math.min(...times);
        if (next > end) break;
        const i = times.indexOf(next);
        now = Math.max(now, next);
        life.alarms[i] = null;
        life.rings[i]!();
        await settle();
      }
      now = end;
    },
    /** A job fails, each time of another dataset. */
    async event(): Promise<void> {
      void life.ledger.accept(arrivalOf({ to: [], subject: String(++datasets) }));
      await settle();
    },
    /** An operator lets a parked destination be tried again. */
    async unpark(name: string): Promise<void> {
      const { watch, timekeeper, outbox } = life;
      const operations = createDestinationOperations({
        sql,
        log: { debug() {}, info() {}, warn() {}, error() {} },
        destinations,
        unparked(destination) {
          watch.unparked(destination);
          timekeeper.wake();
          outbox.wake();
        },
      });
      const answer = operations.unpark(name);
      if (answer.kind === 'refused') throw new Error(answer.detail);
      await settle();
    },
    /** An operator sends all dead letters again. */
    async retryDead(): Promise<void> {
      const operations = createDeliveryOperations({
        sql,
        clock: { now: () => now },
        log: noLog,
        destinations,
        links: () => ({}),
        deliveryLifetimeMs: lifetimeMs,
        wake: () => life.outbox.wake(),
      });
      given(operations.bulk('retry', { ...anything, statuses: ['dead'] }, { dryRun: false, before: null }));
      await settle();
    },
    /** Requests without a valid proof, one after the other. */
    async refuse(count: number, everyMs: number, subscription = 'production'): Promise<void> {
      for (let i = 0; i < count; i++) {
        life.watch.unverified(subscription);
        await world.pass(everyMs);
      }
    },
    /** The process ends, and another one takes over the store `downMs` later. */
    async restart(downMs = 0): Promise<void> {
      now += downMs;
      life = begin();
      await settle();
    },
    async reload(changed: string): Promise<void> {
      rules = rulesOf(changed);
      life.outbox.destinationsChanged();
      await settle();
    },
    /** Somebody sets the clock. Timers that run measure time, and don't notice. */
    setClock(byMs: number): void {
      now += byMs;
      life.alarms.forEach((at, i) => (life.alarms[i] = at === null ? null : at + byMs));
    },
    /** Everything that the relay has said about itself: `backlog failed oncall`. */
    said(): string[] {
      return world.facts().map(({ topic, state, about }) => [topic, state, about].filter((word) => word !== null).join(' '));
    },
    facts(): RelayFacts[] {
      return sql
        .query<{ body: Uint8Array }>(`SELECT body FROM events WHERE kind = 'relay' ORDER BY seq`)
        .map(({ body }) => JSON.parse(new TextDecoder().decode(body)) as RelayFacts);
    },
    /** Subjects of open incidents. */
    open: () =>
      sql.query<{ subject: string }>('SELECT subject FROM incidents WHERE ended_at IS NULL').map(({ subject }) => subject),
  };
  return world;
}
