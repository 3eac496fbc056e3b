/**
 * Deliveries in the store. All functions are synchronous and belong inside the caller's transaction.
 *
 * Order: the deliveries for one destination and subject form a lane, and only one of a lane is under way (`scheduled` or
 * `sending`). New ones are `queued` without a look at their lane, since that is what intake pays for; when their turn comes
 * and the lane is taken they step aside (`waiting`), and the end of the one under way calls the first of them back.
 */
import type { IncidentAct, IncidentStatus, Notice, Owner, Part, Severity } from '../destination/destination.ts';
import type { Sql } from '../ports.ts';
import { createBacklog } from './backlog.ts';
import { createTally } from './hourly.ts';
import { createIncidentDeliveries } from './incident-deliveries.ts';
import { createLanes } from './lanes.ts';
import type { Receipt } from './threads.ts';
import type { MessageTemplates } from '../rules/template.ts';

/** What the plan said about a delivery. Kept with it, so that a later change of the rules doesn't rewrite an accepted alert. */
export interface DeliverySpec {
  rule: string | null;
  merged: string[];
  severity: Severity;
  change: boolean;
  message: MessageTemplates | null;
  note: string | null;
  /** These five came with schema version 2; older rows lack them. */
  incident?: { id: number; act: IncidentAct } | null;
  /** The incident that was open, of a message of its own: if a silence keeps that back, it is told while the incident lasts. */
  during?: number;
  owners?: readonly Owner[];
  broadcast?: boolean;
  /** In place of the default title, raw; where the event alone doesn't say what the matter is. */
  title?: string;
  /** Where its content goes if it dies. Kept here too, for the day when the destination is gone from the rules. */
  fallback: string | null;
}

/** What a delivery said when it went out, where the store goes on to know better: of its incident. */
export interface Told {
  incident: IncidentStatus;
  /** Of the message that was edited, or answered; null: there was none. */
  root: Receipt | null;
  /** What got through; nothing, where there was nothing to edit. */
  parts: readonly Part[];
}

/** The n-th delivery of an event. */
export interface DeliveryKey {
  eventSeq: number;
  n: number;
}

export interface NewDelivery extends DeliveryKey {
  destination: string;
  subject: string;
  createdAt: number;
  expiresAt: number;
  spec: DeliverySpec;
  notice?: Notice;
  /** The id of the delivery that died. */
  fallbackOf?: string;
  /** Why it is not sent: it is over before it began, and kept to be seen. */
  suppressedBy?: string;
}

export interface Delivery extends DeliveryKey {
  destination: string;
  subject: string;
  createdAt: number;
  expiresAt: number;
  /** Attempts so far, with the one it is leased for. That one's number is the lease's fencing token. */
  attempt: number;
  /** Epoch ms; null while it is not being sent. */
  leaseUntil: number | null;
  spec: DeliverySpec;
  notice: Notice | null;
}

export interface DeliveryEnd {
  status: 'delivered' | 'dead' | 'suppressed';
  /** Epoch ms. */
  at: number;
  reason: string | null;
  detail: string;
  receipt?: object;
  told?: Told;
}

interface Key {
  event_seq: number;
  n: number;
}

export type DeliveryRow = Omit<Delivery, 'spec' | 'notice'> & { spec: string; notice: string | null };

export const deliveryColumns = `event_seq AS eventSeq, n, destination, subject, created_at AS createdAt, expires_at AS expiresAt,
  attempts AS attempt, lease_until AS leaseUntil, spec, notice`;

export function deliveryOf<Row extends DeliveryRow>({ spec, notice, ...row }: Row): Omit<Row, 'spec' | 'notice'> & Delivery {
  return {
    ...row,
    spec: JSON.parse(spec) as DeliverySpec,
    notice: notice === null ? null : (JSON.parse(notice) as Notice),
  };
}

/** How many of a queue may step aside in one go, so that a long queue behind one slow lane is no long transaction. */
const stepAsideBatch = 100;

export type DeliveryStore = ReturnType<typeof createDeliveryStore>;

