/** One attempt to send: what the destination says of it, or what went wrong inside the relay. Never throws, so that it always has an end. */
import type { AttemptOutcome, Destination, Outgoing } from '../destination/destination.ts';
import { deliveryId } from '../event/id.ts';
import type { Silencing } from '../incident/policy.ts';
import type { Clock, Log, Sql } from '../ports.ts';
import type { Delivery, Told } from '../store/deliveries.ts';
import { createEventStore, type StoredEvent } from '../store/events.ts';
import { createCircumstances } from './circumstances.ts';
import { contentOf, outgoingOf } from './outgoing.ts';
import type { Silenced } from './settle.ts';

/** `told`: of one that was delivered and is about an incident, for the record. */
export type Attempted = (AttemptOutcome & { told?: Told }) | Silenced;

export interface AttemptOptions {
  sql: Sql;
  clock: Clock;
  log: Log;
  links: () => Record<string, string>;
  silenceFor: (event: StoredEvent, now: number) => Silencing | null;
  /** An attempt is cut off after this, ms. */
  leaseMs: number;
}

export function createAttempts({ sql, clock, log, links, silenceFor, leaseMs }: AttemptOptions) {
  const events = createEventStore(sql);
  const circumstancesOf = createCircumstances(sql, links);
  const running = new Set<AbortController>();

  async function make(delivery: Delivery, destination: Destination): Promise<Attempted> {
    const stop = new AbortController();
    running.add(stop);
    try {
      const event = delivery.notice ? null : events.bySeq(delivery.eventSeq);
      const silence = event === null || !canBeSilenced(delivery, destination) ? null : silenceFor(event, clock.now());
      if (silence) return { kind: 'silenced', silence, detail: `silenced by ${silence.name} on its way out` };
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(leaseMs)]);
      const outgoing = outgoingOf(delivery, contentOf(delivery, event), circumstancesOf(delivery));
      return withTold(await destination.send(outgoing, signal), outgoing);
    } catch (error) {
      log.error({ err: error, delivery: deliveryId(delivery), destination: destination.name }, 'attempt failed inside the relay');
      const detail = `inside the relay: ${error instanceof Error ? error.message : String(error)}`;
      return { kind: 'retry', reason: 'internal', detail };
    } finally {
      running.delete(stop);
    }
  }

  return {
    make,
    /** Ends all that are under way. */
    cutOff(why: string): void {
      for (const attempt of running) attempt.abort(new Error(why));
    },
  };
}

/** Only what can edit has something to count in: of the others, what only counts sends nothing. */
function withTold(outcome: AttemptOutcome, { incident, root }: Outgoing): Attempted {
  if (outcome.kind !== 'delivered' || incident === null) return outcome;
  const parts = outcome.parts ?? (incident.act === 'count' ? [] : ['post']);
  return { ...outcome, told: { incident, root, parts } };
}

/**
 * The end of an incident is told whatever is silent now: who was woken has to hear that it is over. What nobody notices disturbs
 * nobody, and what stands in the channel stays true. What forwards events is no alert.
 */
function canBeSilenced({ spec }: Delivery, { type }: Destination): boolean {
  return type !== 'http' && spec.incident?.act !== 'recover' && spec.incident?.act !== 'count';
}
