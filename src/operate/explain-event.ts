/** What the rules make of an event, and what would be sent: for the operators' views and for `relay explain`. */
import type { Destination, Outgoing, Preview } from '../destination/destination.ts';
import type { ReceivedEvent } from '../event/event.ts';
import { happenedUs } from '../event/happened.ts';
import type { Silences } from '../incident/covering.ts';
import { forecast, standing, type Forecast } from '../incident/forecast.ts';
import { traitsIn } from '../incident/telling.ts';
import type { Sql } from '../ports.ts';
import type { Explanation, PlannedDelivery } from '../rules/plan.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { StoredEvent } from '../store/events.ts';
import { readStored, receivedOf } from '../store/stored-event.ts';

/** An event to be explained. */
export interface Looked {
  received: ReceivedEvent;
  body: Uint8Array;
  contentType?: string;
}

/** A stored one, read once for all that is to be said of it; null: it is none that the relay knows. */
export function lookedAt(event: StoredEvent): Looked | null {
  const read = readStored(event);
  if (read.kind === 'none') return null;
  const { body, contentType } = event;
  return { received: receivedOf(event, read.narrative), body, contentType };
}

export interface Explained {
  explanation: Explanation;
  /** Of the planned deliveries, in their order. */
  payloads: readonly Preview[];
  /** What would be done about it if it came now; of one that came, how things stand with its subject. */
  forecast: Forecast;
}

/** What an explanation goes by. `sql: null`: nothing is known of what came before. */
export interface Known {
  rules: RuleSet;
  sql: Sql | null;
  silences: Silences;
  destinationOf: (name: string) => Pick<Destination, 'preview'>;
  now: number;
}

/** `cameBefore`: it is in the store, and things stand as they do because of it. */
export function explainEvent(event: Looked, known: Known, cameBefore = false): Explained {
  const { rules, sql, silences, destinationOf, now } = known;
  const { received } = event;
  const explanation = rules.explain(received);
  const { plan } = explanation;
  return {
    explanation,
    payloads: plan.deliveries.map((planned) => destinationOf(planned.destination).preview(outgoing(rules, event, planned, plan))),
    forecast:
      cameBefore && sql !== null
        ? standing(sql, plan.subject, now)
        : forecast(
            sql,
            { plan, routable: received, happenedUs: happenedUs(received.narrative, now) },
            silences,
            (to) => traitsIn(rules, to).forwards,
            now,
          ),
  };
}

/** A planned delivery as it would go out if nothing stood in its way. */
function outgoing(
  { links }: RuleSet,
  { received, body, contentType = 'application/json' }: Looked,
  { rule, severity, change, broadcast, message }: PlannedDelivery,
  { subject, owners }: Explanation['plan'],
): Outgoing {
  return {
    deliveryId: 'dlv_(example)',
    eventId: received.id,
    attempt: 1,
    content: { kind: 'event', received, body, contentType },
    rule,
    severity,
    change,
    message,
    subject,
    broadcast,
    incident: null,
    root: null,
    owners,
    unsureSinceMs: null,
    links: { ...links },
    note: null,
  };
}
