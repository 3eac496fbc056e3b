/**
 * The same done to all deliveries that a filter finds, step by step: so that no step holds up intake, and whoever asks can show how far
 * it is.
 */
import { deliveryId, deliveryKeyOf } from '../event/id.ts';
import type { Clock, Sql } from '../ports.ts';
import type { DeliveryKey } from '../store/deliveries.ts';
import type { DeliveryQuery, DeliveryStatus } from '../store/delivery-conditions.ts';
import type { DeliveryOrder, DeliveryPage, DeliveryRecord } from '../store/delivery-list.ts';
import type { Tally } from '../store/hourly.ts';
import type { Action } from './deliveries-action.ts';
import type { Answered } from './operations.ts';
import type { BulkAnswerView } from './shapes/views.ts';
import { noCursor, ok, refused } from './text.ts';

/** Deliveries of one step, and of one transaction. */
const stepSize = 500;
const batch = 100;

/** What there is to do something to; others are looked at only if they are asked for. */
const open: readonly DeliveryStatus[] = ['queued', 'waiting', 'scheduled', 'dead'];
const usually: Record<BulkAnswerView['action'], readonly DeliveryStatus[]> = { retry: ['scheduled', 'dead'], discard: open };
/** What is retried is sent while later steps are still to come, and those of a lane in their order. An opening is discarded after its end. */
const orders: Record<BulkAnswerView['action'], DeliveryOrder> = { retry: 'oldest-first', discard: 'newest-first' };

export interface BulkOptions {
  sql: Sql;
  clock: Clock;
  tally: Tally;
  page(query: DeliveryQuery, limit: number, after: DeliveryKey | null, order: DeliveryOrder): DeliveryPage;
  /** As it is now. */
  find(key: DeliveryKey): DeliveryRecord | null;
  actions: Record<BulkAnswerView['action'], Action>;
}

export interface BulkStep {
  dryRun: boolean;
  /** The `next` of the step before. */
  before: string | null;
}

export function createBulk({ sql, clock, tally, page, find, actions }: BulkOptions) {
  /** `query.statuses` empty: all that there is something to do for. */
  return function bulk(
    name: BulkAnswerView['action'],
    query: DeliveryQuery,
    { dryRun, before }: BulkStep,
  ): Answered<BulkAnswerView> {
    if (name === 'discard' && isEmpty(query)) {
      const detail = 'status: without any condition this would end all that waits; say which: status=dead, destination=…, rule=…';
      return refused('invalid', detail, 'status');
    }
    const place = before === null ? { key: null, begunAt: clock.now() } : placeOf(before, clock.now());
    if (place === null) return noCursor(before ?? '', 'dlv_1M7ZPRB9M00_1');
    const { key, begunAt } = place;
    const statuses = query.statuses.length === 0 ? usually[name] : query.statuses;
    const { rows: found, stoppedAt } = page({ ...query, statuses }, stepSize, key, orders[name]);
    const skipped: Skipped = new Map();
    // What is planned meanwhile may be about an old event, and so lie ahead.
    const rows = found.filter((row) => row.createdAt <= begunAt || skip(row, 'it was made after this began', skipped));
    let done = 0;
    for (let i = 0; i < rows.length; i += batch) {
      const some = rows.slice(i, i + batch);
      done += dryRun ? some.filter((row) => isToDo(actions[name], row, skipped)).length : perform(actions[name], some, skipped);
    }
    const next = stoppedAt === null ? null : `${deliveryId(stoppedAt)}.${begunAt}`;
    return ok({ action: name, dry_run: dryRun, matched: found.length, done, skipped: [...skipped.values()], next });
  };

  function perform(action: Action, rows: readonly DeliveryRecord[], skipped: Skipped): number {
    try {
      return sql.transaction(() => {
        const now = clock.now();
        // One may have changed with another: the end of one calls the next of its lane.
        const toDo = rows.filter((row) => {
          const current = find(row);
          if (current === null || !isToDo(action, current, skipped)) return false;
          action.apply(current, now);
          return true;
        });
        tally.write();
        return toDo.length;
      });
    } finally {
      tally.drop();
    }
  }
}

type Skipped = Map<string, { reason: string; count: number; example: string }>;

function isToDo(action: Action, record: DeliveryRecord, skipped: Skipped): boolean {
  const verdict = action.judge(record);
  if (verdict.kind === 'do') return true;
  return skip(record, verdict.why, skipped);
}

/** Always false: nothing is done to it. */
function skip(record: DeliveryRecord, reason: string, skipped: Skipped): false {
  const known = skipped.get(reason) ?? { reason, count: 0, example: deliveryId(record) };
  skipped.set(reason, { ...known, count: known.count + 1 });
  return false;
}

function isEmpty({ fromMs, untilMs, statuses, destinations, rules, subject, event, reasons }: DeliveryQuery): boolean {
  const lists = [statuses, destinations, rules, reasons];
  return [fromMs, untilMs, subject, event].every((each) => each === null) && lists.every((each) => each.length === 0);
}

/** `dlv_….1772442725000`: the last one that was looked at, and when the first step began. */
function placeOf(before: string, now: number): { key: DeliveryKey; begunAt: number } | null {
  const [id = '', begunAt, ...rest] = before.split('.');
  const key = deliveryKeyOf(id);
  if (key === null || rest.length > 0 || (begunAt !== undefined && !/^\d{1,15}$/.test(begunAt))) return null;
  return { key, begunAt: begunAt === undefined ? now : Number(begunAt) };
}
