/** What a rule says, and to whom: a verdict acted upon, an event for itself, the end of an incident. In the caller's transaction. */
import type { RuleSends } from '../rules/planner.ts';
import type { RuleSummary, Send } from '../rules/rule.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Alert, AlertStore } from '../store/alerts.ts';
import type { Decision } from '../store/decisions.ts';
import type { Groups } from './groups.ts';
import type { Outbound } from './outbound.ts';
import type { Silencing, Verdict } from './policy.ts';
import { clockText, silencedBy } from './words.ts';

/** What a rule has to know of the destinations it sends to. */
export interface DestinationTraits {
  /** It gets events, not alerts (http): never silenced, never folded into a group. */
  forwards: boolean;
  /** It can change what it said before (Slack with a bot token). */
  edits: boolean;
}

export function traitsIn(rules: RuleSet, name: string): DestinationTraits {
  const config = rules.destinations.get(name);
  return { forwards: config?.type === 'http', edits: config?.type === 'slack' && 'channel' in config };
}

/** Shortest time between two quiet edits of one message, ms: a job that fails every second must not use up the channel's pace. */
const editEveryMs = 60_000;

export interface TellingOptions {
  alerts: AlertStore;
  groups: Groups;
  traitsOf: (destination: string) => DestinationTraits;
}

export type Telling = ReturnType<typeof createTelling>;

