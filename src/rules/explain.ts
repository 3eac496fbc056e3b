/** Why an event was, or was not, sent where: one reason for each rule. */
import { candidateOf, describeMismatch, firstMismatch, type Candidate } from './matcher.ts';
import type { Explanation, Routable, RuleExplanation } from './plan.ts';
import { planFor, unmatchedApplies, type CompiledRule, type CompiledRules } from './planner.ts';

export function createExplainer(compiled: CompiledRules): (routable: Routable) => Explanation {
  return (routable) => {
    const candidate = candidateOf(routable);
    const matching: CompiledRule[] = [];
    const rules: RuleExplanation[] = [];
    let stopped: CompiledRule | null = null;
    for (const rule of compiled.rules) {
      const { name, place, send, stop } = rule;
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
      if (stop) stopped = rule;
      rules.push({ name, place, kind: 'matched', to: send.map(({ to }) => to), stops: stop });
    }
    const subject = compiled.subject(routable, candidate.view);
    return {
      rules,
      unmatched: explainUnmatched(compiled, matching.length, candidate),
      plan: planFor(matching, compiled.unmatched, candidate, subject),
    };
  };
}

function explainUnmatched({ unmatched }: CompiledRules, matched: number, candidate: Candidate): Explanation['unmatched'] {
  if (!unmatched) return null;
  if (matched > 0) return { applies: false, reason: `${matched} ${matched === 1 ? 'rule matches' : 'rules match'}` };
  if (unmatchedApplies(unmatched, candidate)) return { applies: true, reason: 'no rule matches' };
  return { applies: false, reason: describeMismatch({ kind: 'list', condition: unmatched.states }, candidate) };
}
