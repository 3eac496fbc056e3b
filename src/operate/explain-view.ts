/** An explanation as operators are shown it. */
import type { Explanation, RuleExplanation } from '../rules/plan.ts';
import { formatPlace } from '../rules/problem.ts';
import type { Explained } from './explain-event.ts';
import type { ExplanationView, IncidentView, RuleVerdictView } from './shapes/views.ts';

export function explanationViewOf(
  { explanation, payloads, forecast }: Explained,
  rulesVersion: string,
  incidentOf: (id: number) => IncidentView | null,
): ExplanationView {
  const { rules, unmatched, plan } = explanation;
  return {
    rules_version: rulesVersion,
    subject: plan.subject,
    rules: rules.map(verdictOf),
    unmatched,
    deliveries: plan.deliveries.map((planned, i) => plannedOf(planned, payloads[i]!)),
    incident: forecast.incident === null ? null : incidentOf(forecast.incident.id),
    standing: forecast.rules,
  };
}

function plannedOf(
  { destination, rule, merged, severity, change }: Explanation['plan']['deliveries'][number],
  preview: Explained['payloads'][number],
): ExplanationView['deliveries'][number] {
  return { destination, rule, merged, severity, change, preview };
}

function verdictOf(rule: RuleExplanation): RuleVerdictView {
  const nothing = { to: [], reason: null, waits: null, stops: false };
  const which = { name: rule.name, at: formatPlace(rule.place), verdict: rule.kind };
  switch (rule.kind) {
    case 'matched':
      return { ...which, ...nothing, to: [...rule.to], waits: rule.waits ?? null, stops: rule.stops };
    case 'no-match':
      return { ...which, ...nothing, reason: rule.reason };
    case 'not-reached':
      return { ...which, ...nothing, reason: `not looked at: ${rule.by} comes before it and has stop` };
  }
}
