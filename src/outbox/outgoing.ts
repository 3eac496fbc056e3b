/** From a stored delivery to one that can be sent. */
import type { Content, Outgoing } from '../destination/destination.ts';
import { deliveryId, eventId } from '../event/id.ts';
import { parseBody } from '../event/parse.ts';
import type { NarrativeEvent } from '../event/event.ts';
import type { Delivery } from '../store/deliveries.ts';
import type { StoredEvent } from '../store/events.ts';

export function outgoingOf(delivery: Delivery, event: StoredEvent | null, links: Record<string, string>): Outgoing {
  const { rule, severity, change, message, note } = delivery.spec;
  return {
    deliveryId: deliveryId(delivery),
    eventId: eventId(delivery.eventSeq),
    attempt: delivery.attempt,
    content: contentOf(delivery, event),
    rule,
    severity,
    change,
    message,
    subject: delivery.subject,
    links,
    note,
  };
}

function contentOf(delivery: Delivery, event: StoredEvent | null): Content {
  if (delivery.notice) return { kind: 'notice', ...delivery.notice, occurredAtMs: delivery.createdAt };
  if (event === null) throw new Error(`delivery ${deliveryId(delivery)} has neither an event nor a notice`);
  const { seq, subscription, receivedAt, contentType, body } = event;
  return {
    kind: 'event',
    received: { id: eventId(seq), subscription, receivedAtMs: receivedAt, narrative: narrativeOf(event) },
    body,
    contentType,
  };
}

function narrativeOf(event: StoredEvent): NarrativeEvent {
  const parsed = parseBody(event.body);
  if (parsed.kind !== 'event') throw new Error(`event ${eventId(event.seq)} was routed, but its body is no event: ${parsed.why}`);
  return parsed.event;
}
