/** From the rules that match to one delivery per destination. */
import type { IncidentAct, Owner, Severity } from '../destination/destination.ts';
import { listHolds, firstMismatch, candidateOf, type Candidate, type ListCondition, type Matcher } from './matcher.ts';
import type { Plan, PlannedDelivery, Routable } from './plan.ts';
import { createRuleIndex } from './rule-index.ts';
import type { RuleSummary, Send } from './rule.ts';
import type { RenderSubject } from './subject.ts';
import { concerns, seesTo } from './trigger.ts';

export interface CompiledRule extends RuleSummary {
  matcher: Matcher;
  /** Which of the files it is in; `stop` ends evaluation within its file. */
  fileIndex: number;
}

export interface CompiledUnmatched {
  states: ListCondition;
  /** It sends like a rule, under the name `unmatched`. */
  rule: RuleSummary;
}

export interface CompiledOwner extends Owner {
  matcher: Matcher;
}

export interface CompiledRules {
  rules: readonly CompiledRule[];
  unmatched: CompiledUnmatched | null;
  owners: readonly CompiledOwner[];
  /** States that open an incident of the subject, and that close it. */
  opens: ReadonlySet<string>;
  closes: ReadonlySet<string>;
  subject: RenderSubject;
}

export function createPlanner(compiled: CompiledRules): (routable: Routable) => Plan {
  const { rules } = compiled;
  const findCandidates = createRuleIndex(rules.map(({ matcher }) => matcher));
  return (routable) => {
    const candidate = candidateOf(routable);
    const matching: CompiledRule[] = [];
    let stoppedFile = -1;
    for (const position of findCandidates(candidate.facts)) {
      const rule = rules[position]!;
      if (rule.fileIndex === stoppedFile || firstMismatch(rule.matcher, candidate) !== null) continue;
      matching.push(rule);
      if (rule.stop && concerns(rule.trigger, stateIn(candidate))) stoppedFile = rule.fileIndex;
    }
    return planFor(matching, compiled, candidate, routable);
  };
}

/** `matching`: the rules that match, in file order, those after a `stop` left out. */
export function planFor(
  matching: readonly CompiledRule[],
  { unmatched, owners, opens, closes, subject: renderSubject }: CompiledRules,
  candidate: Candidate,
  routable: Routable,
): Plan {
  const state = stateIn(candidate);
  const usual = usualSeverity(state);
  const timed = matching.filter(({ trigger }) => trigger.kind !== 'event');
  let matched: readonly RuleSummary[] =
    timed.length === 0 ? matching : matching.filter(({ trigger }) => trigger.kind === 'event');
  // What waits for another event, or for its absence, has not seen to this one.
  const seenTo = matching.some(({ trigger }) => seesTo(trigger));
  if (!seenTo && unmatched && unmatchedApplies(unmatched, candidate)) matched = [unmatched.rule];
  const { text: subject, fellBack } = renderSubject(routable, candidate.view);
  return {
    rules: (timed.length === 0 ? matching : matching.filter(({ trigger }) => concerns(trigger, state))).map(({ name }) => name),
    subject,
    subjectFellBack: fellBack,
    part: partOf(candidate.kind, state, opens, closes),
    deliveries: mergeSends(
      matched.map((rule) => ({ rule, act: null })),
      usual,
    ),
    matched,
    timed,
    usual,
    owners:
      owners.length === 0 || matching.length + matched.length === 0
        ? []
        : owners
            .filter(({ matcher }) => firstMismatch(matcher, candidate) === null)
            .map(({ mention, runbook }) => ({ mention, runbook })),
  };
}

function partOf(kind: Candidate['kind'], state: string, opens: ReadonlySet<string>, closes: ReadonlySet<string>): Plan['part'] {
  // Which of Narrative's states count as broken is for the files to say; the relay's own trouble has two.
  if (kind === 'relay') return state === 'failed' ? 'opens' : 'closes';
  if (opens.has(state)) return 'opens';
  return closes.has(state) ? 'closes' : null;
}

export function stateIn({ facts }: Candidate): string {
  return facts.at(-1) ?? '';
}

export function unmatchedApplies({ states }: CompiledUnmatched, { kind, facts }: Candidate): boolean {
  return kind !== 'relay' && listHolds(states, facts[states.keyIndex] ?? null);
}

/** A rule that sends now, and what its message is in the life of an incident. */
export interface RuleSends {
  rule: Pick<RuleSummary, 'name' | 'send'>;
  act: IncidentAct | null;
}

/** One delivery per destination, in the order of the rules: the first gives the wording, the highest severity counts. */
export function mergeSends(sending: readonly RuleSends[], usual: Severity): PlannedDelivery[] {
  const deliveries: PlannedDelivery[] = [];
  for (const { rule, act } of sending) for (const send of rule.send) addTo(deliveries, rule.name, send, act, usual);
  return deliveries;
}

function addTo(deliveries: PlannedDelivery[], rule: string, send: Send, act: IncidentAct | null, usual: Severity): void {
  const { to, severity, change, broadcast, message, fallback = null } = send;
  const wanted = severity ?? usual;
  const earlier = deliveries.find(({ destination }) => destination === to);
  if (!earlier) {
    deliveries.push({ destination: to, rule, merged: [], severity: wanted, change, broadcast, message, act, fallback });
    return;
  }
  earlier.merged.push(rule);
  if (rank[wanted] > rank[earlier.severity]) earlier.severity = wanted;
  // An alert that somebody wanted is not made up for by a line on a timeline, nor by a count that nobody notices.
  if (!change) earlier.change = false;
  if (broadcast) earlier.broadcast = true;
  earlier.act = mergedAct(earlier.act, act);
}

function mergedAct(one: IncidentAct | null, other: IncidentAct | null): IncidentAct | null {
  if (one === other) return one;
  const acts = [one, other];
  // The end outranks all: a destination that was alarmed has to hear of it.
  for (const act of ['recover', 'open', 'remind'] as const) if (acts.includes(act)) return act;
  return 'remind'; // A count, and an event of its own.
}

const rank: Record<Severity, number> = { info: 0, warning: 1, error: 2, critical: 3 };

/** Where a rule names none. */
function usualSeverity(state: string): Severity {
  if (state === 'failed') return 'error';
  return state === 'cancelled' || state === 'pending_cancellation' ? 'warning' : 'info';
}
