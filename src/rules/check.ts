/** Everything about the rules files that can be known before an event arrives: `relay check`. */
import { loadRules } from './load.ts';
import type { RuleExplanation } from './plan.ts';
import { inReadingOrder, type Problem } from './problem.ts';
import type { RuleSet, RuleTest } from './rule-set.ts';
import type { ReadSecret } from './secrets.ts';
import { readSource, type RulesFile } from './source.ts';
import { failingTemplates, templatesIn } from './template-check.ts';
import { runTests } from './tests.ts';

export interface CheckReport {
  /** No problems; there may be warnings. */
  ok: boolean;
  problems: Problem[];
  warnings: Problem[];
  /** null: the files could not be loaded, so nothing was counted. */
  counts: { subscriptions: number; destinations: number; rules: number; templates: number; tests: number } | null;
}

export interface CheckOptions {
  /** `required`: a missing secret is a problem, as it is at start. Otherwise a warning. */
  secrets: 'required' | 'optional';
  /** Epoch ms, to warn of mutes that are over. Left out: no such warnings. */
  nowMs?: number;
}

export function checkRules(
  files: readonly RulesFile[],
  readSecret: ReadSecret,
  { secrets, ...options }: CheckOptions,
): CheckReport {
  const loaded = loadRules(files, readSecret, { missingSecret: secrets === 'required' ? 'refuse' : 'warn', ...options });
  if (!loaded.ok) return { ok: false, problems: loaded.problems, warnings: loaded.warnings, counts: null };
  const { rules, warnings } = loaded;
  const templates = files.map(readSource).flatMap(({ source }) => (source ? templatesIn(source) : []));
  const problems = inReadingOrder([...failingTemplates(templates), ...failedTests(rules)]);
  return {
    ok: problems.length === 0,
    problems,
    warnings,
    counts: {
      subscriptions: rules.subscriptions.size,
      destinations: rules.destinations.size,
      rules: rules.rules.length,
      templates: templates.length,
      tests: rules.tests.length,
    },
  };
}

function failedTests(rules: RuleSet): Problem[] {
  return runTests(rules).flatMap((result) => {
    if (result.kind === 'passed') return [];
    const { test, differences } = result;
    const reasons = rules.explain(test.routable).rules.flatMap((rule) => reasonFor(rule, test.expect));
    const hint = reasons.length > 0 ? { hint: reasons.join('; ') } : {};
    return [{ ...test.place, message: `test "${test.name}" fails: ${differences.join('; ')}`, ...hint }];
  });
}

/** Why a rule that was expected did not match, or one that matched did not send. */
function reasonFor(rule: RuleExplanation, { rules, to }: RuleTest['expect']): string[] {
  switch (rule.kind) {
    case 'no-match':
      return rules?.includes(rule.name) ? [`${rule.name}: ${rule.reason}`] : [];
    case 'not-reached':
      return rules?.includes(rule.name) ? [`${rule.name}: not reached, ${rule.by} has stop`] : [];
    case 'matched':
      return rule.waits !== undefined && to?.some((name) => rule.to.includes(name)) ? [`${rule.name}: ${rule.waits}`] : [];
  }
}
