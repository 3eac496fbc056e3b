/**
 * A real store, ledger, incidents, timekeeper and outbox, with time in the test's hand. Rules are what a test says; silences
 * are a list. The one alarm is shared as it is in the relay, and like a real one it counts time that passes: it doesn't
 * notice that the clock was set.
 */
import type { AttemptOutcome, Destination, Outgoing } from '../../src/destination/destination.ts';
import type { RelayFacts } from '../../src/event/event.ts';
import { createSequence } from '../../src/event/id.ts';
import { createDispatch } from '../../src/incident/dispatch.ts';
import { createIncidents } from '../../src/incident/incidents.ts';
import type { DestinationTraits } from '../../src/incident/telling.ts';
import type { Silencing } from '../../src/incident/policy.ts';
import { createTimekeeper } from '../../src/incident/timekeeper.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { createOutbox } from '../../src/outbox/outbox.ts';
import type { Alarm, Log } from '../../src/ports.ts';
import type { IncidentPolicy, RuleSummary } from '../../src/rules/rule.ts';
import type { Plan, Routable } from '../../src/rules/plan.ts';
import { mergeSends } from '../../src/rules/planner.ts';
import { stateOf } from '../../src/event/event.ts';
import { shareAlarm } from '../../src/shared-alarm.ts';
import { createDecisionStore, type Decision } from '../../src/store/decisions.ts';
import { createDeliveryStore } from '../../src/store/deliveries.ts';
import { createEventStore, type StoredEvent } from '../../src/store/events.ts';
import type { Incident } from '../../src/store/incidents.ts';
import type { Acceptance } from '../../src/store/arrival.ts';
import { createLedger } from '../../src/store/ledger.ts';
import { migrate } from '../../src/store/migrations.ts';
import { narrativeOf } from '../../src/store/stored-event.ts';
import { arrivalOf, delivered, lifetimeMs, ruleSending, startMs } from '../outbox/examples.ts';
import { deliveryRows } from '../outbox/world.ts';
import { createBreakableSql } from '../store/breakable-sql.ts';
import { openMemorySql } from '../store/memory-sql.ts';
import { noGroups } from './quiet.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;

/** What each destination is like. The names of others are as `pager`. */
const kinds: Record<string, Pick<Destination, 'type'> & DestinationTraits> = {
  chat: { type: 'slack', edits: true, forwards: false },
  team: { type: 'slack', edits: true, forwards: false },
  pager: { type: 'pagerduty', edits: false, forwards: false },
  http: { type: 'http', edits: false, forwards: true },
};
const kindOf = (name: string) => kinds[name] ?? kinds.pager!;

/** A rule, and which events it matches. */
export interface MatchingRule extends RuleSummary {
  states: readonly string[];
  /** Null: any. */
  subjects: readonly string[] | null;
}

export interface RuleSketch extends Partial<Pick<IncidentPolicy, 'holdMs' | 'repeatMs' | 'recover'>> {
  name?: string;
  to?: readonly string[];
  states?: readonly string[];
  subjects?: readonly string[] | null;
}

/** `rule({ holdMs: 5 * minute })`: failures to chat, held. With none of hold, repeat and recover it sends each event. */
export function rule({ name = 'r', to = ['chat'], states = ['failed'], subjects = null, ...policy }: RuleSketch): MatchingRule {
  const { holdMs = null, repeatMs = null, recover = false } = policy;
  const incident = holdMs === null && repeatMs === null && !recover ? null : { holdMs, repeatMs, recover, group: null };
  return { ...ruleSending(name, [...to]), incident, states, subjects };
}

export interface EventSketch {
  subject?: string;
  jobId?: string;
  state: string;
  /** How long ago it happened, by Narrative's clock, ms. */
  ago?: number;
}

interface Silence extends Silencing {
  /** Null: all. */
  subject: string | null;
}

/** One call of a destination's `send`. */
export interface Sent {
  destination: string;
  outgoing: Outgoing;
  answer(outcome: AttemptOutcome): void;
}

