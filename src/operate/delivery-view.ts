/** What operators are shown of a delivery. */
import { deliveryId, eventId, incidentId } from '../event/id.ts';
import type { Attempt } from '../store/attempts.ts';
import type { DeliveryRecord } from '../store/delivery-list.ts';
import type { NoticeStory } from '../store/story.ts';
import type { Drawn } from './preview.ts';
import type { AttemptView, DeliveryDetailView, DeliverySummaryView } from './shapes/views.ts';
import { iso, isoOrNull } from './text.ts';

/** `type`: of its destination in the rules in force; null when that is gone. */
export function summaryOf(record: DeliveryRecord, type: DeliverySummaryView['type']): DeliverySummaryView {
  const { eventSeq, destination, subject, status, notice, spec } = record;
  const incident = spec.incident?.id ?? spec.during ?? null;
  return {
    id: deliveryId(record),
    event_id: notice === null ? eventId(eventSeq) : null,
    destination,
    type,
    subject,
    title: notice?.title ?? spec.title ?? null,
    status,
    rule: spec.rule,
    merged: spec.merged,
    severity: spec.severity,
    act: spec.incident?.act ?? null,
    incident_id: incident === null ? null : incidentId(incident),
    created_at: iso(record.createdAt),
    // What is over, or waits for its turn, has none; an old one may still be written there.
    due_at: status === 'scheduled' ? isoOrNull(record.dueAt) : null,
    expires_at: iso(record.expiresAt),
    finished_at: isoOrNull(record.finishedAt),
    attempts: record.attempt,
    reason: record.reason,
    detail: record.detail,
    fallback_of: record.fallbackOf,
  };
}

/** What is known beside the delivery itself. */
export interface DeliveryParts {
  made: readonly Attempt[];
  drawn: Drawn;
  /** Of the group that it tells of. */
  members: NoticeStory['members'];
}

export function detailOf(
  record: DeliveryRecord,
  type: DeliverySummaryView['type'],
  { made, drawn, members }: DeliveryParts,
): DeliveryDetailView {
  const { receipt, spec } = record;
  return {
    ...summaryOf(record, type),
    made: made.map(attemptView),
    receipt,
    note: spec.note,
    ...drawn,
    members: members.map(({ subject, eventSeq }) => ({ subject, event_id: eventId(eventSeq) })),
  };
}

function attemptView({ attempt, startedAt, endedAt, outcome, reason, detail }: Attempt): AttemptView {
  const took = Math.max(0, endedAt - startedAt);
  return { attempt, started_at: iso(startedAt), ended_at: iso(endedAt), took_ms: took, outcome, reason, detail };
}
