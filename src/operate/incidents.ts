/** What is broken, what was, and what is known of it. */
import { asSpelled, deliveryId, eventId, incidentId, incidentSeq, msOfSeq } from '../event/id.ts';
import type { Silences } from '../incident/covering.ts';
import { standing } from '../incident/forecast.ts';
import type { Clock, Sql } from '../ports.ts';
import type { Routable } from '../rules/plan.ts';
import { createEventList, type EventRow } from '../store/event-list.ts';
import { createEventStore } from '../store/events.ts';
import { createGroupStore } from '../store/groups.ts';
import { createIncidentList, type ListedIncident } from '../store/incident-list.ts';
import { createLateStore } from '../store/late.ts';
import { routableOf } from '../store/stored-event.ts';
import { eventSummaryOf, matchOfTheLike } from './event-view.ts';
import { noEventConditions } from '../store/event-conditions.ts';
import type { Operations } from './operations.ts';
import type { IncidentDetailView, IncidentView } from './shapes/views.ts';
import { iso, isoOrNull, noCursor, notFound, ok } from './text.ts';

/** Events of its subject that are shown with an incident. */
const maxEvents = 20;
/** Subjects of late jobs. */
const latePrefix = 'late/';

export interface IncidentOperationsOptions {
  sql: Sql;
  clock: Clock;
  silences: Silences;
}

export type IncidentOperations = Operations['incidents'] & {
  /** An incident as it is shown, by its number; null for none. */
  ofNumber(id: number): IncidentView | null;
};

export function createIncidentOperations({ sql, clock, silences }: IncidentOperationsOptions): IncidentOperations {
  const incidents = createIncidentList(sql);
  const events = createEventList(sql);
  const stored = createEventStore(sql);
  const late = createLateStore(sql);
  const groups = createGroupStore(sql);

  function viewOf(incident: ListedIncident, now: number, last = lastEventOf(incident)): IncidentView {
    const like = last === null ? null : events.find(last);
    const { id, kind, subject, openedAt, lastAt, endedAt, failures, firstSaid, lastSaid, openedBy, endedBy } = incident;
    return {
      id: incidentId(id),
      kind,
      subject,
      status: endedAt === null ? 'open' : 'ended',
      opened_at: iso(openedAt),
      last_at: iso(lastAt),
      ended_at: isoOrNull(endedAt),
      failures,
      first_said: firstSaid,
      last_said: lastSaid,
      opened_by: openedBy === null ? null : eventId(openedBy),
      ended_by: endedBy === null ? null : eventId(endedBy),
      silenced_by: endedAt === null ? silencedBy(last, now) : null,
      job_type: like?.jobType ?? null,
      match: like && matchOfTheLike(like),
    };
  }

  function detailOf(incident: ListedIncident, now: number): IncidentDetailView {
    const stands = standing(sql, incident.subject, now);
    const last = lastEventOf(incident);
    return {
      ...viewOf(incident, now, last),
      // What is said of one that came after it is not said of this one.
      rules: stands.incident?.id === incident.id ? stands.rules : [],
      told_in: toldIn(incident),
      events: eventsOf(incident, last).map(eventSummaryOf),
    };
  }

  /** The event that its next failure would be like, while it is there; null for what has no one event. */
  function lastEventOf({ id, kind, subject, openedBy }: ListedIncident): number | null {
    switch (kind) {
      case 'subject': {
        const last = incidents.lastFailure(subject, id);
        return last !== null && events.exists(last) ? last : openedBy;
      }
      case 'late': {
        const last = late.ofIncident(id)?.eventSeq ?? null;
        return last !== null && events.exists(last) ? last : null;
      }
      case 'group':
      case 'expect':
        return null;
    }
  }

  /** `seq`: the event that its next failure would be like. */
  function silencedBy(seq: number | null, now: number): string | null {
    return seq === null ? null : (silences.covering(readWhenAsked(seq), now)?.name ?? null);
  }

  /** The body is read only if a silence is in force. */
  function readWhenAsked(seq: number): Routable {
    let read: Routable | null = null;
    const routable = () => (read ??= routableOf(stored.bySeq(seq)!));
    return {
      get subscription() {
        return routable().subscription;
      },
      get reconciled() {
        return routable().reconciled ?? false;
      },
      get narrative() {
        return routable().narrative;
      },
    };
  }

  /** Its first delivery: the others say the same elsewhere. */
  function toldIn({ id, kind }: ListedIncident): string | null {
    const notice = kind === 'group' ? (groups.find(id)?.notice ?? null) : null;
    return notice === null ? null : deliveryId({ eventSeq: notice, n: 1 });
  }

  /** The latest first. Those that the incident itself knows are there however far back they are. */
  function eventsOf(incident: ListedIncident, last: number | null): EventRow[] {
    const { id, openedBy, endedBy } = incident;
    const found = searched(incident).map(({ seq }) => seq);
    const known = [openedBy, endedBy, last].filter((seq) => seq !== null);
    const members = incident.kind === 'group' ? incidents.memberEvents(id, maxEvents) : [];
    const wanted = [...new Set([...found, ...known, ...members])].toSorted((a, b) => b - a);
    return events.rows(wanted.slice(0, maxEvents));
  }

  /** From its end, or now, back to its beginning; as far as one request may look. */
  function searched({ id, kind, subject, openedAt, endedBy }: ListedIncident): EventRow[] {
    const page = { below: endedBy === null ? null : endedBy + 1, limit: maxEvents };
    switch (kind) {
      case 'subject':
        return events.page({ ...noEventConditions, subject, fromMs: msOfSeq(id) }, page).rows;
      case 'late':
        return events.page({ ...noEventConditions, job: subject.slice(latePrefix.length), fromMs: openedAt }, page).rows;
      case 'group':
      case 'expect':
        return [];
    }
  }

  return {
    list(filter, { limit, before }) {
      const below = before === null ? null : incidentSeq(asSpelled(before));
      if (before !== null && below === null) return noCursor(before, incidentId(0));
      const { rows, next } = incidents.page(filter, { below, limit });
      const now = clock.now();
      return ok({ incidents: rows.map((row) => viewOf(row, now)), next: next === null ? null : incidentId(next) });
    },
    show(id) {
      const seq = incidentSeq(asSpelled(id));
      const incident = seq === null ? null : incidents.find(seq);
      return incident === null ? notFound('incident', id) : ok(detailOf(incident, clock.now()));
    },
    ofNumber(id) {
      const incident = incidents.find(id);
      return incident && viewOf(incident, clock.now());
    },
  };
}