/** What was planned, in the order in which it was. */
export interface Planned {
  /** Ms since the world began, by its clock. */
  at: number;
  /** The first event that came is 1; of a notice, 0. */
  event: number;
  rule: string;
  to: string;
  /** `message`: one of its own. */
  act: string;
  status: string;
}

/** `fallbacks`: by destination. `sends: false`: nothing leaves the outbox, which saves its time where a test is about what is planned. */
export function createIncidentWorld(
  first: readonly MatchingRule[],
  { sends = true, sql = openMemorySql(), fallbacks = {} as Record<string, string> } = {},
) {
  const store = createBreakableSql(sql);
  const sent: Sent[] = [];
  const failures: string[] = [];
  let rules = first;
  let silences: Silence[] = [];
  /** Real time passes; the clock shows it, until somebody sets it. */
  let real = 0;
  let turnedMs = 0;
  /** Destinations that give no answer until the test does. */
  const holding = new Set<string>();
  const clock = { now: () => startMs + real + turnedMs };
  migrate(store);
  let life = begin();
  life.wakeOutbox();
  life.timekeeper.start();

  const covering = (subject: string, now: number): Silencing | null => {
    const found = silences.filter((each) => (each.subject ?? subject) === subject && (each.untilMs ?? Infinity) > now);
    return found.toSorted((a, b) => (b.untilMs ?? Infinity) - (a.untilMs ?? Infinity))[0] ?? null;
  };

  function planOf(routable: Routable): Plan {
    const { narrative } = routable;
    const subject = subjectOf(narrative);
    const state = stateOf(narrative);
    const matched = rules.filter(({ states, subjects }) => states.includes(state) && (subjects?.includes(subject) ?? true));
    const part = state === 'failed' ? 'opens' : state === 'completed' ? 'closes' : null;
    const usual = state === 'failed' ? 'error' : 'info';
    const deliveries = mergeSends(
      matched.map((each) => ({ rule: each, act: null })),
      usual,
    );
    const names = matched.map(({ name }) => name);
    return { rules: names, subject, subjectFellBack: false, part, deliveries, matched, timed: [], usual, owners: [] };
  }

  function destinationOf(name: string): Destination {
    return {
      name,
      type: kindOf(name).type,
      paceKey: name,
      pace: null,
      concurrency: 10,
      fallback: fallbacks[name] ?? null,
      preview: () => ({ format: 'http', body: null, problems: [] }),
      send: (outgoing) =>
        new Promise((resolve) => {
          sent.push({ destination: name, outgoing, answer: resolve });
          const posts = kindOf(name).edits && outgoing.root === null;
          const posted: AttemptOutcome = { kind: 'delivered', detail: '200 OK', receipt: { root: outgoing.deliveryId } };
          if (!holding.has(name)) resolve(posts ? posted : delivered);
        }),
    };
  }

  function begin() {
    const turns: (() => void)[] = [];
    const hardware = { ringsAt: null as number | null };
    const alarm: Alarm = {
      arm: (atMs) => void (hardware.ringsAt = real + Math.max(0, atMs - clock.now())),
      disarm: () => void (hardware.ringsAt = null),
    };
    const shared = shareAlarm(alarm, clock);
    const note = (fields: object, message: string) => void failures.push(`${message}: ${JSON.stringify(fields)}`);
    const log: Log = { debug: () => {}, info: () => {}, warn: note, error: note };
    const ports = { sql: store, clock, log, afterTurn: (work: () => void) => void turns.push(work) };
    const nextSeq = createSequence(clock, createEventStore(store).lastSeq());
    const destinations = new Map(['chat', 'team', 'pager', 'http'].map((name) => [name, destinationOf(name)]));
    const dispatch = createDispatch({
      deliveries: createDeliveryStore(store),
      nextSeq,
      fallbackOf: (name) => fallbacks[name] ?? null,
      deliveryLifetimeMs: lifetimeMs,
    });
    const incidents = createIncidents({
      sql: store,
      dispatch,
      groups: noGroups,
      silences: { covering: ({ narrative }, now) => covering(subjectOf(narrative), now) },
      traitsOf: kindOf,
      sendOf: (name) => rules.find((each) => each.name === name)?.send ?? null,
      isKnown: (name) => destinations.has(name),
    });
    const timekeeper = createTimekeeper({
      ...ports,
      alarm: shared.branch(() => timekeeper.run()),
      duties: [incidents.duty],
      onWork: () => wakeOutbox(),
    });
    const outbox = createOutbox({
      ...ports,
      random: { fraction: () => 0.5, bytes: (count) => new Uint8Array(count) },
      alarm: shared.branch(() => outbox.cycle()),
      destinations: () => destinations,
      links: () => ({}),
      silenceFor: (event: StoredEvent, now) => covering(subjectOf(narrativeOf(event)), now),
      onSilenced(delivery, silence, now) {
        incidents.silenced(delivery, silence, now);
        timekeeper.wake();
      },
      deliveryLifetimeMs: lifetimeMs,
      nextSeq,
    });
    const wakeOutbox = () => (sends ? outbox.wake() : undefined);
    const ledger = createLedger({
      ...ports,
      hash: nodeHash,
      nextSeq,
      router: () => ({ version: 'v1', plan: planOf }),
      admit: incidents.admit,
      onPlanned: wakeOutbox,
      onTimed: timekeeper.wake,
    });
    return { turns, hardware, shared, incidents, timekeeper, outbox, ledger, wakeOutbox };
  }

  const loopTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

  /** Everything that needs neither time nor an answer. */
  async function settle(): Promise<void> {
    for (let turns = 0; ; turns++) {
      if (turns > 1_000) throw new Error('the relay wakes itself without end');
      if (sends) await loopTurn();
      const work = life.turns.splice(0);
      if (work.length === 0) return;
      for (const each of work) each();
    }
  }

  const eventNumbers = () =>
    new Map(store.query<{ seq: number }>('SELECT seq FROM events ORDER BY seq').map(({ seq }, i) => [seq, i + 1]));

  function planned(): Planned[] {
    const numbers = eventNumbers();
    const rows = deliveryRows(store) as (ReturnType<typeof deliveryRows>[number] & { created_at: number })[];
    return rows
      .map(({ created_at, event_seq, destination, status, spec }) => {
        const { rule: name, incident } = JSON.parse(spec) as { rule: string; incident?: { act: string } };
        const event = numbers.get(event_seq) ?? 0;
        return { at: created_at - startMs, event, rule: name, to: destination, act: incident?.act ?? 'message', status };
      })
      .toSorted((a, b) => a.at - b.at);
  }

  const take = ({ subject = 'a', state, jobId, ago = 0 }: EventSketch): Promise<Acceptance> => {
    const updatedAt = new Date(clock.now() - ago).toISOString().replace('Z', '');
    return life.ledger.accept(arrivalOf({ to: [], subject, state, updatedAt, ...(jobId === undefined ? {} : { jobId }) }));
  };

  const world = {
    store,
    sent,
    /** What was logged as a warning or an error: nothing, unless a test provokes it. */
    failures,
    /** Ms since the world began, by its clock. */
    get at() {
      return clock.now() - startMs;
    },
    settle,
    /** Events that come at once, in one transaction. */
    async together(...sketches: EventSketch[]): Promise<Acceptance[]> {
      const accepted = sketches.map(take);
      await settle();
      return Promise.all(accepted);
    },
    /** The process is killed right after the commit that took the events, before anything that was to follow. */
    async killedAfter(...sketches: EventSketch[]): Promise<void> {
      await settle();
      for (const sketch of sketches) void take(sketch);
      life.turns.shift()!();
      await world.restart();
    },
    async event(sketch: EventSketch): Promise<Acceptance> {
      return (await world.together(sketch))[0]!;
    },
    fails: (subject = 'a', sketch: Partial<EventSketch> = {}) => world.event({ subject, state: 'failed', ...sketch }),
    completes: (subject = 'a', sketch: Partial<EventSketch> = {}) => world.event({ subject, state: 'completed', ...sketch }),
    /** The relay says something about itself. */
    async raise(facts: Omit<RelayFacts, 'detail'>): Promise<void> {
      store.transaction(() => life.ledger.raise({ ...facts, detail: 'it needs a person' }, clock.now()));
      life.timekeeper.wake();
      life.wakeOutbox();
      await settle();
    },
    /** Time passes; the alarm rings whenever it is due. */
    async pass(ms: number): Promise<void> {
      const end = real + ms;
      await settle();
      for (let rings = 0, at = -1; life.hardware.ringsAt !== null && life.hardware.ringsAt <= end; rings++) {
        if (life.hardware.ringsAt > at) [rings, at] = [0, life.hardware.ringsAt];
        if (rings > 1_000) throw new Error('the alarm rings without end, and time stands still');
        real = Math.max(real, life.hardware.ringsAt);
        life.hardware.ringsAt = null;
        life.shared.ring();
        await settle();
      }
      real = end;
    },
    /** Somebody sets the clock, ahead or back (negative). Timers that run don't notice. */
    turnClock(ms: number): void {
      turnedMs += ms;
    },
    /** The process is killed, and is down for a time. New objects on the same store. */
    async restart(downMs = 0): Promise<void> {
      real += downMs;
      life = begin();
      life.outbox.recover();
      life.wakeOutbox();
      life.timekeeper.start();
      await settle();
    },
    replaceRules(next: readonly MatchingRule[]): void {
      rules = next;
    },
    /** From now on nothing matching is told. `forMs: null`: until it is lifted. */
    async silence(forMs: number | null, subject: string | null = null): Promise<void> {
      const untilMs = forMs === null ? null : clock.now() + forMs;
      silences.push({ name: `silence-${silences.length + 1}`, untilMs, subject });
      await world.reviewSilences();
    },
    async liftSilences(): Promise<void> {
      silences = [];
      await world.reviewSilences();
    },
    async reviewSilences(): Promise<void> {
      store.transaction(() => life.incidents.silencesChanged(clock.now()));
      life.timekeeper.wake();
      await settle();
    },
    /** A destination that gives no answer until the test does. */
    hold: (name: string) => void holding.add(name),
    letGo: (name: string) => void holding.delete(name),
    planned,
    /** `5m #1 r → chat open`, and how it ended if it was not sent. */
    told: (): string[] =>
      planned().map(({ at, event, rule: name, to, act, status }) => {
        const end = status === 'suppressed' ? ' (suppressed)' : status === 'delivered' || !sends ? '' : ` (${status})`;
        return `${at / minute}m #${event} ${name} → ${to} ${act}${end}`;
      }),
    /** Of an event by its number, as `rule: kind`. */
    decisions: (event: number): string[] => world.decisionsOn(event).map(({ rule: name, kind }) => `${name}: ${kind}`),
    decisionsOn(event: number): Decision[] {
      const found = [...eventNumbers()].find(([, number]) => number === event);
      return found ? createDecisionStore(store).of(found[0]) : [];
    },
    outcomeOf: (event: number): string =>
      store.query<{ outcome: string }>('SELECT outcome FROM events ORDER BY seq')[event - 1]!.outcome,
    /** `incident`: the number of the event that opened it. */
    open(): (Pick<Incident, 'subject' | 'failures'> & { incident: number })[] {
      const numbers = eventNumbers();
      return store
        .query<{ id: number; subject: string; failures: number }>(
          'SELECT id, subject, failures FROM incidents WHERE ended_at IS NULL ORDER BY id',
        )
        .map(({ id, subject, failures: count }) => ({ incident: numbers.get(id)!, subject, failures: count }));
    },
    /** Failures that nobody was told of yet, where an incident is open: `rule / subject`. */
    untold: (): Record<string, number> =>
      Object.fromEntries(
        store
          .query<{ name: string; untold: number }>(
            `SELECT rule || ' / ' || subject AS name, untold FROM alerts WHERE untold > 0
               AND incident IN (SELECT incident FROM subjects) ORDER BY name`,
          )
          .map(({ name, untold }) => [name, untold]),
      ),
  };
  return world;
}

export type IncidentWorld = ReturnType<typeof createIncidentWorld>;

function subjectOf(narrative: Routable['narrative']): string {
  if (narrative.kind === 'relay') return `relay/${narrative.relay.topic}/${narrative.relay.about}`;
  return (narrative.kind === 'job' ? narrative.job.dataset_id : null) ?? '';
}
