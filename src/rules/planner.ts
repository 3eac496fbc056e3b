/** From the rules that match to one delivery per destination. */
import type { Severity } from '../destination/destination.ts';
import { listHolds, firstMismatch, candidateOf, type Candidate, type ListCondition, type Matcher } from './matcher.ts';
import type { Plan, PlannedDelivery, Routable } from './plan.ts';
import { createRuleIndex } from './rule-index.ts';
import type { RuleSummary, Send } from './rule-set.ts';
import type { Place } from './problem.ts';
import type { RenderSubject } from './subject.ts';

export interface CompiledRule extends RuleSummary {
  matcher: Matcher;
  /** Which of the files it is in; `stop` ends evaluation within its file. */
  fileIndex: number;
}

export interface CompiledUnmatched {
  place: Place;
  states: ListCondition;
  send: readonly Send[];
}

export interface CompiledRules {
  rules: readonly CompiledRule[];
  unmatched: CompiledUnmatched | null;
  subject: RenderSubject;
}

export function createPlanner({ rules, unmatched, subject }: CompiledRules): (routable: Routable) => Plan {
  const findCandidates = createRuleIndex(rules.map(({ matcher }) => matcher));
  return (routable) => {
    const candidate = candidateOf(routable);
    const matching: CompiledRule[] = [];
    let stoppedFile = -1;
    for (const position of findCandidates(candidate.facts)) {
      const rule = rules[position]!;
      if (rule.fileIndex === stoppedFile || firstMismatch(rule.matcher, candidate) !== null) continue;
      matching.push(rule);
      if (rule.stop) stoppedFile = rule.fileIndex;
    }
    return planFor(matching, unmatched, candidate, subject(routable, candidate.view));
  };
}

/** `matching`: the rules that match, in file order, those after a `stop` left out. */
export function planFor(
  matching: readonly CompiledRule[],
  unmatched: CompiledUnmatched | null,
  candidate: Candidate,
  subject: string,
): Plan {
  const deliveries: PlannedDelivery[] = [];
  const usual = usualSeverity(candidate);
  for (const { name, send } of matching) for (const each of send) addTo(deliveries, name, each, usual);
  if (matching.length === 0 && unmatched && unmatchedApplies(unmatched, candidate)) {
    for (const each of unmatched.send) addTo(deliveries, 'unmatched', each, usual);
  }
  return { rules: matching.map(({ name }) => name), subject, deliveries };
}

export function unmatchedApplies({ states }: CompiledUnmatched, { facts }: Candidate): boolean {
  return listHolds(states, facts[states.keyIndex] ?? null);
}

function addTo(deliveries: PlannedDelivery[], rule: string, { to, severity, change, message }: Send, usual: Severity): void {
  const wanted = severity ?? usual;
  const earlier = deliveries.find(({ destination }) => destination === to);
  if (!earlier) {
    deliveries.push({ destination: to, rule, merged: [], severity: wanted, change, message });
    return;
  }
  earlier.merged.push(rule);
  if (rank[wanted] > rank[earlier.severity]) earlier.severity = wanted;
  // An alert that somebody wanted is not made up for by a line on a timeline.
  if (!change) earlier.change = false;
}

const rank: Record<Severity, number> = { info: 0, warning: 1, error: 2, critical: 3 };

/** Where a rule names none. */
function usualSeverity({ facts }: Candidate): Severity {
  const state = facts.at(-1);
  if (state === 'failed') return 'error';
  return state === 'cancelled' || state === 'pending_cancellation' ? 'warning' : 'info';
}
