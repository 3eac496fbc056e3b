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
/** No step begins another one after this time, ms: to find out who has heard of an incident takes a few. Whoever asks goes on. */
const stepMs = 50;

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
    const { rows, stoppedAt } = page({ ...query, statuses }, stepSize, key, orders[name]);
    const step: Running = {
      action: actions[name],
      begunAt,
      until: clock.now() + stepMs,
      matched: 0,
      done: 0,
      skipped: new Map(),
    };
    for (let i = 0; i < rows.length && step.matched === i; i += batch) {
      const some = rows.slice(i, i + batch);
      if (dryRun) each(some, step, (row) => isToDo(step, row));
      else perform(some, step);
    }
    const { matched, done, skipped } = step;
    const last = matched < rows.length ? rows[matched - 1]! : stoppedAt;
    const next = last === null ? null : `${deliveryId(last)}.${begunAt}`;
    return ok({ action: name, dry_run: dryRun, matched, done, skipped: [...skipped.values()], next });
  };

  /** Looks at one after the other, and at one at least in each step, until there are no more or the time is over. */
  function each(rows: readonly DeliveryRecord[], step: Running, isDone: (row: DeliveryRecord) => boolean): void {
    for (const row of rows) {
      if (step.matched > 0 && clock.now() >= step.until) return;
      step.matched++;
      // What is planned meanwhile may be about an old event, and so lie ahead.
      if (row.createdAt > step.begunAt) skip(row, 'it was made after this began', step.skipped);
      else if (isDone(row)) step.done++;
    }
  }

  function perform(rows: readonly DeliveryRecord[], step: Running): void {
    try {
      sql.transaction(() => {
        const now = clock.now();
        each(rows, step, (row) => {
          // One may have changed with another: the end of one calls the next of its lane.
          const current = find(row);
          if (current === null || !isToDo(step, current)) return false;
          step.action.apply(current, now);
          return true;
        });
        tally.write();
      });
    } finally {
      tally.drop();
    }
  }
}

/** A step that is under way, and what it has come to. */
interface Running {
  action: Action;
  /** Epoch ms: the first step; when this one is to end. */
  begunAt: number;
  until: number;
  /** Looked at so far. */
  matched: number;
  done: number;
  skipped: Skipped;
}

type Skipped = Map<string, { reason: string; count: number; example: string }>;

function isToDo({ action, skipped }: Running, record: DeliveryRecord): boolean {
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
