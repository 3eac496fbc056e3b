/** Alerts whose time has come: a hold or a silence is over, a reminder is due, a message is to be brought up to date. */
import { mergeSends } from '../rules/planner.ts';
import type { Send } from '../rules/rule.ts';
import type { Alert, AlertStore } from '../store/alerts.ts';
import type { DecisionStore } from '../store/decisions.ts';
import type { DeliveryStore } from '../store/deliveries.ts';
import type { EventStore } from '../store/events.ts';
import type { IncidentStore } from '../store/incidents.ts';
import { routableOf } from '../store/stored-event.ts';
import type { Dispatch } from './dispatch.ts';
import type { Duty } from './duty.ts';
import type { Silences } from './covering.ts';
import { nothing, putDown } from './outbound.ts';
import { onDue } from './policy.ts';
import type { Telling } from './telling.ts';

/** Alerts looked at in one transaction. */
const batch = 200;

export interface DueAlertsOptions {
  alerts: AlertStore;
  deliveries: DeliveryStore;
  decisions: DecisionStore;
  events: EventStore;
  incidents: IncidentStore;
  dispatch: Dispatch;
  silences: Silences;
  telling: Telling;
  /** Where a rule in force sends to; null when it is gone. */
  sendOf: (rule: string) => readonly Send[] | null;
  isKnown: (destination: string) => boolean;
}

export function createDueAlerts({
  alerts,
  deliveries,
  decisions,
  events,
  incidents,
  dispatch,
  silences,
  telling,
  sendOf,
  isKnown,
}: DueAlertsOptions): Duty {
  /** Alerts whose time has come. */
  function runDue(now: number): void {
    const due = alerts.due(now, batch);
    for (const together of byFailure(due)) dueTogether(together, now);
    for (const together of byFailure(alerts.dueEdits(now, batch))) edit(together, now);
  }

  /** Alerts about one failure: rules that send to one destination share a delivery, as if they had been told at once. */
  function dueTogether(due: readonly Alert[], now: number): void {
    const { subject, eventSeq, incident, spec } = due[0]!;
    const event = events.bySeq(eventSeq);
    const open = incidents.find(incident)?.endedAt === null;
    const silence = event === null ? null : silences.covering(routableOf(event), now);
    const outbound = nothing();
    for (const alert of due.map(readdressed)) {
      if (!open || event === null || alert.untold === 0) alerts.put({ ...alert, dueAt: null });
      else telling.pronounce(alert, onDue(alert, telling.hasAlerts(alert.spec.send) ? silence : null), now, outbound);
    }
    for (const { rule } of due) decisions.remove(eventSeq, rule);
    const planned = mergeSends(outbound.sending, spec.usual);
    dispatch.aboutEvent(eventSeq, { subject, planned, owners: spec.owners, incident }, now);
    putDown(outbound, { ...spec, eventSeq, subject, incident }, planned, { dispatch, decisions }, now);
    if (planned.length > 0 || outbound.decisions.some(({ kind }) => kind === 'grouped')) events.markRouted(eventSeq);
  }

  /** A destination that was renamed, or left the rule, since: what is told now goes where the rule sends now. */
  function readdressed(alert: Alert): Alert {
    if (alert.spec.send.every(({ to }) => isKnown(to))) return alert;
    const send = sendOf(alert.rule);
    return send === null ? alert : { ...alert, spec: { ...alert.spec, send } };
  }

  /** Brings the messages that stand up to date, quietly. */
  function edit(together: readonly Alert[], now: number): void {
    const { subject, eventSeq, incident, spec } = together[0]!;
    for (const alert of together) alerts.put({ ...alert, editAt: null, editedAt: now });
    const planned = mergeSends(together.map(telling.countFor), spec.usual).filter(
      // One that waits says what is so when it is sent.
      ({ destination }) => !deliveries.quietWaits(destination, subject),
    );
    if (events.bySeq(eventSeq) !== null) dispatch.aboutEvent(eventSeq, { subject, planned, owners: spec.owners, incident }, now);
  }

  return { name: 'incidents', run: runDue, nextAt: alerts.nextAt, rearm: alerts.rearm };
}

/** Alerts about one and the same failure, together. */
function byFailure(alerts: readonly Alert[]): Iterable<Alert[]> {
  return Map.groupBy(alerts, ({ subject, eventSeq }) => `${eventSeq} ${subject}`).values();
}