export function createDeliveryStore(sql: Sql) {
  const lanes = createLanes(sql);
  const select = (rest: string, ...parameters: (string | number)[]) =>
    sql.query<DeliveryRow>(`SELECT ${deliveryColumns} FROM deliveries ${rest}`, ...parameters).map(deliveryOf);

  /** Adds a delivery at the end of its destination's queue, or as one that is over. */
  function add({
    eventSeq,
    n,
    destination,
    subject,
    createdAt,
    expiresAt,
    spec,
    notice,
    fallbackOf,
    suppressedBy,
  }: NewDelivery): void {
    const isOver = suppressedBy !== undefined;
    sql.query(
      `INSERT INTO deliveries (event_seq, n, destination, subject, status, created_at, expires_at, finished_at, reason, detail, spec,
           notice, fallback_of, quiet) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      eventSeq,
      n,
      destination,
      subject,
      isOver ? 'suppressed' : 'queued',
      createdAt,
      expiresAt,
      isOver ? createdAt : null,
      isOver ? 'silenced' : null,
      suppressedBy ?? null,
      JSON.stringify(spec),
      notice === undefined ? null : JSON.stringify(notice),
      fallbackOf ?? null,
      spec.incident?.act === 'count' ? 1 : 0,
    );
    if (isOver) countSuppressed(sql, createdAt);
  }

  /** The number of an event's next delivery. */
  function nextN(eventSeq: number): number {
    return sql.query<{ n: number }>('SELECT coalesce(max(n), 0) + 1 AS n FROM deliveries WHERE event_seq = ?', eventSeq)[0]!.n;
  }

  /**
   * Leases up to `limit` deliveries of a destination, first those whose time has come, then the queue in its order, and
   * counts each attempt before it is made.
   */
  function lease(destination: string, now: number, leaseUntil: number, limit: number): Delivery[] {
    const scheduled = sql.query<Key>(
      `SELECT event_seq, n FROM deliveries WHERE destination = ? AND status = 'scheduled' AND due_at <= ? ORDER BY due_at LIMIT ?`,
      destination,
      now,
      limit,
    );
    const leased = scheduled.map((key) => leaseOne(key, leaseUntil));
    if (leased.length === limit) return leased;
    const queued = sql.query<Key & { subject: string }>(
      `SELECT event_seq, n, subject FROM deliveries WHERE destination = ? AND status = 'queued' ORDER BY event_seq, n LIMIT ?`,
      destination,
      limit + stepAsideBatch,
    );
    for (const { subject, ...key } of queued) {
      if (leased.length === limit) break;
      if (lanes.isTaken(destination, subject)) lanes.stepAside(key.event_seq, key.n);
      else leased.push(leaseOne(key, leaseUntil));
    }
    return leased;
  }

  function leaseOne({ event_seq, n }: Key, leaseUntil: number): Delivery {
    return deliveryOf(
      sql.query<DeliveryRow>(
        `UPDATE deliveries SET status = 'sending', attempts = attempts + 1, lease_until = ? WHERE event_seq = ? AND n = ?
         RETURNING ${deliveryColumns}`,
        leaseUntil,
        event_seq,
        n,
      )[0]!,
    );
  }

  function extendLease({ eventSeq, n }: DeliveryKey, leaseUntil: number): void {
    sql.query('UPDATE deliveries SET lease_until = ? WHERE event_seq = ? AND n = ?', leaseUntil, eventSeq, n);
  }

  /** True while this attempt still holds the lease: nobody else has leased the delivery since. */
  function holdsLease({ eventSeq, n, attempt }: Delivery): boolean {
    return (
      sql.query(
        `SELECT 1 FROM deliveries WHERE event_seq = ? AND n = ? AND attempts = ? AND status = 'sending'`,
        eventSeq,
        n,
        attempt,
      ).length === 1
    );
  }

  function reschedule({ eventSeq, n }: DeliveryKey, dueAt: number, reason: string, detail: string): void {
    sql.query(
      `UPDATE deliveries SET status = 'scheduled', lease_until = NULL, due_at = ?, reason = ?, detail = ? WHERE event_seq = ? AND n = ?`,
      dueAt,
      reason,
      detail,
      eventSeq,
      n,
    );
  }

  /** Ends a delivery and lets the next one of its lane go. */
  function finish({ eventSeq, n, destination, subject }: Delivery, end: DeliveryEnd): void {
    sql.query(
      `UPDATE deliveries SET status = ?, lease_until = NULL, finished_at = ?, reason = ?, detail = ?, receipt = ?, told = ?
       WHERE event_seq = ? AND n = ?`,
      end.status,
      end.at,
      end.reason,
      end.detail,
      end.receipt === undefined ? null : JSON.stringify(end.receipt),
      end.told === undefined ? null : JSON.stringify(end.told),
      eventSeq,
      n,
    );
    lanes.callNext(destination, subject);
  }

  /** Leases that ran out by `now`: their attempts have no known end. */
  const leasesExpiredBy = (now: number) => select(`WHERE status = 'sending' AND lease_until <= ?`, now);

  /**
   * Deliveries of a destination that are past their last useful moment and not being sent: of the scheduled all, of the
   * queue its oldest. Waiting ones are looked at when their turn has come. What was never tried counts only where it can't
   * be tried (`parked`): a relay that was down for a day still has one attempt for each alert.
   */
  const overdueOf = (destination: string, now: number, limit: number, parked: boolean) =>
    sql
      .query<DeliveryRow>(
        `SELECT ${deliveryColumns} FROM (SELECT * FROM deliveries WHERE destination = ? AND status = 'queued' ORDER BY event_seq, n LIMIT ?)
           WHERE expires_at <= ? AND (attempts > 0 OR ?)
         UNION ALL SELECT ${deliveryColumns} FROM deliveries WHERE destination = ? AND status = 'scheduled' AND expires_at <= ?`,
        destination,
        limit,
        now,
        parked ? 1 : 0,
        destination,
        now,
      )
      .map(deliveryOf);

  /** Some of a destination's deliveries that are not being sent. */
  const unsentOf = (destination: string, limit: number) =>
    ['queued', 'scheduled', 'waiting'].flatMap((status) =>
      select(`WHERE destination = ? AND status = '${status}' LIMIT ?`, destination, limit),
    );

  return {
    add,
    nextN,
    lease,
    extendLease,
    holdsLease,
    reschedule,
    finish,
    ...createIncidentDeliveries(sql),
    leasesExpiredBy,
    overdueOf,
    unsentOf,
    ...createBacklog(sql),
  };
}

/** It ends as it is made, in whoever's transaction that is: so it is counted at once. */
function countSuppressed(sql: Sql, atMs: number): void {
  const tally = createTally(sql);
  tally.delivery('suppressed', atMs);
  tally.write();
}
