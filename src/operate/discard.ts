/** Ending a delivery without sending it. */
import type { Destination } from '../destination/destination.ts';
import { deliveryId, deliveryKeyOf } from '../event/id.ts';
import type { Sql } from '../ports.ts';
import { createAlertStore, type Alert } from '../store/alerts.ts';
import { createDeliveryList, type DeliveryRecord } from '../store/delivery-list.ts';
import type { Tally } from '../store/hourly.ts';
import { createIncidentDeliveries } from '../store/incident-deliveries.ts';
import { createOperatorDeliveries } from '../store/operator-deliveries.ts';
import type { Action, Verdict } from './deliveries-action.ts';
import { iso } from './text.ts';

export interface DiscardOptions {
  sql: Sql;
  /** Of the caller's transaction, which writes it. */
  tally: Tally;
  /** Those in force. */
  destinations: () => ReadonlyMap<string, Pick<Destination, 'type'>>;
}

export function createDiscard({ sql, tally, destinations }: DiscardOptions): Action {
  const alerts = createAlertStore(sql);
  const deliveries = createOperatorDeliveries(sql);
  const { find } = createDeliveryList(sql);
  const { fallbacksOf } = createIncidentDeliveries(sql);

  function judge(record: DeliveryRecord): Verdict {
    const id = deliveryId(record);
    switch (record.status) {
      case 'dead':
      case 'queued':
      case 'scheduled':
      case 'waiting':
        return { kind: 'do' };
      case 'sending':
        return {
          kind: 'refused',
          why: 'it is being sent',
          detail: `${id} is being sent and may have arrived; look again in a minute.`,
        };
      case 'delivered':
        return {
          kind: 'refused',
          why: 'it was delivered',
          detail: `${id} was delivered at ${iso(record.finishedAt ?? record.createdAt)}; nothing is left to discard.`,
        };
      case 'suppressed':
        if (record.reason === 'discarded') return { kind: 'nothing', why: 'it was discarded before' };
        return {
          kind: 'refused',
          why: 'it was suppressed',
          detail: `${id} was suppressed: ${record.detail ?? record.reason}; nothing is left to discard.`,
        };
    }
  }

  function apply(record: DeliveryRecord, now: number): void {
    end(record, `discarded by an operator; ${was(record)}`, now);
    const { incident } = record.spec;
    if (incident?.act !== 'open' && incident?.act !== 'remind') return;
    if (hasHeardByFallback(record, incident.id)) return;
    if (record.fallbackOf === null) unheard(record, { id: incident.id, act: incident.act }, now);
    endUnheard(record, incident.id, now);
  }

  /** One fallback is kept for an incident, with the first that died: what it told goes for all of that destination. */
  function hasHeardByFallback({ destination }: DeliveryRecord, incident: number): boolean {
    return fallbacksOf(incident).some(({ delivery }) => {
      const key = deliveryKeyOf(delivery);
      return key !== null && find(key)?.destination === destination;
    });
  }

  function end(record: DeliveryRecord, detail: string, now: number): void {
    deliveries.discard(record, detail, now);
    // That a dead one ended was counted when it died.
    if (record.status !== 'dead') tally.delivery('suppressed', now);
  }

  /**
   * Who has not heard that an incident began is not told that it is over; unless a fallback heard of it, or something else tells of it
   * there: also what is dead, and may be retried. Only of what rules tell of one subject: the ends of groups and of what is expected are
   * told wherever the rule sends.
   */
  function unheard(record: DeliveryRecord, { id, act }: { id: number; act: 'open' | 'remind' }, now: number): void {
    const { subject, destination, eventSeq, createdAt } = record;
    const telling = alerts
      .of(subject)
      .filter(({ incident, spec }) => incident === id && spec.told?.some(({ to }) => to === destination));
    if (telling.length === 0) return;
    const heard = deliveries.canBeHeard(record, id, Math.max(eventSeq, ...telling.map((alert) => alert.eventSeq)));
    for (const alert of telling) {
      // Too much was sent to look at: what began it is the last that was told, unless the rule has told again since.
      if (heard ?? (act === 'remind' || (alert.toldAt ?? 0) > createdAt)) continue;
      const told = (alert.spec.told ?? []).filter(({ to }) => to !== destination);
      const isKnown = told.some(({ to }) => destinations().get(to)?.type !== 'http');
      alerts.put({ ...alert, ...(isKnown ? {} : asUntold(alert, now)), spec: { ...alert.spec, told } });
    }
  }

  /** The end may be planned already, and wait behind what it ends. */
  function endUnheard(record: DeliveryRecord, incident: number, now: number): void {
    for (const key of deliveries.unsentEnds(incident, record.destination)) {
      // Discarding the one before it may have called it.
      const over = find(key);
      if (over === null || deliveries.isHeard(record, incident, key)) continue;
      end(over, `discarded with ${deliveryId(record)}: who has not heard that it began is not told that it is over`, now);
    }
  }

  return { judge, apply };
}

/** Nobody has heard of it: the next failure is told at once, and one that was only counted is told now. */
function asUntold({ phase, dueAt, armedAt, untold }: Alert, now: number): Partial<Alert> {
  const due = phase !== 'told' ? { dueAt, armedAt } : untold > 0 ? { dueAt: now, armedAt: now } : { dueAt: null };
  return { toldHere: false, toldAt: null, editAt: null, ...due };
}

/** How it stood: what it died of, or how far it had come. */
function was({ status, reason, detail, attempt }: DeliveryRecord): string {
  const tried = status === 'dead' || attempt === 0 ? '' : ` after ${attempt} ${attempt === 1 ? 'attempt' : 'attempts'}`;
  const why = [reason, detail].filter((part) => part !== null).join(': ');
  return `it was ${status}${tried}${why === '' ? '' : `: ${why}`}`;
}
