/**
 * The outbox: sends what the ledger planned, at least once, in order per destination and subject.
 *
 * It turns in cycles. A cycle is one transaction that records the attempts that ended and leases the deliveries that are
 * due; then it starts those sends and arms the alarm for whatever comes next. Between cycles all truth is in the store,
 * so a process that is killed at any point loses nothing: the leases of the dead are taken back by whoever comes after.
 */
import type { Destination } from '../destination/destination.ts';
import { deliveryId } from '../event/id.ts';
import type { AfterTurn, Alarm, Clock, Log, Random, Sql } from '../ports.ts';
import { createAttemptStore } from '../store/attempts.ts';
import { createDeliveryStore, type Delivery } from '../store/deliveries.ts';
import type { StoredEvent } from '../store/events.ts';
import { createTally } from '../store/hourly.ts';
import { createIncidentStore } from '../store/incidents.ts';
import { createParkedStore, type Parked } from '../store/parked.ts';
import { createThreadStore } from '../store/threads.ts';
import type { Silencing } from '../incident/policy.ts';
import { createAttempts } from './attempt.ts';
import { createGivingUp } from './give-up.ts';
import { createPacing } from './pacing.ts';
import { createRecorder, maxProbeMs, type FinishedAttempt } from './record.ts';
import type { Settlement } from './settle.ts';

/** An attempt that has not ended after this, ms, is taken for lost. Well above any destination's own time-out. */
const leaseMs = 60_000;
/** An alarm that rings so much too late, ms, was not late: the clock was set. */
const clockJumpMs = 5_000;
/** Wait after the store refused a cycle, ms. */
const storeRetryMs = 1_000;
/** For sends to notice that they were cut off, ms. */
const cutOffMs = 500;

function after(ms: number): Promise<void> {
  return new Promise((resolve) => AbortSignal.timeout(ms).addEventListener('abort', () => resolve(), { once: true }));
}

export interface OutboxOptions {
  sql: Sql;
  clock: Clock;
  random: Random;
  alarm: Alarm;
  afterTurn: AfterTurn;
  log: Log;
  /** The destinations in force, read anew for each cycle. */
  destinations: () => ReadonlyMap<string, Destination>;
  links: () => Record<string, string>;
  /** What keeps an event silent now; null for nothing. Asked just before an alert goes out. */
  silenceFor?: (event: StoredEvent, now: number) => Silencing | null;
  /** A silence kept a delivery back; inside the transaction that records it. */
  onSilenced?: (delivery: Delivery, silence: Silencing, now: number) => void;
  /** Whether a rule about the relay itself tells `to` that a destination is broken. */
  toldByRules?: (destination: string, to: string) => boolean;
  deliveryLifetimeMs: number;
  /** Makes event numbers, for notices. */
  nextSeq: () => number;
  onAttempt?: (attempt: FinishedAttempt, settlement: Settlement | null) => void;
  /** A delivery was given up, with or without a last attempt. */
  onDeath?: (delivery: Delivery) => void;
}

