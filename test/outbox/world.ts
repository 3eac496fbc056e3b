/**
 * A real store, ledger and outbox in a world that a test holds in its hand: time, the end of a turn, the alarm, and what
 * destinations answer. Nothing happens by itself.
 */
import type { AttemptOutcome, Destination, Outgoing } from '../../src/destination/destination.ts';
import { createSequence } from '../../src/event/id.ts';
import { createDispatch } from '../../src/incident/dispatch.ts';
import { createIncidents } from '../../src/incident/incidents.ts';
import { createDeliveryStore } from '../../src/store/deliveries.ts';
import { createOutbox, type Outbox } from '../../src/outbox/outbox.ts';
import type { FinishedAttempt } from '../../src/outbox/record.ts';
import type { Settlement } from '../../src/outbox/settle.ts';
import type { Log, Sql } from '../../src/ports.ts';
import type { Delivery } from '../../src/store/deliveries.ts';
import { createEventStore } from '../../src/store/events.ts';
import type { Acceptance, Arrival } from '../../src/store/arrival.ts';
import { createLedger, type Ledger } from '../../src/store/ledger.ts';
import { createParkedStore, type Parked } from '../../src/store/parked.ts';
import { migrate } from '../../src/store/migrations.ts';
import { createBreakableSql } from '../store/breakable-sql.ts';
import { openMemorySql } from '../store/memory-sql.ts';
import { noGroups, noSilences, plainTraits, settled } from '../incident/quiet.ts';
import { arrivalOf, delivered, lifetimeMs, planByInput, startMs, type ArrivalSketch } from './examples.ts';
import { nodeHash } from '../../src/node/ports.ts';

/** What a destination is and answers. The object may be changed between sends. */
export interface Script extends Partial<Pick<Destination, 'type' | 'paceKey' | 'pace' | 'concurrency' | 'fallback'>> {
  name: string;
  /** Answers to the next sends, in turn. */
  answers?: AttemptOutcome[];
  /** The answer after those; `held`: none until the test gives one. Default: delivered. */
  otherwise?: AttemptOutcome | 'held';
}

/** One call of a destination's `send`. */
export interface Sent {
  destination: string;
  outgoing: Outgoing;
  at: number;
  signal: AbortSignal;
  answered: boolean;
  answer(outcome: AttemptOutcome): void;
}

export interface LogLine {
  level: keyof Log;
  fields: Record<string, unknown>;
  message: string;
}

/** One life of the process: it ends with a crash, its store stays. */
interface Life {
  outbox: Outbox;
  ledger: Ledger;
  turns: (() => void)[];
  alarmAt: number | null;
}

