/** Deliveries, as operators see and change them. */
import type { Destination } from '../destination/destination.ts';
import { deliveryId, deliveryKeyOf, eventSeq, msOfSeq } from '../event/id.ts';
import type { Clock, Log, Sql } from '../ports.ts';
import { createAttemptStore } from '../store/attempts.ts';
import type { DeliveryQuery } from '../store/delivery-conditions.ts';
import { createDeliveryList, type DeliveryRecord } from '../store/delivery-list.ts';
import { createTally } from '../store/hourly.ts';
import { createStoryStore } from '../store/story.ts';
import { createBulk } from './bulk.ts';
import type { Action } from './deliveries-action.ts';
import { detailOf, summaryOf } from './delivery-view.ts';
import { createDiscard } from './discard.ts';
import type { Looked } from './explain-event.ts';
import type { Answered, DeliveryOperations, Refusal } from './operations.ts';
import { createPreviews } from './preview.ts';
import { createRetry } from './retry.ts';
import type { DeliveryFilter } from './shapes/query.ts';
import type { DeliveryDetailView, DeliverySummaryView } from './shapes/views.ts';
import { iso, noCursor, notFound, ok, refused } from './text.ts';

export interface DeliveryOptions {
  sql: Sql;
  clock: Clock;
  log: Log;
  /** Those in force. Nothing is sent by them; a template that fails while one draws should count nowhere. */
  destinations: () => ReadonlyMap<string, Pick<Destination, 'type' | 'preview'>>;
  /** `defaults.links` of the rules in force. */
  links: () => Record<string, string>;
  /** How long a delivery is tried, ms. */
  deliveryLifetimeMs: number;
  /** Wakes the outbox, and what tells of failures when their time comes. */
  wake: () => void;
}

export interface RunningDeliveryOperations extends DeliveryOperations {
  /** All of an event or notice, the first first. `event`: where it was read already. */
  ofEvent(seq: number, event?: Looked | null): DeliveryDetailView[];
}

export function createDeliveryOperations(options: DeliveryOptions): RunningDeliveryOperations {
  const { sql, clock, log, destinations, wake } = options;
  const list = createDeliveryList(sql);
  const attempts = createAttemptStore(sql);
  const tally = createTally(sql);
  const { membersOf } = createStoryStore(sql);
  const drawAll = createPreviews(options);
  const actions = { retry: createRetry(options), discard: createDiscard({ sql, tally, destinations }) };
  const bulk = createBulk({ sql, clock, tally, page: list.page, find: list.find, actions });

  const typeOf = ({ destination }: DeliveryRecord) => destinations().get(destination)?.type ?? null;
  const summary = (record: DeliveryRecord) => summaryOf(record, typeOf(record));

  /** `records`: of one event. */
  function details(records: readonly DeliveryRecord[], event: Looked | null = null): DeliveryDetailView[] {
    const drawn = drawAll(records, event);
    return records.map((record, i) => {
      const group = record.notice === null ? null : (record.spec.incident ?? null);
      const members = group === null ? [] : membersOf(group.id);
      return detailOf(record, typeOf(record), { made: attempts.of(record), drawn: drawn[i]!, members });
    });
  }

  function find(id: string): DeliveryRecord | null {
    const key = deliveryKeyOf(id);
    return key && list.find(key);
  }

  /** Does it to one. `said`: to the log. */
  function act(id: string, { judge, apply }: Action, said: string): Answered<DeliverySummaryView> {
    const record = find(id);
    if (record === null) return notFound('delivery', id);
    const verdict = judge(record);
    switch (verdict.kind) {
      case 'refused':
        return refused('conflict', verdict.detail);
      case 'nothing':
        return ok(summary(record));
      case 'do': {
        counted(() => apply(record, clock.now()));
        const { destination, subject, status, reason } = record;
        log.info({ delivery: deliveryId(record), destination, subject, was: status, reason }, said);
        wake();
        return ok(summary(list.find(record) ?? record));
      }
    }
  }

  function counted(work: () => void): void {
    try {
      sql.transaction(() => {
        work();
        tally.write();
      });
    } finally {
      tally.drop();
    }
  }

  return {
    list(filter, { limit, before }) {
      const query = queryOf(filter);
      if ('kind' in query) return query;
      const key = before === null ? null : deliveryKeyOf(before);
      if (before !== null && key === null) return noCursor(before, 'dlv_1M7ZPRB9M00_1');
      const { rows, stoppedAt, isCut } = list.page(query, limit, key);
      return ok({
        deliveries: rows.map(summary),
        next: stoppedAt && deliveryId(stoppedAt),
        searched_to: stoppedAt && isCut ? iso(msOfSeq(stoppedAt.eventSeq)) : null,
      });
    },
    show(id) {
      const record = find(id);
      return record ? ok(details([record])[0]!) : notFound('delivery', id);
    },
    ofEvent: (seq, event) => details(list.ofEvent(seq), event),
    retry: (id) => act(id, actions.retry, 'delivery is sent again: an operator asked for it'),
    discard: (id) => act(id, actions.discard, 'delivery was discarded by an operator'),
    bulk(action, filter, step) {
      const query = queryOf(filter);
      if ('kind' in query) return query;
      const answer = bulk(action, query, step);
      if (answer.kind === 'ok' && !step.dryRun && answer.value.done > 0) {
        const { matched, done } = answer.value;
        log.info({ action, filter, matched, done }, 'an operator did this to many deliveries');
        wake();
      }
      return answer;
    },
  };
}

function queryOf({ event, ...filter }: DeliveryFilter): DeliveryQuery | Refusal {
  const seq = event === null ? null : eventSeq(`evt_${event.slice(4).toUpperCase()}`);
  if (event === null || (seq !== null && /^evt_/i.test(event))) return { ...filter, event: seq };
  return refused('invalid', 'event: this is no id of an event; give one such as evt_1M7ZPRB9M00', 'event');
}