export function createTelling({ alerts, groups, traitsOf }: TellingOptions) {
  const alertsOnly = (send: readonly Send[]): Send[] => send.filter(({ to }) => !traitsOf(to).forwards);
  const forwardsOnly = (send: readonly Send[]): Send[] => send.filter(({ to }) => traitsOf(to).forwards);
  const hasAlerts = (send: readonly Send[]): boolean => send.some(({ to }) => !traitsOf(to).forwards);

  /** Acts on a verdict, and keeps where the alert stands. */
  function pronounce(alert: Alert, verdict: Verdict, now: number, outbound: Outbound): void {
    const { rule, subject, spec } = alert;
    // What forwards events is no alert: of a failure that was silenced it was served when that came, or when its hold was over.
    const served = alert.phase === 'silenced' && alert.silence !== null;
    switch (verdict.kind) {
      case 'tell': {
        const { kept, ...lasting } = spec;
        const wanted = served && kept ? spec.send.filter(({ to }) => kept.includes(to)) : spec.send;
        const send = served ? alertsOnly(wanted) : wanted;
        // Others may have heard of it; for those who have not it is the first message.
        const heard = !served || !kept || spec.told?.some(({ to }) => kept.includes(to));
        const direct = tell(alert, send, heard ? verdict.act : 'open', now, outbound);
        const told = { ...lasting, told: addTold(spec.told, direct) };
        return alerts.put({
          ...alert,
          phase: 'told',
          dueAt: null,
          editAt: null,
          toldAt: now,
          toldHere: true,
          untold: 0,
          silence: null,
          spec: told,
        });
      }
      case 'hold': {
        const { until } = verdict;
        const armedAt = alert.phase === 'held' && alert.dueAt === until ? alert.armedAt : now;
        alerts.put({ ...alert, phase: 'held', dueAt: until, armedAt });
        outbound.timed = true;
        const detail = `held until ${clockText(until)}, cancelled if ${subject} completes`;
        return void outbound.decisions.push({ rule, kind: 'held', until, detail });
      }
      case 'repeat': {
        const { until } = verdict;
        alerts.put({ ...alert, phase: 'told', dueAt: until, armedAt: now, editAt: nextEdit(alert, now) });
        outbound.timed = true;
        const detail = `repeat: told at ${clockText(alert.toldAt ?? now)}, next reminder at ${clockText(until)} if ${subject} still fails then`;
        return void outbound.decisions.push({ rule, kind: 'repeat', until, detail });
      }
      case 'silence': {
        const { by, until, act } = verdict;
        const forwarded = served ? [] : forwardsOnly(spec.send);
        outbound.sending.push({ rule: { name: rule, send: forwarded }, act });
        if (!served) outbound.suppressed.push({ rule: { name: rule, send: alertsOnly(spec.send) }, act });
        const told = { ...spec, told: addTold(spec.told, forwarded) };
        alerts.put({ ...alert, phase: 'silenced', dueAt: until, armedAt: now, editAt: null, silence: by, spec: told });
        outbound.timed ||= until !== null;
        return void outbound.decisions.push(silencedBy({ name: by, untilMs: until }, rule));
      }
    }
  }

  /** Tells at once, or together with others. Returns the sends that it told at once. */
  function tell(alert: Alert, send: readonly Send[], act: 'open' | 'remind', now: number, outbound: Outbound): readonly Send[] {
    const { rule, subject, eventSeq, incident, spec } = alert;
    const { policy, groupKey } = spec;
    const folded = policy?.group ? alertsOnly(send) : [];
    const direct = folded.length > 0 ? forwardsOnly(send) : send;
    outbound.sending.push({ rule: { name: rule, send: direct }, act });
    if (!policy?.group || folded.length === 0) return direct;
    const member = {
      rule,
      policy,
      group: policy.group,
      key: groupKey ?? '',
      send: folded,
      subject,
      incident,
      eventSeq,
      act,
      usual: spec.usual,
      owners: spec.owners,
      failures: alert.untold,
    };
    const { until, detail } = groups.add(member, now);
    outbound.timed = true;
    outbound.decisions.push({ rule, kind: 'grouped', until, detail });
    return direct;
  }

  /** When the message that stands is brought up to date; null where nothing can be. */
  function nextEdit({ editAt, editedAt, toldAt, toldHere, spec }: Alert, now: number): number | null {
    if (!toldHere || !spec.told?.some(({ to }) => traitsOf(to).edits)) return null;
    return editAt ?? Math.max(now, Math.min(now, editedAt ?? toldAt ?? 0) + editEveryMs);
  }

  /** A rule without incidents: each event for itself. */
  function sendEach(rule: RuleSummary, silence: Silencing | null, outbound: Outbound): void {
    if (silence === null) return void outbound.sending.push({ rule, act: null });
    outbound.sending.push({ rule: { name: rule.name, send: forwardsOnly(rule.send) }, act: null });
    const send = alertsOnly(rule.send);
    if (send.length === 0) return;
    outbound.suppressed.push({ rule: { name: rule.name, send }, act: null });
    outbound.decisions.push(silencedBy(silence, rule.name));
  }

  /** An event that alerts nobody any more, for the reason given; what forwards events gets it as any other. */
  function forwardOnly(rule: RuleSummary, { kind, detail }: Pick<Decision, 'kind' | 'detail'>, outbound: Outbound): void {
    if (!hasAlerts(rule.send)) return void outbound.sending.push({ rule, act: null });
    outbound.sending.push({ rule: { name: rule.name, send: forwardsOnly(rule.send) }, act: null });
    outbound.decisions.push({ rule: rule.name, kind, until: null, detail });
  }

  /** An alert about a destination can't go there, and would come back as the next one. */
  function keptFromItself(rule: RuleSummary, about: string | null, outbound: Outbound): RuleSummary {
    const send = rule.send.filter(({ to }) => to !== about);
    if (send.length === rule.send.length) return rule;
    outbound.decisions.push({ rule: rule.name, kind: 'itself', until: null, detail: `not sent to ${about}, which it is about` });
    return { ...rule, send };
  }

  /** The end of an incident, where a rule told of its beginning by itself. What it told by a group is for the group to end. */
  function endFor({ rule, spec: { told = [], policy } }: Alert): RuleSends {
    const worded = (sends: readonly Send[]) => sends.map((each) => ({ ...each, message: null, severity: 'info' as const }));
    if (policy?.recover) return { rule: { name: rule, send: worded(told) }, act: 'recover' };
    // Not told, but what stands in the channel shall not claim that it still fails.
    return { rule: { name: rule, send: worded(told.filter(({ to }) => traitsOf(to).edits)) }, act: 'count' };
  }

  /** Brings what stands up to date, quietly. */
  function countFor({ rule, spec: { told = [] } }: Alert): RuleSends {
    return { rule: { name: rule, send: told.filter(({ to }) => traitsOf(to).edits) }, act: 'count' };
  }

  return { pronounce, sendEach, forwardOnly, keptFromItself, endFor, countFor, hasAlerts };
}

/** Adds where it is told now. */
export function addTold(told: readonly Send[] = [], send: readonly Send[]): Send[] {
  const again = new Set(send.map(({ to }) => to));
  return [...told.filter(({ to }) => !again.has(to)), ...send];
}
