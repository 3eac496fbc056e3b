/** From what is to be said to deliveries in the outbox. All functions belong inside the caller's transaction. */
import type { Notice, Owner } from '../destination/destination.ts';
import type { PlannedDelivery } from '../rules/plan.ts';
import type { DeliveryStore } from '../store/deliveries.ts';

export interface DispatchOptions {
  deliveries: DeliveryStore;
  /** Makes event numbers, for notices. */
  nextSeq: () => number;
  fallbackOf: (destination: string) => string | null;
  deliveryLifetimeMs: number;
}

interface Telling {
  /** Deliveries with equal subjects keep their order at each destination; PagerDuty's dedup_key is made from it. */
  subject: string;
  planned: readonly PlannedDelivery[];
  owners: readonly Owner[];
  /** Whose story the acts in `planned` are part of; null for none. */
  incident: number | null;
  /** Raw: takes the place of the default title where the event alone doesn't say what the matter is. */
  title?: string;
}

export function createDispatch({ deliveries, nextSeq, fallbackOf, deliveryLifetimeMs }: DispatchOptions) {
  function addAll(
    eventSeq: number,
    firstN: number,
    { subject, planned, owners, incident, title }: Telling,
    now: number,
    notice?: Notice,
    suppressedBy?: string,
  ): void {
    withFallbacks(planned, incident).forEach(
      ({ destination, rule, merged, severity, change, broadcast, message, act, ...more }, i) =>
        deliveries.add({
          eventSeq,
          n: firstN + i,
          destination,
          subject,
          createdAt: now,
          expiresAt: now + deliveryLifetimeMs,
          spec: {
            rule,
            merged,
            severity,
            change,
            message,
            note: null,
            fallback: fallbackOf(destination) ?? more.fallback ?? null,
            ...(incident === null ? {} : act === null ? { during: incident } : { incident: { id: incident, act } }),
            ...(owners.length > 0 ? { owners } : {}),
            ...(broadcast ? { broadcast } : {}),
            ...(title === undefined ? {} : { title }),
          },
          ...(notice ? { notice } : {}),
          ...(suppressedBy === undefined ? {} : { suppressedBy }),
          ...(more.insteadOf === undefined ? {} : { fallbackOf: more.insteadOf }),
        }),
    );
  }

  /** The end of an incident is told where its beginning was, and that may have been a fallback. */
  function withFallbacks(
    planned: readonly PlannedDelivery[],
    incident: number | null,
  ): readonly (PlannedDelivery & { insteadOf?: string })[] {
    const end = incident === null ? undefined : planned.find(({ act }) => act === 'recover');
    if (incident === null || !end) return planned;
    const told = deliveries
      .fallbacksOf(incident)
      .filter(({ destination }) => !planned.some((each) => each.destination === destination));
    return [...planned, ...told.map(({ destination, delivery }) => ({ ...end, destination, merged: [], insteadOf: delivery }))];
  }

  return {
    /** About an event in the store; `isNew`: it has no deliveries yet. */
    aboutEvent(eventSeq: number, telling: Telling, now: number, isNew = false): void {
      if (telling.planned.length > 0) addAll(eventSeq, isNew ? 1 : deliveries.nextN(eventSeq), telling, now);
    },
    /** Kept back for a reason, and visible as such. */
    suppressed(eventSeq: number, telling: Telling, why: string, now: number): void {
      addAll(eventSeq, deliveries.nextN(eventSeq), telling, now, undefined, why);
    },
    /** In the relay's own words. Returns the number under which it is kept. */
    notice(notice: Notice, telling: Telling, now: number): number {
      const seq = nextSeq();
      addAll(seq, 1, telling, now, notice);
      return seq;
    },
  };
}

export type Dispatch = ReturnType<typeof createDispatch>;
