/** Sending a delivery again, where that tells somebody what is still so. */
import type { Destination, IncidentAct } from '../destination/destination.ts';
import { deliveryId, eventId, incidentId } from '../event/id.ts';
import type { Sql } from '../ports.ts';
import type { DeliveryRecord } from '../store/delivery-list.ts';
import { createIncidentStore } from '../store/incidents.ts';
import { createOperatorDeliveries } from '../store/operator-deliveries.ts';
import type { Action, Verdict } from './deliveries-action.ts';
import { iso } from './text.ts';

export interface RetryOptions {
  sql: Sql;
  /** Those in force. */
  destinations: () => ReadonlyMap<string, Pick<Destination, 'type'>>;
  /** How long a delivery is tried, ms. */
  deliveryLifetimeMs: number;
}

export function createRetry({ sql, destinations, deliveryLifetimeMs }: RetryOptions): Action {
  const deliveries = createOperatorDeliveries(sql);
  const incidents = createIncidentStore(sql);

  function judge(record: DeliveryRecord): Verdict {
    switch (record.status) {
      case 'queued':
      case 'waiting':
      case 'sending':
        return { kind: 'nothing', why: 'it is to be sent without that' };
      case 'scheduled':
        return { kind: 'do' };
      case 'delivered':
        return refused(
          record,
          'it was delivered',
          `was delivered at ${iso(record.finishedAt ?? record.createdAt)}`,
          whatElse(record),
        );
      case 'suppressed':
        return refused(record, 'it was suppressed', `was suppressed: ${record.detail ?? record.reason}`, whatElse(record));
      case 'dead':
        return ofDead(record);
    }
  }

  function ofDead(record: DeliveryRecord): Verdict {
    const { destination, spec } = record;
    const found = destinations().get(destination);
    if (!found) {
      const gone = `can go nowhere: destination ${destination} is no longer in the rules`;
      return refused(record, 'its destination is no longer in the rules', gone, 'add it to the rules again, or discard this one');
    }
    // What forwards events is no alert: whoever takes them wants each, however late.
    if (found.type === 'http') return { kind: 'do' };
    if (spec.incident) return ofAlert(record, spec.incident);
    return spec.during === undefined ? { kind: 'do' } : ofMessage(record, spec.during);
  }

  /** Of a rule that sends each event: of a failure it is an alert as any other, unless it is the news that ended the incident. */
  function ofMessage(record: DeliveryRecord, during: number): Verdict {
    if (incidents.find(during)?.endedBy === record.eventSeq) return { kind: 'do' };
    return ofAlert(record, { id: during, act: 'open' });
  }

  function ofAlert(record: DeliveryRecord, { id, act }: { id: number; act: IncidentAct }): Verdict {
    const incident = incidents.find(id);
    if (act === 'recover') {
      const again = incidents.openLike(incident?.kind ?? 'subject', record.subject);
      if (again === null || again === id) return { kind: 'do' };
      const since = `tells the end of an incident, and ${record.subject} has failed again since (${incidentId(again)})`;
      return refused(record, 'its subject has failed again', since, 'sent now, it would close the alert that stands: discard it');
    }
    // A storm without an end to tell is over as soon as it has passed, whether or not anything has recovered.
    const isOver = incident === null || (incident.endedAt !== null && (incident.kind !== 'group' || incident.endedBy !== null));
    if (!isOver) return { kind: 'do' };
    const ended = incident === null ? 'is past its retention' : `ended at ${iso(incident.endedAt ?? incident.lastAt)}`;
    const what = `is about an incident that ${ended}`;
    return refused(record, 'its incident has ended', what, 'sending it now would wake somebody for nothing: discard it');
  }

  return {
    judge,
    apply(record, now) {
      if (record.status === 'scheduled') deliveries.dueNow(record, now);
      else deliveries.queueAgain(record, now + deliveryLifetimeMs);
    },
  };
}

function whatElse({ notice, eventSeq }: DeliveryRecord): string {
  if (notice !== null) return "it is in the relay's own words, and there is no event to replay";
  return `to send its event by today's rules, replay ${eventId(eventSeq)}`;
}

function refused(record: DeliveryRecord, why: string, what: string, whatToDo: string): Verdict {
  return { kind: 'refused', why, detail: `${deliveryId(record)} ${what}; ${whatToDo}.` };
}
