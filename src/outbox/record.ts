/**
 * What an attempt leaves behind in the store: its record, the delivery's new state, a parked destination, a fallback.
 * All of it runs inside the outbox's transaction.
 */
import type { AttemptOutcome, IncidentAct } from '../destination/destination.ts';
import { deliveryId } from '../event/id.ts';
import type { Log, Random } from '../ports.ts';
import type { AttemptStore } from '../store/attempts.ts';
import type { Delivery, DeliveryEnd, DeliverySpec, DeliveryStore, Told } from '../store/deliveries.ts';
import type { Tally } from '../store/hourly.ts';
import type { IncidentStore } from '../store/incidents.ts';
import { retriedAt } from '../store/lifetime.ts';
import type { ParkedStore } from '../store/parked.ts';
import type { Attempted } from './attempt.ts';
import { backoffMs } from './backoff.ts';
import type { ThreadStore } from '../store/threads.ts';
import type { Silencing } from '../incident/policy.ts';
import { settle, type DeathReason, type Settlement, type Silenced } from './settle.ts';

/** First wait before a broken destination is tried again, ms; doubles up to `maxProbeMs`. */
const firstProbeMs = 60_000;
export const maxProbeMs = 15 * 60_000;

export interface FinishedAttempt {
  delivery: Delivery;
  outcome: Attempted;
  startedAt: number;
  endedAt: number;
}

export interface RecorderOptions {
  deliveries: DeliveryStore;
  attempts: AttemptStore;
  parked: ParkedStore;
  threads: ThreadStore;
  incidents: IncidentStore;
  /** Of the outbox's transactions, which write it. */
  tally: Tally;
  /** A silence kept a delivery back. */
  onSilenced: (delivery: Delivery, silence: Silencing, now: number) => void;
  random: Random;
  log: Log;
  deliveryLifetimeMs: number;
  nextSeq: () => number;
  /** Null when the destination has none, or is gone from the rules. */
  fallbackOf: (destination: string) => string | null;
  /** Whether a rule about the relay itself tells `to` that a destination is broken: then it need not hear of it twice. */
  toldByRules: (destination: string, to: string) => boolean;
}

export type Recorder = ReturnType<typeof createRecorder>;