export function createOutbox(options: OutboxOptions) {
  const { sql, clock, random, alarm, afterTurn, log, destinations, deliveryLifetimeMs, nextSeq, onAttempt, onDeath } = options;
  const deliveries = createDeliveryStore(sql);
  const parked = createParkedStore(sql);
  const tally = createTally(sql);
  const fallbackOf = (name: string) => destinations().get(name)?.fallback ?? null;
  const recorder = createRecorder({
    deliveries,
    attempts: createAttemptStore(sql),
    parked,
    threads: createThreadStore(sql),
    incidents: createIncidentStore(sql),
    tally,
    toldByRules: options.toldByRules ?? (() => false),
    onSilenced: options.onSilenced ?? (() => {}),
    random,
    log,
    deliveryLifetimeMs,
    nextSeq,
    fallbackOf,
  });
  const givingUp = createGivingUp({ deliveries, parked, bury: recorder.bury, destinations });
  const attempts = createAttempts({ ...options, silenceFor: options.silenceFor ?? (() => null), leaseMs });
  const pacing = createPacing();
  /** Sends under way, by destination. */
  const underWay = new Map<string, number>();
  /** Ids of deliveries whose attempt has begun here and is not recorded yet. */
  const held = new Set<string>();
  let finished: FinishedAttempt[] = [];
  let cycleIsDue = false;
  let stopping = false;
  /** The store may be closed by now. */
  let stopped = false;
  let rulesAreNew = false;
  let whenIdle: (() => void) | null = null;

  /** Makes a cycle run soon: at the end of this turn, however often it is called. */
  function wake(): void {
    if (cycleIsDue || stopped) return;
    cycleIsDue = true;
    afterTurn(cycle);
  }

  function cycle(): void {
    cycleIsDue = false;
    if (stopped) return;
    const now = clock.now();
    const ended = finished;
    try {
      const settlements: (Settlement | null)[] = [];
      const { leased, broken } = sql.transaction(() => {
        settlements.push(...ended.map((attempt) => recorder.finished(attempt)));
        for (const delivery of deliveries.leasesExpiredBy(now)) takeBack(delivery, now);
        if (rulesAreNew) probeAllAt(now);
        givingUp.run(now);
        tally.write();
        const broken = new Map(parked.all().map((row) => [row.destination, row]));
        return { leased: stopping ? [] : leaseDue(now, broken), broken };
      });
      finished = [];
      for (const { delivery } of ended) held.delete(deliveryId(delivery));
      rulesAreNew = false;
      for (const { delivery, destination } of leased) void send(delivery, destination);
      ended.forEach((attempt, i) => onAttempt?.(attempt, settlements[i]!));
      recorder.takeBuried().forEach((delivery) => onDeath?.(delivery));
      if (!stopping) armNext(now, broken);
    } catch (error) {
      recorder.takeBuried();
      tally.drop();
      log.error({ err: error, attempts: finished.length }, 'store refused the outbox: trying again');
      alarm.arm(now + storeRetryMs);
    }
    if (whenIdle && totalUnderWay() === 0 && finished.length === 0) whenIdle();
  }

  /**
   * A lease that ran out. The alarm rings when one does; if that is long past, the clock has jumped (a suspended machine) and
   * a send that is still in this process's hands gets its time, rather than company.
   */
  function takeBack(delivery: Delivery, now: number): void {
    const late = now - (delivery.leaseUntil ?? now);
    if (late > clockJumpMs && held.has(deliveryId(delivery))) deliveries.extendLease(delivery, now + leaseMs);
    else recorder.lost(delivery, now);
  }

  function probeAllAt(now: number): void {
    for (const row of parked.all()) parked.put({ ...row, probeAt: now });
    givingUp.soon();
  }

  /** Pacing tokens are taken here and stay taken if the transaction fails: that costs a moment, never a burst too many. */
  function leaseDue(now: number, broken: ReadonlyMap<string, Parked>): { delivery: Delivery; destination: Destination }[] {
    return [...destinations().values()].flatMap((destination) => {
      const room = roomFor(destination, broken.get(destination.name), now);
      if (room < 1) return [];
      const leased = deliveries.lease(destination.name, now, now + leaseMs, room);
      pacing.take(destination.paceKey, destination.pace, now, leased.length);
      return leased.map((delivery) => ({ delivery, destination }));
    });
  }

  function roomFor(destination: Destination, broken: Parked | undefined, now: number): number {
    const busy = underWay.get(destination.name) ?? 0;
    const paced = pacing.available(destination.paceKey, destination.pace, now);
    if (broken) return busy === 0 && probeIsDue(broken, now) ? Math.min(1, paced) : 0;
    return Math.min(destination.concurrency - busy, paced);
  }

  async function send(delivery: Delivery, destination: Destination): Promise<void> {
    const { name } = destination;
    underWay.set(name, (underWay.get(name) ?? 0) + 1);
    const startedAt = clock.now();
    held.add(deliveryId(delivery));
    const outcome = await attempts.make(delivery, destination);
    underWay.set(name, underWay.get(name)! - 1);
    const endedAt = clock.now();
    if ('afterMs' in outcome && outcome.reason === 'rate-limited' && outcome.afterMs !== undefined) {
      pacing.pause(destination.paceKey, destination.pace, endedAt, endedAt + outcome.afterMs);
    }
    finished.push({ delivery, outcome, startedAt, endedAt });
    wake();
  }

  function armNext(now: number, broken: ReadonlyMap<string, Parked>): void {
    const times = [...destinations().values()].flatMap((destination) => {
      const dueAt = deliveries.nextDueAt(destination.name);
      if (dueAt === null) return [];
      const busy = underWay.get(destination.name) ?? 0;
      const found = broken.get(destination.name);
      if (busy >= (found ? 1 : destination.concurrency)) return []; // The end of a send starts the next cycle.
      return [Math.max(dueAt, found?.probeAt ?? 0, pacing.nextAt(destination.paceKey, destination.pace, now))];
    });
    const leaseEnd = deliveries.nextLeaseEnd();
    if (leaseEnd !== null) times.push(leaseEnd);
    times.push(Math.max(now, givingUp.nextAt()));
    alarm.arm(Math.min(...times));
  }

  function totalUnderWay(): number {
    return [...underWay.values()].reduce((sum, count) => sum + count, 0);
  }

  return {
    wake,
    /** Runs a cycle now; the alarm calls it. */
    cycle,
    /**
     * Takes back every lease at once. Only for a start that knows itself alone on the store: then the holders are dead,
     * and waiting for their leases to end would only delay alerts.
     */
    recover(): number {
      const now = clock.now();
      return sql.transaction(() => {
        const abandoned = deliveries.leasesExpiredBy(Infinity);
        for (const delivery of abandoned) recorder.lost(delivery, now);
        tally.write();
        return abandoned.length;
      });
    },
    /** After new rules: destinations that broke get another try at once, those that are gone give up their deliveries. */
    destinationsChanged(): void {
      rulesAreNew = true;
      wake();
    },
    /** Starts nothing more; lets what is under way end within `graceMs`, then cuts it off. What has no end is found by the next start. */
    async stop(graceMs: number): Promise<void> {
      stopping = true;
      alarm.disarm();
      const idle = new Promise<void>((resolve) => (whenIdle = resolve));
      wake();
      await Promise.race([idle, after(graceMs)]);
      attempts.cutOff('the relay is stopping');
      await Promise.race([idle, after(cutOffMs)]);
      cycle();
      stopped = true;
      alarm.disarm();
    },
    parked: (): Parked[] => parked.all(),
    backlog: () => deliveries.backlog(),
  };
}

/** A probe further ahead than any is ever set was set before the clock was set back. */
function probeIsDue({ probeAt }: Parked, now: number): boolean {
  return probeAt <= now || probeAt > now + 2 * maxProbeMs;
}

export type Outbox = ReturnType<typeof createOutbox>;
