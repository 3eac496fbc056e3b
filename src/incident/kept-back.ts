/** Alerts that a silence caught on their way out: told when it ends, if the subject still fails then. */
import type { Alert, AlertStore } from '../store/alerts.ts';
import type { DecisionStore } from '../store/decisions.ts';
import type { Delivery } from '../store/deliveries.ts';
import type { IncidentStore } from '../store/incidents.ts';
import type { Send } from '../rules/rule.ts';
import type { Groups } from './groups.ts';
import type { Silencing } from './policy.ts';
import { silencedBy } from './words.ts';

export interface KeptBackOptions {
  alerts: AlertStore;
  decisions: DecisionStore;
  incidents: IncidentStore;
  groups: Pick<Groups, 'takeBack'>;
  /** The destination gets events, not alerts. */
  forwards: (destination: string) => boolean;
}

/** Inside the transaction that records the delivery as suppressed. The timekeeper has to be woken after it. */
export function createKeptBack({ alerts, decisions, incidents, groups, forwards }: KeptBackOptions) {
  return function keptBack(delivery: Delivery, silence: Silencing, now: number): void {
    const { eventSeq, subject, spec, notice } = delivery;
    if (spec.rule === null || notice !== null) return;
    const incident = spec.incident?.id ?? spec.during ?? null;
    const stillFails = incident !== null && incidents.subject(subject)?.incident === incident;
    for (const rule of [spec.rule, ...spec.merged]) {
      decisions.put(eventSeq, silencedBy(silence, rule));
      if (!stillFails) continue;
      const found = alerts.find(subject, rule);
      const alert = found?.incident === incident ? untold(found, delivery) : unfollowed(delivery, rule, incident, now);
      // What is held is told when its hold is over.
      if (alert.phase !== 'held')
        alerts.put({ ...alert, phase: 'silenced', dueAt: silence.untilMs, armedAt: now, editAt: null, silence: silence.name });
    }
  };

  /** Whoever was to hear of it first has not heard of it. */
  function untold(alert: Alert, delivery: Delivery): Alert {
    const { spec, toldHere, toldAt } = alert;
    const { destination } = delivery;
    const wasFirst = delivery.spec.incident?.act === 'open';
    const taken = groups.takeBack(alert.subject, alert.rule);
    const known = spec.policy !== null && spec.send.some(({ to }) => to === destination);
    const send = known ? spec.send : withSend(spec.send, sendOf(delivery));
    const told = taken.send.reduce(withSend, [...(spec.told ?? [])]).filter(({ to }) => !wasFirst || to !== destination);
    const anybody = toldHere && told.some(({ to }) => !forwards(to));
    const { kept, ...rest } = spec;
    const keptBefore = alert.phase === 'silenced' ? kept : undefined;
    // A failure that came after it is news to all.
    const isNews = keptBefore === undefined && (alert.untold > 0 || taken.failedAgain);
    return {
      ...alert,
      // A rule that sends each event has not noted those since.
      eventSeq: Math.max(alert.eventSeq, delivery.eventSeq),
      untold: Math.max(1, alert.untold, wasFirst ? taken.failures : 0),
      toldHere: anybody,
      toldAt: anybody ? toldAt : null,
      spec: { ...rest, send, told, ...(isNews ? {} : { kept: [...(keptBefore ?? []), destination] }) },
    };
  }

  /** A rule that sends each event has nothing to remember, until a silence makes it. */
  function unfollowed(delivery: Delivery, rule: string, incident: number, now: number): Alert {
    const { severity, owners = [] } = delivery.spec;
    return {
      subject: delivery.subject,
      rule,
      incident,
      phase: 'silenced',
      dueAt: null,
      armedAt: now,
      editAt: null,
      editedAt: null,
      toldAt: null,
      toldHere: false,
      untold: 1,
      eventSeq: delivery.eventSeq,
      silence: null,
      spec: {
        policy: null,
        send: [sendOf(delivery)],
        usual: severity,
        owners,
        groupKey: null,
        told: [],
        kept: [delivery.destination],
      },
    };
  }
}

function sendOf({ destination, spec: { severity, change, broadcast = false, message } }: Delivery): Send {
  return { to: destination, severity, change, broadcast, message };
}

function withSend(sends: readonly Send[], send: Send): Send[] {
  return [...sends.filter(({ to }) => to !== send.to), send];
}
