/**
 * Incidents: which subjects are broken, and what each rule says about them, and when. Everything here runs inside the
 * caller's transaction: the ledger's for what events do, the timekeeper's for what time does.
 */
import { excerptOf } from '../destination/alert-excerpt.ts';
import { oneLine, truncate } from '../destination/text.ts';
import type { NarrativeEvent } from '../event/event.ts';
import { mergeSends } from '../rules/planner.ts';
import type { RuleSummary, Send } from '../rules/rule.ts';
import { createAlertStore, type Alert, type AlertSpec } from '../store/alerts.ts';
import { createDecisionStore, type Decision } from '../store/decisions.ts';
import { createDeliveryStore } from '../store/deliveries.ts';
import { createEventStore } from '../store/events.ts';
import { createIncidentStore } from '../store/incidents.ts';
import type { Sql } from '../ports.ts';
import type { Silences } from './covering.ts';
import type { Dispatch } from './dispatch.ts';
import { createDueAlerts } from './due-alerts.ts';
import { groupKeyOf, type Groups } from './groups.ts';
import { createKeptBack } from './kept-back.ts';
import { conclude, nothing, putDown, type Outbound } from './outbound.ts';
import { isOldNews, mends, onFailure, type Silencing } from './policy.ts';
import { createAside, replayPolicy, watchingRules } from './replaying.ts';
import type { Taken } from './taken.ts';
import { createTelling, type DestinationTraits } from './telling.ts';
import { clockText } from './words.ts';

export interface IncidentOptions {
  sql: Sql;
  dispatch: Dispatch;
  groups: Groups;
  silences: Silences;
  traitsOf: (destination: string) => DestinationTraits;
  /** Where a rule in force sends to; null when it is gone. */
  sendOf: (rule: string) => readonly Send[] | null;
  /** Whether the rules have a destination. */
  isKnown: (destination: string) => boolean;
}

/** What became of an event, for the ledger's answer and the event's row. */
export interface Admission {
  /** Planned now; more may follow when their time comes. */
  deliveries: number;
  outcome: 'routed' | 'unrouted' | 'suppressed';
  /** Why nothing is sent now; null when something is, or no rule wanted to. */
  reason: string | null;
  decisions: readonly Decision[];
  /** There is something new in the outbox, be it about this event or because of it. */
  toSend: boolean;
  /** Something is to be done at a time. */
  timed: boolean;
}

/** When a subject completed after what failed, Narrative's time, µs. */
interface Mended {
  subject: string;
  completedUs: number;
}

/** Characters of a failure that are kept for the line "first failure". */
const maxSaid = 200;
/** Of a rule without a policy, where a silence makes it one. */
const plainPolicy = { holdMs: null, repeatMs: null };

