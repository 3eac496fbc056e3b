/** What operators do to deliveries. All functions belong inside the caller's transaction, which has to wake the outbox after it. */
import type { Sql } from '../ports.ts';
import type { DeliveryKey } from './deliveries.ts';
import type { DeliveryStatus } from './delivery-conditions.ts';
import type { DeliveryRecord } from './delivery-list.ts';
import { createGroupStore } from './groups.ts';
import { createIncidentStore } from './incidents.ts';
import { createLanes } from './lanes.ts';

/** Deliveries that are looked at, of the time in which an incident lasted. */
const maxLookedAt = 25_000;

/** Of a delivery about an incident. */
type Place = Pick<DeliveryRecord, 'eventSeq' | 'destination' | 'subject'>;

export function createOperatorDeliveries(sql: Sql) {
  const lanes = createLanes(sql);
  const groups = createGroupStore(sql);
  const incidents = createIncidentStore(sql);

  /** The end of an incident, where it was to be told at a destination and has not been. A group's is in the relay's own words. */
  function unsentEnds(incident: number, destination: string): DeliveryKey[] {
    const toldIn = [incidents.find(incident)?.endedBy, groups.find(incident)?.notice];
    return toldIn.flatMap((eventSeq) =>
      eventSeq === null || eventSeq === undefined
        ? []
        : sql.query<DeliveryKey & Record<string, never>>(
            `SELECT event_seq AS eventSeq, n FROM deliveries WHERE event_seq = ? AND destination = ?
             AND status IN ('queued', 'waiting', 'scheduled', 'dead') AND spec ->> '$.incident.id' = ? AND spec ->> '$.incident.act' = 'recover'`,
            eventSeq,
            destination,
            incident,
          ),
    );
  }

  /**
   * Whether any delivery that tells that an incident began, or goes on, is at the place of a delivery about it: of events up to
   * `until`, and in none of the states given. Null: none was found, and too much was sent in that time to look at all.
   */
  function isTold(place: Place, incident: number, until: number, except: readonly DeliveryStatus[]): boolean | null {
    const from = Math.min(place.eventSeq, incident);
    const between = 'FROM deliveries WHERE event_seq >= ? AND event_seq <= ?';
    const [cut] = sql.query<{ seq: number }>(
      `SELECT event_seq AS seq ${between} ORDER BY event_seq, n LIMIT 1 OFFSET ${maxLookedAt}`,
      from,
      until,
    );
    // What tells of one incident is of one subject: JSON is parsed for few of them.
    const told = sql.query(
      `SELECT 1 ${between} AND destination = ? AND subject = ? AND status NOT IN (SELECT value FROM json_each(?))
         AND spec ->> '$.incident.id' = ? AND spec ->> '$.incident.act' IN ('open', 'remind') LIMIT 1`,
      from,
      cut?.seq ?? until,
      place.destination,
      place.subject,
      JSON.stringify(except),
      incident,
    );
    return told.length > 0 ? true : cut === undefined ? false : null;
  }

  /**
   * Whether anything that tells of an incident has arrived at the destination of a delivery about it by `end`, or still may. Where too
   * much was sent in that time to look at: yes.
   */
  const isHeard = (place: Place, incident: number, end: DeliveryKey): boolean =>
    isTold(place, incident, end.eventSeq, ['dead', 'suppressed']) ?? true;

  /** The same of events up to `until`, where a retry could still tell of it by one that is dead. Null: too much to look at. */
  const canBeHeard = (place: Place, incident: number, until: number): boolean | null =>
    isTold(place, incident, until, ['suppressed']);

  return {
    unsentEnds,
    isHeard,
    canBeHeard,
    /**
     * Puts a dead one back into the queue, where it stands by its number. Attempts go on counting, so that what is left of an old one
     * decides nothing; why it died stays to be seen until its next attempt has ended.
     */
    queueAgain({ eventSeq, n }: DeliveryKey, expiresAt: number): void {
      sql.query(
        `UPDATE deliveries SET status = 'queued', expires_at = ?, due_at = NULL, finished_at = NULL
         WHERE event_seq = ? AND n = ? AND status = 'dead'`,
        expiresAt,
        eventSeq,
        n,
      );
    },
    /** Of one that is scheduled. */
    dueNow({ eventSeq, n }: DeliveryKey, now: number): void {
      sql.query(`UPDATE deliveries SET due_at = ? WHERE event_seq = ? AND n = ? AND status = 'scheduled'`, now, eventSeq, n);
    },
    /** Ends one that is dead, or not being sent. Those behind it in its lane go on. */
    discard({ eventSeq, n, status, destination, subject }: DeliveryRecord, detail: string, now: number): void {
      sql.query(
        `UPDATE deliveries SET status = 'suppressed', reason = 'discarded', detail = ?, finished_at = ?, due_at = NULL
         WHERE event_seq = ? AND n = ?`,
        detail,
        now,
        eventSeq,
        n,
      );
      if (status === 'queued' || status === 'scheduled') lanes.callNext(destination, subject);
    },
  };
}

export type OperatorDeliveries = ReturnType<typeof createOperatorDeliveries>;
