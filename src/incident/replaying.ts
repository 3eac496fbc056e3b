/**
 * What a replay changes in what rules say: it is told or not as if it had just come, but what has happened once is not counted
 * twice, and nothing that comes later is kept back because of it. In the ledger's transaction.
 */
import type { Plan } from '../rules/plan.ts';
import type { IncidentPolicy, RuleSummary } from '../rules/rule.ts';
import type { Alert, AlertStore } from '../store/alerts.ts';
import type { Decision } from '../store/decisions.ts';
import type { Outbound } from './outbound.ts';
import type { Silencing, Verdict } from './policy.ts';
import type { Replay, Taken } from './taken.ts';
import { addTold, type Telling } from './telling.ts';
import { clockText } from './words.ts';

/** A hold counts from when the failure came, and whoever named destinations does not wait for it. A group is for what comes in a storm. */
export function replayPolicy(policy: IncidentPolicy, { cameAt, narrowed }: Replay, now: number): IncidentPolicy {
  const leftMs = policy.holdMs === null ? 0 : cameAt + policy.holdMs - now;
  return { ...policy, holdMs: leftMs > 0 && !narrowed ? leftMs : null, group: null };
}

/** Rules that watch what comes, and match a replay. */
export function watchingRules({ timed, rules }: Plan): Decision[] {
  const watching = timed.filter(({ name }) => rules.includes(name));
  return watching.map(({ name, trigger: { kind } }) => ({
    rule: name,
    kind: 'replay',
    until: null,
    detail: `replay: a rule with ${kind} watches what comes, and this is a replay`,
  }));
}

/** A failure that is news to nobody, or not to all whom the rule tells. */
export interface Aside {
  rule: RuleSummary;
  incident: number;
  verdict: Verdict;
  /** What the rule has said about the subject; of this incident or the one before. */
  found: Alert | null;
  silence: Silencing | null;
}

/** Does what the verdict says, and leaves the rule's own story about the subject as it was: its counts, its times. */
export function createAside(alerts: AlertStore, telling: Telling) {
  return function aside({ rule, incident, verdict, found, silence }: Aside, { plan, ...taken }: Taken, outbound: Outbound): void {
    const { name, send } = rule;
    const here = found?.incident === incident ? found : null;
    switch (verdict.kind) {
      case 'tell': {
        const told = here?.spec.told ?? [];
        const act = send.every(({ to }) => told.some((each) => each.to === to)) ? 'remind' : 'open';
        outbound.sending.push({ rule, act });
        const alert = here ?? untoldAlert(rule, incident, found, taken.seq, plan, taken.receivedAt);
        // The end of the incident is told there, too.
        return alerts.put({ ...alert, spec: { ...alert.spec, told: addTold(told, send) } });
      }
      case 'hold': {
        const detail = `repeat: what failed is told at ${clockText(verdict.until)} unless ${plan.subject} completes, and not twice`;
        return void outbound.decisions.push({ rule: name, kind: 'repeat', until: verdict.until, detail });
      }
      case 'repeat': {
        const toldAt = found?.toldAt ?? taken.receivedAt;
        const detail = `repeat: told at ${clockText(toldAt)}, and a replay is no new failure; the rule tells again from ${clockText(verdict.until)} on`;
        return void outbound.decisions.push({ rule: name, kind: 'repeat', until: verdict.until, detail });
      }
      case 'silence':
        return telling.sendEach(rule, silence, outbound);
    }
  };
}

/** Somebody hears of the incident, but not by the rule's own decision: its next failure is its first. */
function untoldAlert(
  rule: RuleSummary,
  incident: number,
  found: Alert | null,
  eventSeq: number,
  { subject, usual, owners }: Plan,
  now: number,
): Alert {
  return {
    subject,
    rule: rule.name,
    incident,
    phase: 'told',
    dueAt: null,
    armedAt: now,
    editAt: null,
    editedAt: null,
    toldAt: found?.toldAt ?? null,
    toldHere: false,
    untold: 0,
    eventSeq,
    silence: null,
    spec: { policy: rule.incident, send: rule.send, usual, owners, groupKey: null, told: [] },
  };
}
