/** From a stored delivery to one that can be sent. */
import type { Content, IncidentAct, IncidentStatus, Outgoing } from '../destination/destination.ts';
import { deliveryId, eventId } from '../event/id.ts';
import type { Delivery } from '../store/deliveries.ts';
import type { StoredEvent } from '../store/events.ts';
import type { Incident } from '../store/incidents.ts';
import { receivedOf } from '../store/stored-event.ts';
import type { Receipt } from '../store/threads.ts';

/** What the store knows beside the delivery and its event. */
export interface Circumstances {
  links: Record<string, string>;
  /** The incident that the delivery tells of. */
  incident: Incident | null;
  root: Receipt | null;
  unsureSinceMs: number | null;
}

/** `content`: by `contentOf`, which reads an event's body; once is enough for all of its deliveries. */
export function outgoingOf(delivery: Delivery, content: Content, known: Circumstances): Outgoing {
  const { rule, severity, change, message, note, title, owners = [], broadcast = false } = delivery.spec;
  return {
    deliveryId: deliveryId(delivery),
    eventId: eventId(delivery.eventSeq),
    attempt: delivery.attempt,
    content,
    rule,
    severity,
    change,
    ...(title === undefined ? {} : { title }),
    message,
    subject: delivery.subject,
    links: known.links,
    incident: statusOf(delivery, known.incident),
    root: known.root,
    owners,
    broadcast,
    unsureSinceMs: known.unsureSinceMs,
    note,
  };
}

function forgotten(at: number, act: IncidentAct): Omit<IncidentStatus, 'act'> {
  const endedMs = act === 'recover' || act === 'count' ? at : null;
  return { sinceMs: at, lastMs: at, failures: 1, firstSaid: null, lastSaid: null, endedMs };
}

function statusOf({ spec, createdAt }: Delivery, incident: Incident | null): IncidentStatus | null {
  if (!spec.incident) return null;
  // Forgotten before it was sent: an end must not read as a beginning.
  if (incident === null) return { act: spec.incident.act, ...forgotten(createdAt, spec.incident.act) };
  const { openedAt, lastAt, failures, firstSaid, lastSaid, endedAt } = incident;
  return { act: spec.incident.act, sinceMs: openedAt, lastMs: lastAt, failures, firstSaid, lastSaid, endedMs: endedAt };
}

/** `event`: null for a notice. Throws where there is neither, or the body is no event. */
export function contentOf(delivery: Delivery, event: StoredEvent | null): Content {
  if (delivery.notice) return { kind: 'notice', ...delivery.notice, occurredAtMs: delivery.createdAt };
  if (event === null) throw new Error(`delivery ${deliveryId(delivery)} has neither an event nor a notice`);
  const { contentType, body } = event;
  return { kind: 'event', received: receivedOf(event), body, contentType };
}