export function createWorld(first: Script[], { sql = openMemorySql(), fraction = (): number => 0.5 } = {}) {
  const store = createBreakableSql(sql);
  const sent: Sent[] = [];
  const log: LogLine[] = [];
  const reports: { attempt: FinishedAttempt; settlement: Settlement | null }[] = [];
  const deaths: Delivery[] = [];
  let now = startMs;
  let onSend: (sent: Sent) => void = () => {};
  let destinations = wired(first);
  let isSilent = false;
  migrate(store);
  let life = begin();

  function wired(scripts: Script[]): Map<string, Destination> {
    return new Map(scripts.map((script) => [script.name, destinationOf(script)]));
  }

  function destinationOf(script: Script): Destination {
    return {
      name: script.name,
      type: script.type ?? 'http',
      paceKey: script.paceKey ?? script.name,
      pace: script.pace ?? null,
      concurrency: script.concurrency ?? 4,
      fallback: script.fallback ?? null,
      preview: () => ({ format: 'http', body: null, problems: [] }),
      send: (outgoing, signal) =>
        new Promise((resolve) => {
          const call: Sent = {
            destination: script.name,
            outgoing,
            at: now,
            signal,
            answered: false,
            answer(outcome) {
              call.answered = true;
              resolve(outcome);
            },
          };
          sent.push(call);
          onSend(call);
          const answer = script.answers?.shift() ?? script.otherwise ?? delivered;
          if (answer !== 'held') call.answer(answer);
        }),
    };
  }

  function begin(): Life {
    const turns: (() => void)[] = [];
    const clock = { now: () => now };
    const alarm = {
      arm: (atMs: number) => void (born.alarmAt = atMs),
      disarm: () => void (born.alarmAt = null),
    };
    const write = (level: keyof Log) => (fields: object, message: string) =>
      void log.push({ level, fields: fields as LogLine['fields'], message });
    const ports = {
      sql: store,
      clock,
      afterTurn: (work: () => void) => void turns.push(work),
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      nextSeq: createSequence(clock, createEventStore(store).lastSeq()),
      deliveryLifetimeMs: lifetimeMs,
    };
    const outbox = createOutbox({
      ...ports,
      random: { fraction, bytes: (count) => new Uint8Array(count) },
      alarm,
      destinations: () => destinations,
      links: () => ({}),
      silenceFor: () => (isSilent ? { name: 'night', untilMs: null } : null),
      onAttempt: (attempt, settlement) => void reports.push({ attempt, settlement }),
      onDeath: (delivery) => void deaths.push(delivery),
    });
    const fallbackOf = (name: string) => destinations.get(name)?.fallback ?? null;
    const dispatch = createDispatch({ ...ports, deliveries: createDeliveryStore(store), fallbackOf });
    const incidents = createIncidents({
      ...settled,
      sql: store,
      dispatch,
      groups: noGroups,
      silences: noSilences,
      traitsOf: () => plainTraits,
    });
    const ledger = createLedger({
      ...ports,
      hash: nodeHash,
      router: () => ({ version: 'v1', plan: planByInput }),
      admit: incidents.admit,
      onPlanned: outbox.wake,
      onTimed: () => {},
    });
    const born: Life = { outbox, ledger, turns, alarmAt: null };
    return born;
  }

  /** One turn of the event loop: what was promised is done. */
  const loopTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

  const world = {
    store,
    sent,
    log,
    reports,
    deaths,
    get now() {
      return now;
    },
    get outbox() {
      return life.outbox;
    },
    get alarmAt() {
      return life.alarmAt;
    },
    /** Called at each send, before it is answered. */
    watchSends(watch: (sent: Sent) => void): void {
      onSend = watch;
    },
    open: () => sent.filter((call) => !call.answered),
    sentTo: (name: string) => sent.filter((call) => call.destination === name),

    /** Lets one end-of-turn work run. False when there is none. */
    async turn(): Promise<boolean> {
      const work = life.turns.shift();
      work?.();
      await loopTurn();
      return work !== undefined;
    },
    promisesSettle: loopTurn,
    /** Whether work waits for the end of this turn. */
    isBusy: () => life.turns.length > 0,
    /** Everything that needs neither time nor an answer. */
    async settle(): Promise<void> {
      await loopTurn();
      for (let turns = 0; await world.turn(); turns++) {
        if (turns > 1_000) throw new Error('the outbox wakes itself without end');
      }
    },
    /** The alarm rings, if it is due. False when it isn't. */
    ring(): boolean {
      if (life.alarmAt === null || life.alarmAt > now) return false;
      life.alarmAt = null;
      life.outbox.cycle();
      return true;
    },
    setClock(atMs: number): void {
      now = atMs;
    },
    /** Time passes; the alarm rings whenever it is due. */
    async pass(ms: number): Promise<void> {
      const end = now + ms;
      await world.settle();
      for (let rings = 0, at = now; life.alarmAt !== null && life.alarmAt <= end; rings++) {
        if (life.alarmAt > at) [rings, at] = [0, life.alarmAt];
        if (rings > 1_000) throw new Error('the alarm rings without end, and time stands still');
        now = Math.max(now, life.alarmAt);
        world.ring();
        await world.settle();
      }
      now = end;
    },
    /** Into the ledger, without waiting for its commit. */
    take: (arrival: Arrival): Promise<Acceptance> => life.ledger.accept(arrival),
    /** An event is accepted, and all that follows at once. */
    async accept(sketch: ArrivalSketch): Promise<Acceptance> {
      const acceptance = world.take(arrivalOf(sketch));
      await world.settle();
      return acceptance;
    },
    /** The process is killed. What it had in flight may still be answered; nobody is there to hear it. */
    crash(): void {
      life = begin();
    },
    /** What a start does: takes back the leases of the dead, and looks for work. */
    start(): void {
      life.outbox.recover();
      life.outbox.wake();
    },
    async restart(): Promise<void> {
      world.crash();
      world.start();
      await world.settle();
    },
    /** New rules. */
    reload(scripts: Script[]): void {
      destinations = wired(scripts);
      life.outbox.destinationsChanged();
    },
    /** From now on alerts are silent, or no more. */
    silence: (on: boolean) => void (isSilent = on),
    /** Whether a silence keeps alerts from a destination: not from http, which forwards events. */
    isSilentFor: (name: string): boolean => isSilent && destinations.get(name)?.type !== 'http',
    /** The destinations in force. */
    destinations: (): ReadonlyMap<string, Destination> => destinations,
    fallbackOf: (name: string) => destinations.get(name)?.fallback ?? null,
    // What is read here is read past the store's failures.
    rows: (): DeliveryRow[] => deliveryRows(sql),
    parked: (): Parked[] => createParkedStore(sql).all(),
    /** The deliveries for a destination, as `status` or `dead: reason`, in their order. */
    statesOf: (name: string) =>
      deliveryRows(sql)
        .filter(({ destination }) => destination === name)
        .map(({ status, reason }) => (status === 'dead' ? `dead: ${reason}` : status)),
  };
  return world;
}

export type World = ReturnType<typeof createWorld>;

export interface DeliveryRow {
  event_seq: number;
  n: number;
  destination: string;
  subject: string;
  status: 'queued' | 'waiting' | 'scheduled' | 'sending' | 'delivered' | 'dead' | 'suppressed';
  due_at: number | null;
  lease_until: number | null;
  attempts: number;
  reason: string | null;
  detail: string | null;
  fallback_of: string | null;
  spec: string;
  notice: string | null;
}

export function deliveryRows(sql: Sql): DeliveryRow[] {
  return sql.query<DeliveryRow>('SELECT * FROM deliveries ORDER BY event_seq, n');
}
