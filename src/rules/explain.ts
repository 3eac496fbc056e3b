/** Why an event was, or was not, sent where: one reason for each rule. */
import { candidateOf, describeMismatch, firstMismatch, type Candidate } from './matcher.ts';
import type { Explanation, Routable, RuleExplanation } from './plan.ts';
import { planFor, stateIn, unmatchedApplies, type CompiledRule, type CompiledRules } from './planner.ts';
import type { Trigger } from './rule.ts';
import { concerns, seesTo, waitOf } from './trigger.ts';

export function createExplainer(compiled: CompiledRules): (routable: Routable) => Explanation {
  return (routable) => {
    const candidate = candidateOf(routable);
    const state = stateIn(candidate);
    const matching: CompiledRule[] = [];
    const rules: RuleExplanation[] = [];
    let stopped: CompiledRule | null = null;
    for (const rule of compiled.rules) {
      const { name, place, trigger } = rule;
      if (stopped?.fileIndex === rule.fileIndex) {
        rules.push({ name, place, kind: 'not-reached', by: stopped.name });
        continue;
      }
      const mismatch = firstMismatch(rule.matcher, candidate);
      if (mismatch) {
        rules.push({ name, place, kind: 'no-match', reason: describeMismatch(mismatch, candidate) });
        continue;
      }
      matching.push(rule);
      if (!concerns(trigger, state)) {
        rules.push({ name, place, kind: 'no-match', reason: watchedStates(trigger) });
        continue;
      }
      if (rule.stop) stopped = rule;
      rules.push(explainMatch(rule, compiled.opens.has(state), state));
    }
    return {
      rules,
      unmatched: explainUnmatched(compiled, matching, candidate),
      plan: planFor(matching, compiled, candidate, routable),
    };
  };
}

function watchedStates(trigger: Trigger): string {
  return `late: the event's state is none of ${trigger.kind === 'late' ? Object.keys(trigger.afterMs).join(', ') : ''}`;
}

function explainMatch(
  { name, place, send, stop, trigger, incident }: CompiledRule,
  opens: boolean,
  state: string,
): RuleExplanation {
  const waits = waitOf(trigger, incident, opens, state);
  const matched: RuleExplanation = { name, place, kind: 'matched', to: send.map(({ to }) => to), stops: stop };
  return waits === null ? matched : { ...matched, waits };
}

function explainUnmatched(
  { unmatched }: CompiledRules,
  matching: readonly CompiledRule[],
  candidate: Candidate,
): Explanation['unmatched'] {
  if (!unmatched) return null;
  const seenTo = matching.filter(({ trigger }) => seesTo(trigger));
  if (seenTo.length > 0) {
    return { applies: false, reason: `${seenTo.length} ${seenTo.length === 1 ? 'rule matches' : 'rules match'}` };
  }
  if (unmatchedApplies(unmatched, candidate)) return { applies: true, reason: 'no rule matches' };
  if (candidate.kind === 'relay') return { applies: false, reason: 'this is an event of the relay itself' };
  return { applies: false, reason: describeMismatch({ kind: 'list', condition: unmatched.states }, candidate) };
}
