/**
 * What was sent, or would be: drawn by the destination as it is in the rules now, from what was kept. A message about an incident is
 * drawn with what it said then.
 */
import type { Content, Destination, Outgoing } from '../destination/destination.ts';
import { deliveryId } from '../event/id.ts';
import { createCircumstances } from '../outbox/circumstances.ts';
import { contentOf, outgoingOf, type Circumstances } from '../outbox/outgoing.ts';
import type { Log, Sql } from '../ports.ts';
import type { Told } from '../store/deliveries.ts';
import type { DeliveryRecord } from '../store/delivery-list.ts';
import { createEventStore } from '../store/events.ts';
import type { Looked } from './explain-event.ts';
import type { DeliveryDetailView, PreviewView } from './shapes/views.ts';

export interface PreviewOptions {
  sql: Sql;
  log: Log;
  /** Those in force. */
  destinations: () => ReadonlyMap<string, Pick<Destination, 'preview'>>;
  links: () => Record<string, string>;
}

export type Drawn = Pick<DeliveryDetailView, 'preview' | 'preview_of'>;

export type Previews = ReturnType<typeof createPreviews>;

export function createPreviews({ sql, log, destinations, links }: PreviewOptions) {
  const events = createEventStore(sql);
  const circumstancesOf = createCircumstances(sql, links);

  /** Of one event or notice. `event`: where it was read already; else it is read when the first of them asks for it. */
  return function drawAll(records: readonly DeliveryRecord[], event: Looked | null = null): Drawn[] {
    let read = event && eventContent(event);
    const contentFor = (record: DeliveryRecord): Content | null => {
      if (record.notice !== null) return contentOf(record, null);
      const stored = read ? null : events.bySeq(record.eventSeq);
      return (read ??= stored && contentOf(record, stored));
    };
    return records.map((record) => {
      const known = circumstancesOf(record);
      const moment = momentOf(record, known);
      return { preview: moment === 'nothing' ? null : draw(record, known, () => contentFor(record)), preview_of: moment };
    });
  };

  /** Null when it can not be drawn any more: its destination is gone from the rules, its event from the store. */
  function draw(record: DeliveryRecord, known: Circumstances, contentFor: () => Content | null): PreviewView | null {
    const destination = destinations().get(record.destination);
    if (!destination) return null;
    try {
      const content = contentFor();
      return content && drawnBy(destination, record, outgoingOf({ ...record, attempt: attemptOf(record) }, content, known));
    } catch (error) {
      // One that can't be drawn must not hide the others, nor what else is known of it.
      log.warn({ err: error, delivery: deliveryId(record) }, 'a delivery could not be drawn');
      return null;
    }
  }
}

function drawnBy({ preview }: Pick<Destination, 'preview'>, { told, receipt }: DeliveryRecord, outgoing: Outgoing): PreviewView {
  if (told !== null) return whatArrived(preview(asTold(outgoing, told)), told);
  // The message that others edit and answer was itself none of those.
  const isRoot = outgoing.root !== null && receipt?.root === outgoing.root.root;
  return preview(isRoot ? { ...outgoing, root: null } : outgoing);
}

function eventContent({ received, body, contentType = '' }: Looked): Content {
  return { kind: 'event', received, body, contentType };
}

function momentOf({ status, told, receipt, spec }: DeliveryRecord, { root }: Circumstances): Drawn['preview_of'] {
  const isDelivered = status === 'delivered';
  if (told !== null) return told.parts.length === 0 ? 'nothing' : 'sent';
  if (spec.incident?.act === 'count' && (root === null || (isDelivered && receipt === null))) return 'nothing';
  // Of one that was delivered before the store kept what it said, only what is so now is known.
  return isDelivered && !spec.incident ? 'sent' : 'now';
}

/** The one that brought it there, or is under way; else the next. */
function attemptOf({ status, attempt }: DeliveryRecord): number {
  return status === 'delivered' || status === 'sending' ? attempt : attempt + 1;
}

/** A message of its own was sent in place of an edit where there was nothing left to edit. */
function asTold(outgoing: Outgoing, { incident, root, parts }: Told): Outgoing {
  return { ...outgoing, incident, root: parts.includes('post') ? null : root };
}

function whatArrived({ body, reply, ...rest }: PreviewView, { parts }: Told): PreviewView {
  if (reply === undefined) return { ...rest, body };
  if (!parts.includes('edit')) return { ...rest, body: reply };
  return parts.includes('reply') ? { ...rest, body, reply } : { ...rest, body };
}