export function createIncidents({ sql, dispatch, groups, silences, traitsOf, sendOf, isKnown }: IncidentOptions) {
  const alerts = createAlertStore(sql);
  const decisions = createDecisionStore(sql);
  const events = createEventStore(sql);
  const incidents = createIncidentStore(sql);

  const telling = createTelling({ alerts, groups, traitsOf });
  const aside = createAside(alerts, telling);

  function admit(taken: Taken): Admission {
    const { seq, narrative, plan, receivedAt: now, replay } = taken;
    const silence = plan.matched.length === 0 ? null : silences.covering(taken, now);
    const outbound = nothing();
    if (replay && !replay.narrowed) outbound.decisions.push(...watchingRules(plan));
    const rules =
      narrative.kind === 'relay'
        ? plan.matched.map((rule) => telling.keptFromItself(rule, narrative.relay.about, outbound))
        : plan.matched;
    return flush(seq, outbound, follow(taken, rules, silence, outbound), taken);
  }

  /** Does what the rules want. Returns the incident that this event is part of; null when it is part of none. */
  function follow(taken: Taken, rules: readonly RuleSummary[], silence: Silencing | null, outbound: Outbound): number | null {
    if (taken.plan.part === 'opens') return failed(taken, rules, silence, outbound);
    // Those who hear of an end are not to be chosen.
    const incident = taken.plan.part === 'closes' && !taken.replay?.narrowed ? completed(taken, outbound) : null;
    for (const rule of rules) telling.sendEach(rule, silence, outbound);
    return incident;
  }

  function failed(taken: Taken, rules: readonly RuleSummary[], silence: Silencing | null, outbound: Outbound): number | null {
    const { seq, narrative, plan, happenedUs, receivedAt: now, replay } = taken;
    const mendedAs = replay ? mendedUnderOther(plan.subject, replay.knownAs, happenedUs) : null;
    if (mendedAs !== null) return oldNews(taken, rules, silence, mendedAs, outbound);
    const state = incidents.note(plan.subject, 'failed', happenedUs, now);
    if (isOldNews(state, happenedUs)) return oldNews(taken, rules, silence, { ...state, subject: plan.subject }, outbound);
    const at = Math.floor(happenedUs / 1000);
    const said = saidBy(narrative);
    const incident = state.incident ?? seq;
    if (state.incident === null) {
      incidents.open({ id: seq, kind: 'subject', subject: plan.subject, at, failures: 1, said });
      incidents.setOpen(plan.subject, seq);
    } else if (!replay || replay.isNew) incidents.again(state.incident, at, said);
    for (const rule of rules) {
      const silenced = telling.hasAlerts(rule.send) ? silence : null;
      if (rule.incident !== null || silenced !== null) failedFor(rule, incident, taken, silenced, outbound);
      else {
        outbound.sending.push({ rule, act: null });
        if (incident !== seq && !replay) superseded(plan.subject, rule.name);
      }
    }
    return incident;
  }

  /** Under which of its earlier names the subject completed after a time; null: under none that is not today's. */
  function mendedUnderOther(today: string, names: readonly string[], happenedUs: number): Mended | null {
    for (const subject of names) {
      const state = subject === today ? null : incidents.subject(subject);
      if (state !== null && isOldNews(state, happenedUs)) return { subject, completedUs: state.completedUs };
    }
    return null;
  }

  /** The subject has completed since: nothing is opened, and no rule that goes by incidents tells of it. */
  function oldNews(
    { replay }: Taken,
    rules: readonly RuleSummary[],
    silence: Silencing | null,
    { subject, completedUs }: Mended,
    outbound: Outbound,
  ): null {
    const detail = `late: ${subject} had completed at ${clockText(completedUs / 1000)}, after this failure`;
    for (const rule of rules) {
      // Whoever named destinations wants it there; of what just came, a rule that tells each event tells this one too.
      if (replay?.narrowed || (!replay && !rule.incident)) telling.sendEach(rule, silence, outbound);
      else if (rule.incident) outbound.decisions.push({ rule: rule.name, kind: 'late', until: null, detail });
      else telling.forwardOnly(rule, { kind: 'late', detail }, outbound);
    }
    return null;
  }

  /** This failure is sent for itself: what the rule still had to say about those before is said with it. */
  function superseded(subject: string, rule: string): void {
    const found = alerts.find(subject, rule);
    if (found === null || (found.phase === 'told' && found.dueAt === null)) return;
    if (found.phase === 'held') counted(found);
    alerts.put({ ...found, phase: 'told', dueAt: null, editAt: null, untold: 0, silence: null });
  }

  function failedFor(rule: RuleSummary, incident: number, taken: Taken, silence: Silencing | null, outbound: Outbound): void {
    const { seq, plan, receivedAt: now, replay } = taken;
    const policy = replay && rule.incident ? replayPolicy(rule.incident, replay, now) : rule.incident;
    const found = alerts.find(plan.subject, rule.name);
    const verdict = onFailure(policy ?? plainPolicy, found, incident, silence, now);
    const sameIncident = found?.incident === incident;
    const isKnown = replay && !replay.isNew && sameIncident;
    if (replay?.narrowed || (isKnown && verdict.kind !== 'tell')) {
      return aside({ rule, incident, verdict, found, silence }, taken, outbound);
    }
    if (sameIncident && found.phase === 'held') counted(found);
    const spec: AlertSpec = {
      policy,
      send: rule.send,
      usual: plan.usual,
      owners: plan.owners,
      groupKey: policy?.group ? groupKeyOf(policy.group, taken) : null,
      told: sameIncident ? (found.spec.told ?? []) : [],
    };
    const alert: Alert = {
      subject: plan.subject,
      rule: rule.name,
      incident,
      phase: sameIncident ? found.phase : 'told',
      dueAt: sameIncident ? found.dueAt : null,
      armedAt: sameIncident ? found.armedAt : now,
      editAt: sameIncident ? found.editAt : null,
      editedAt: sameIncident ? found.editedAt : null,
      toldAt: found?.toldAt ?? null,
      toldHere: sameIncident && found.toldHere,
      untold: (sameIncident ? found.untold : 0) + (isKnown ? 0 : 1),
      eventSeq: seq,
      silence: null,
      spec,
    };
    telling.pronounce(alert, verdict, now, outbound);
  }

  /** Ends what the subject's incident was. Returns which; null when there was none, or this came before its last failure. */
  function completed({ seq, plan, happenedUs, receivedAt: now }: Taken, outbound: Outbound): number | null {
    const state = incidents.note(plan.subject, 'completed', happenedUs, now);
    if (state.incident === null || !mends(state, happenedUs)) return null;
    end(plan.subject, state.incident, Math.floor(happenedUs / 1000), seq, now, outbound);
    return state.incident;
  }

  function end(subject: string, incident: number, atMs: number, seq: number, now: number, outbound: Outbound): void {
    incidents.end(incident, atMs, seq);
    incidents.setOpen(subject, null);
    for (const alert of alerts.of(subject)) {
      const { phase, untold, toldAt, rule, spec } = alert;
      if (phase !== 'told' && untold > 0) cancelled(alert, atMs);
      outbound.sending.push(telling.endFor(alert));
      // Without `recover` nobody heard that it is over, so the time for the next reminder runs on.
      const runsOn = toldAt !== null && spec.policy !== null && !spec.policy.recover && spec.policy.repeatMs !== null;
      const rest: AlertSpec = { ...spec, told: [] };
      if (runsOn)
        alerts.put({ ...alert, phase: 'told', dueAt: null, editAt: null, toldHere: false, untold: 0, silence: null, spec: rest });
      else alerts.remove(subject, rule);
    }
    const grouped = groups.ended(subject, atMs, now, outbound.sending);
    outbound.sending.push(...grouped.sending);
    outbound.toSend ||= grouped.toSend;
    outbound.timed ||= grouped.timed;
  }

  /** It was to be told, and is over before it was. */
  function cancelled({ eventSeq, rule, subject, phase }: Alert, atMs: number): void {
    const why = phase === 'held' ? 'before its hold was over' : 'before its silence ended';
    const detail = `cancelled: ${subject} completed at ${clockText(atMs)}, ${why}`;
    conclude({ decisions, events }, eventSeq, { rule, kind: 'cancelled', until: null, detail });
  }

  /** A failure that was to be told, and that a later one stands for now. */
  function counted({ eventSeq, rule }: Alert): void {
    const detail = 'repeat: counted with a later failure, before this one was told';
    conclude({ decisions, events }, eventSeq, { rule, kind: 'repeat', until: null, detail });
  }

  /** Puts down what was collected for an event that is being taken. */
  function flush(seq: number, outbound: Outbound, incident: number | null, { plan, receivedAt: now, replay }: Taken): Admission {
    const { subject, owners, usual, deliveries } = plan;
    // Usually all of it, as it was planned.
    const asPlanned =
      outbound.sending.length === plan.matched.length &&
      outbound.sending.every(({ rule, act }, i) => act === null && rule === plan.matched[i]);
    const planned = asPlanned ? deliveries : mergeSends(outbound.sending, usual);
    dispatch.aboutEvent(seq, { subject, planned, owners, incident }, now, true);
    putDown(outbound, { eventSeq: seq, subject, owners, usual, incident }, planned, { dispatch, decisions }, now);
    const waits =
      (!replay && plan.timed.some(({ name }) => plan.rules.includes(name))) ||
      outbound.decisions.some(({ kind }) => kind === 'held' || kind === 'grouped');
    const reason =
      planned.length > 0 || outbound.decisions.length === 0 ? null : outbound.decisions.map(({ detail }) => detail).join('; ');
    const outcome = planned.length > 0 || waits ? 'routed' : reason === null ? 'unrouted' : 'suppressed';
    return {
      deliveries: planned.length,
      outcome,
      reason,
      decisions: outbound.decisions,
      toSend: planned.length > 0 || outbound.toSend,
      timed: outbound.timed,
    };
  }

  return {
    admit,
    duty: createDueAlerts({
      alerts,
      deliveries: createDeliveryStore(sql),
      decisions,
      events,
      incidents,
      dispatch,
      silences,
      telling,
      sendOf,
      isKnown,
    }),
    /** A delivery was kept back by a silence that came after it was planned: told when that ends, if it still fails. */
    silenced: createKeptBack({ alerts, decisions, incidents, groups, forwards: (to) => traitsOf(to).forwards }),
    /** Silences were made, changed or lifted: looks at what they kept back. */
    silencesChanged: alerts.reviewSilenced,
    countOpen: incidents.countOpen,
  };
}

export type Incidents = ReturnType<typeof createIncidents>;

/** One line of what a failure says; null where it says nothing. */
function saidBy(narrative: NarrativeEvent): string | null {
  if (narrative.kind === 'relay') return truncate(oneLine(narrative.relay.detail), maxSaid);
  const line = excerptOf(narrative)?.trim().split('\n', 1)[0];
  return line === undefined || line === '' ? null : truncate(oneLine(line), maxSaid);
}
