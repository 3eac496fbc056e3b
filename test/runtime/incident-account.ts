/** The relay's own account of incidents: why what was not sent was not, and what each message was; read from outside. */
import { deliveryId, eventId } from '../../src/event/id.ts';
import { reading } from './account.ts';

export interface IncidentEvent {
  /** The relay's: `evt_…`. */
  id: string;
  /** Narrative's id for the webhook. */
  webhookId: string;
  outcome: string;
  /** Epoch ms. */
  receivedAt: number;
}

export interface IncidentDelivery {
  /** `dlv_…`. */
  id: string;
  /** `evt_…`: of the event that it tells of, or its own where it is a notice. */
  event: string;
  isNotice: boolean;
  destination: string;
  status: string;
  detail: string | null;
  /** Null for a message of its own. */
  act: string | null;
  /** The incident's number; null where there is none. */
  incident: number | null;
  /** Epoch ms. */
  createdAt: number;
}

export interface IncidentDecision {
  event: string;
  rule: string;
  kind: string;
  detail: string;
}

export interface Incident {
  id: number;
  kind: string;
  subject: string;
  isOpen: boolean;
}

export interface IncidentAccount {
  events: IncidentEvent[];
  deliveries: IncidentDelivery[];
  decisions: IncidentDecision[];
  incidents: Incident[];
}

interface DeliveryRow extends Omit<IncidentDelivery, 'id' | 'event' | 'isNotice' | 'act' | 'incident'> {
  eventSeq: number;
  n: number;
  isNotice: number;
  spec: string;
}

const ofDeliveries = `SELECT event_seq AS eventSeq, n, notice IS NOT NULL AS isNotice, destination, status, detail, spec,
  created_at AS createdAt FROM deliveries ORDER BY event_seq, n`;
const ofEvents = `SELECT seq, idempotency_key AS webhookId, outcome, received_at AS receivedAt FROM events
  WHERE subscription <> 'relay' ORDER BY seq`;

export function readIncidents(databasePath: string): IncidentAccount {
  return reading(databasePath, (database) => ({
    events: database
      .prepare<[], Omit<IncidentEvent, 'id'> & { seq: number }>(ofEvents)
      .all()
      .map(({ seq, ...row }) => ({ id: eventId(seq), ...row })),
    deliveries: database
      .prepare<[], DeliveryRow>(ofDeliveries)
      .all()
      .map(({ eventSeq, n, isNotice, spec, ...row }) => {
        const { incident } = JSON.parse(spec) as { incident?: { id: number; act: string } | null };
        const part = { act: incident?.act ?? null, incident: incident?.id ?? null };
        return { id: deliveryId({ eventSeq, n }), event: eventId(eventSeq), isNotice: isNotice === 1, ...part, ...row };
      }),
    decisions: database
      .prepare<[], Omit<IncidentDecision, 'event'> & { seq: number }>(
        'SELECT event_seq AS seq, rule, kind, detail FROM decisions',
      )
      .all()
      .map(({ seq, ...row }) => ({ event: eventId(seq), ...row })),
    incidents: database
      .prepare<[], Omit<Incident, 'isOpen'> & { isOpen: number }>(
        'SELECT id, kind, subject, ended_at IS NULL AS isOpen FROM incidents ORDER BY id',
      )
      .all()
      .map(({ isOpen, ...row }) => ({ ...row, isOpen: isOpen === 1 })),
  }));
}

/** What is known of one webhook. */
export function storyOf({ events, deliveries, decisions }: IncidentAccount, webhookId: string) {
  const event = events.find((each) => each.webhookId === webhookId);
  return {
    outcome: event?.outcome ?? 'unknown',
    deliveries: deliveries.filter((each) => each.event === event?.id),
    decisions: decisions.filter((each) => each.event === event?.id),
  };
}