export function createRecorder(options: RecorderOptions) {
  const {
    deliveries,
    attempts,
    parked,
    threads,
    incidents,
    tally,
    onSilenced,
    random,
    log,
    deliveryLifetimeMs,
    nextSeq,
    fallbackOf,
    toldByRules,
  } = options;
  let buried: Delivery[] = [];

  /** Null when the lease was lost meanwhile: somebody else's attempt decides, this one is only kept in the record. */
  function finished({ delivery, outcome, startedAt, endedAt }: FinishedAttempt): Settlement | null {
    const reason = 'reason' in outcome ? outcome.reason : null;
    attempts.record(delivery, { startedAt, endedAt, outcome: outcome.kind, reason, detail: outcome.detail });
    if (!deliveries.holdsLease(delivery)) return null;
    const unknownAnswers = reason === 'unknown-answer' ? attempts.countWith(delivery, reason, retriedAt(delivery) ?? 0) : 0;
    const settlement = settle(outcome, { ...delivery, unknownAnswers }, endedAt, random);
    apply(delivery, settlement, endedAt, 'told' in outcome ? outcome.told : undefined);
    // A quiet edit may have had nothing to edit, and then nothing was asked of the destination.
    const provesNothing = delivery.spec.incident?.act === 'count' && outcome.kind === 'delivered';
    if (!provesNothing) concludeProbe(delivery.destination, outcome, startedAt, endedAt);
    return settlement;
  }

  function end(delivery: Delivery, end: DeliveryEnd): void {
    deliveries.finish(delivery, end);
    tally.delivery(end.status, end.at);
  }

  /** `told`: of one that was delivered. */
  function apply(delivery: Delivery, settlement: Settlement, now: number, told?: Told): void {
    switch (settlement.kind) {
      case 'delivered':
        end(delivery, {
          status: 'delivered',
          at: now,
          reason: null,
          detail: settlement.detail,
          ...(settlement.receipt ? { receipt: settlement.receipt } : {}),
          ...(told ? { told } : {}),
        });
        if (delivery.spec.incident && settlement.receipt?.root !== undefined) {
          threads.keep(delivery.spec.incident.id, delivery.destination, settlement.receipt);
        }
        return;
      case 'suppressed':
        end(delivery, { status: 'suppressed', at: now, reason: 'silenced', detail: settlement.detail });
        onSilenced(delivery, settlement.silence, now);
        return;
      case 'again':
        deliveries.reschedule(delivery, settlement.dueAt, settlement.reason, settlement.detail);
        return;
      case 'dead':
        bury(delivery, settlement.reason, settlement.detail, now);
        return;
      case 'park':
        deliveries.reschedule(delivery, now, settlement.reason, settlement.detail);
        park(delivery, settlement, now);
        return;
    }
  }

  /** Ends a delivery that can't be made; what it had to say goes to the fallback. */
  function bury(delivery: Delivery, reason: DeathReason, detail: string, now: number): void {
    buried.push(delivery);
    // Nobody was to notice it; a fallback would be a message that people notice.
    if (delivery.spec.incident?.act === 'count') return endQuietly(delivery, reason, detail, now);
    end(delivery, { status: 'dead', at: now, reason, detail });
    const id = deliveryId(delivery);
    const fallback = fallbackOf(delivery.destination) ?? delivery.spec.fallback;
    const where = { delivery: id, destination: delivery.destination, rule: delivery.spec.rule, reason, detail };
    if (deliveries.hasStandIn(delivery.eventSeq, id)) {
      log.warn(where, 'delivery is dead again: its content went to a fallback when it first died, and does not go there twice');
      return;
    }
    if (fallback === null) {
      log.error(where, 'delivery is dead and its destination has no fallback: nobody was told; see the delivery for its content');
      return;
    }
    log.warn({ ...where, fallback }, 'delivery is dead: its content goes to the fallback');
    const note = `Could not be delivered to ${delivery.destination}: ${detail}`;
    addInstead(delivery, fallback, { eventSeq: delivery.eventSeq, spec: { ...delivery.spec, note } }, now);
    if (delivery.spec.incident) endAt(fallback, delivery, delivery.spec.incident, now);
  }

  /** Where dead letters are listed, it must not look like an alert that somebody misses. */
  function endQuietly(delivery: Delivery, reason: DeathReason, detail: string, now: number): void {
    end(delivery, { status: 'dead', at: now, reason, detail: `only a quiet edit of what was told before: ${detail}` });
  }

  /** Sees to it that a fallback which hears of an incident hears of its end, be that still to come or told elsewhere already. */
  function endAt(fallback: string, delivery: Delivery, { id, act }: { id: number; act: IncidentAct }, now: number): void {
    if (act === 'recover') return;
    deliveries.noteFallback(id, fallback, deliveryId(delivery));
    const endedBy = incidents.find(id)?.endedBy ?? null;
    if (endedBy === null || delivery.notice || !deliveries.endPlanned(endedBy, delivery.destination, id)) return;
    const { title: _, ...spec } = delivery.spec;
    const end: DeliverySpec = { ...spec, severity: 'info', message: null, incident: { id, act: 'recover' } };
    addInstead(delivery, fallback, { eventSeq: endedBy, spec: end }, now);
  }

  /** A delivery to a fallback, in place of one that died. */
  function addInstead(
    dead: Delivery,
    fallback: string,
    { eventSeq, spec }: { eventSeq: number; spec: DeliverySpec },
    now: number,
  ): void {
    deliveries.add({
      eventSeq,
      n: deliveries.nextN(eventSeq),
      destination: fallback,
      subject: dead.subject,
      createdAt: now,
      expiresAt: now + deliveryLifetimeMs,
      spec: { ...spec, fallback: fallbackOf(fallback) },
      ...(dead.notice ? { notice: dead.notice } : {}),
      fallbackOf: deliveryId(dead),
    });
  }

  function park(delivery: Delivery, { reason, detail }: { reason: 'credential' | 'channel'; detail: string }, now: number): void {
    const { destination } = delivery;
    if (parked.find(destination)) return; // Reported when it broke.
    parked.put({ destination, since: now, reason, detail, probes: 0, probeAt: now + firstProbeMs });
    const fallback = fallbackOf(destination);
    log.error({ destination, reason, detail, fallback }, 'destination is broken: parked, its deliveries wait');
    if (fallback === null || toldByRules(destination, fallback)) return;
    deliveries.add({
      eventSeq: nextSeq(),
      n: 1,
      destination: fallback,
      subject: `relay/destination/${destination}`,
      createdAt: now,
      expiresAt: now + deliveryLifetimeMs,
      spec: {
        rule: null,
        merged: [],
        severity: 'error',
        change: false,
        message: null,
        note: null,
        fallback: fallbackOf(fallback),
      },
      notice: {
        title: `Destination ${destination} is broken: its alerts wait`,
        text: `${detail}\n${whatToDo[reason]} Deliveries to ${destination} are kept for 24 h and sent once it works again; it is tried every few minutes. Nothing else will be said about it here.`,
      },
    });
  }

  /**
   * What a probe shows: with a "delivered" or "rejected" the destination takes requests again; no answer shows nothing. What was
   * under way when the destination broke is no probe, however it ends.
   */
  function concludeProbe(destination: string, outcome: AttemptOutcome | Silenced, startedAt: number, now: number): void {
    const found = parked.find(destination);
    if (!found || outcome.kind === 'silenced') return;
    // A break in times that have not come yet is from before the clock was set back: then anything since counts.
    if (startedAt <= found.since && found.since <= now) return;
    if (outcome.kind === 'delivered' || outcome.kind === 'rejected') {
      parked.remove(destination);
      log.info({ destination, parked_s: Math.round((now - found.since) / 1000) }, 'destination works again: unparked');
      return;
    }
    if (startedAt < found.probeAt) return;
    const probes = found.probes + 1;
    parked.put({ ...found, probes, probeAt: now + Math.min(maxProbeMs, firstProbeMs * 2 ** Math.min(probes, 10)) });
  }

  /** Takes back a lease that ran out: the attempt may or may not have arrived. */
  function lost(delivery: Delivery, now: number): Settlement {
    const detail = 'the attempt has no known end (process ended or lease ran out)';
    attempts.record(delivery, { startedAt: now, endedAt: now, outcome: 'lost', reason: null, detail });
    // At once the first time; then with patience, for it may be what ends the process.
    const dueAt = delivery.attempt === 1 ? now : now + backoffMs(delivery.attempt, random);
    const settlement: Settlement =
      dueAt > delivery.expiresAt ? { kind: 'dead', reason: 'expired', detail } : { kind: 'again', dueAt, reason: 'lost', detail };
    apply(delivery, settlement, now);
    return settlement;
  }

  /** What was buried since the last call. To be told after the commit, and forgotten after a rollback. */
  function takeBuried(): Delivery[] {
    const taken = buried;
    buried = [];
    return taken;
  }

  return { finished, lost, bury, takeBuried };
}

const whatToDo: Record<'credential' | 'channel', string> = {
  credential: 'Check its token or key, and replace it where the relay reads it.',
  channel: 'Check that its channel or address exists and that the relay may post there.',
};
