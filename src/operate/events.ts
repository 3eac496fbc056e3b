/** Finding events, and all that is known of one. */
import { asSpelled, eventId, eventSeq } from '../event/id.ts';
import type { Sql } from '../ports.ts';
import { isGlob } from '../rules/glob.ts';
import { createDecisionStore } from '../store/decisions.ts';
import { maxGlobs } from '../store/event-conditions.ts';
import { createEventList, type EventRecord } from '../store/event-list.ts';
import { createEventStore, type StoredEvent } from '../store/events.ts';
import { eventSummaryOf, matchOfTheLike } from './event-view.ts';
import { lookedAt, type Looked } from './explain-event.ts';
import type { Answered, EventOperations, Refusal } from './operations.ts';
import type { EventFilter } from './shapes/query.ts';
import type { DeliveryDetailView, EventDetailView, EventPageView, ExplanationView } from './shapes/views.ts';
import { isoOrNull, noCursor, notFound, ok, refused } from './text.ts';

export interface EventOperationsOptions {
  sql: Sql;
  /** By the rules as they are now. */
  explanationOf: (event: Looked) => ExplanationView;
  /** The first first. `event`: null for what is in quarantine. */
  deliveriesOf: (seq: number, event: Looked | null) => DeliveryDetailView[];
}

export function createEventOperations(options: EventOperationsOptions): Pick<EventOperations, 'list' | 'show' | 'body'> {
  const { sql, explanationOf, deliveriesOf } = options;
  const events = createEventList(sql);
  const stored = createEventStore(sql);
  const decisions = createDecisionStore(sql);

  function detailOf(event: EventRecord, whole: StoredEvent): EventDetailView {
    const { contentType, body } = whole;
    // Once for its explanation and all of its deliveries: a body may be of a megabyte.
    const looked = lookedAt(whole);
    return {
      ...eventSummaryOf(event),
      idempotency_key: event.idempotencyKey,
      content_type: contentType,
      bytes: body.length,
      body: textOf(body),
      rules_version: event.rulesVersion,
      decisions: decisions.of(event.seq).map(({ until, ...decision }) => ({ ...decision, until: isoOrNull(until) })),
      deliveries: deliveriesOf(event.seq, looked),
      replays: stored.replaysOf(event.seq).map((replay) => eventId(replay.seq)),
      explanation: looked && explanationOf(looked),
      match: matchOfTheLike(event),
    };
  }

  return {
    list(filter, { limit, before }): Answered<EventPageView> {
      const below = before === null ? null : eventSeq(asSpelled(before));
      if (before !== null && below === null) return noCursor(before, eventId(0));
      const refusal = refusalOf(filter);
      if (refusal) return refusal;
      const { rows, next, searchedTo } = events.page(filter, { below, limit });
      return ok({
        events: rows.map(eventSummaryOf),
        next: next === null ? null : eventId(next),
        searched_to: isoOrNull(searchedTo),
      });
    },
    show(id) {
      const seq = eventSeq(asSpelled(id));
      const event = seq === null ? null : events.record(seq);
      const whole = event === null ? null : stored.bySeq(event.seq);
      return event === null || whole === null ? notFound('event', id) : ok(detailOf(event, whole));
    },
    body(id) {
      const seq = eventSeq(asSpelled(id));
      const whole = seq === null ? null : stored.bySeq(seq);
      if (whole === null) return notFound('event', id);
      const { subscription, contentType, body } = whole;
      return ok({ id: eventId(whole.seq), subscription, content_type: contentType, body: textOf(body) });
    },
  };
}

/** As it came, a byte order mark included. */
function textOf(body: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
}

/** What makes no sense as a filter, or is too much of one; null: it will do. */
export function refusalOf({ types, fromMs, untilMs }: EventFilter): Refusal | null {
  const globs = types.filter(isGlob).length;
  if (globs > maxGlobs) {
    return refused('invalid', `type: has ${globs} values with * or ?, and takes up to ${maxGlobs}; ask in several steps`, 'type');
  }
  if (fromMs !== null && untilMs !== null && fromMs >= untilMs) {
    return refused('invalid', 'until: is not after the beginning that since or from gives; nothing can be in between', 'until');
  }
  return null;
}
