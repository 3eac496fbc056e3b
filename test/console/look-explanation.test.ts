import { expect, test } from 'vitest';
import { explanationTable, plannedMessages, standingList } from '../../src/console/look/explanation.ts';
import type { ExplanationView, RuleVerdictView } from '../../src/operate/shapes/views.ts';
import { strangersIn, textIn } from './markup.ts';

const rule: RuleVerdictView = {
  name: 'failures',
  at: 'rules/relay.yaml:7:5',
  verdict: 'matched',
  to: ['oncall', 'data-eng'],
  reason: null,
  waits: null,
  stops: false,
};
const explanation: ExplanationView = {
  rules_version: 'v1',
  subject: 'materialize-view/10736',
  rules: [rule],
  unmatched: null,
  deliveries: [],
  incident: null,
  standing: [],
};
const drawn = (changes: Partial<ExplanationView>) => textIn(String(explanationTable({ ...explanation, ...changes })));
const verdict = (changes: Partial<RuleVerdictView>) => drawn({ rules: [{ ...rule, ...changes }] });

test('a rule that matched says where it sends, what it waits for, and that it ends the search', () => {
  expect(verdict({})).toBe('rule verdict ✓ failures rules/relay.yaml:7:5 matched → oncall, data-eng');
  expect(verdict({ waits: 'held for 10 min', stops: true })).toMatch(
    /matched → oncall, data-eng · held for 10 min · ends evaluation within its file$/,
  );
  expect(verdict({ to: [] })).toMatch(/matched, and sends nowhere$/);
});

test('a rule that did not match says why, and so does one that was not looked at', () => {
  expect(verdict({ verdict: 'no-match', to: [], reason: 'states: failed is not completed' })).toMatch(
    /· failures rules\/relay\.yaml:7:5 did not match: states: failed is not completed$/,
  );
  expect(verdict({ verdict: 'not-reached', reason: 'not looked at: first comes before it and has stop' })).toMatch(
    /· failures rules\/relay\.yaml:7:5 not looked at: first comes before it and has stop$/,
  );
});

test('what is for unmatched events says whether it applies', () => {
  expect(drawn({ unmatched: { applies: true, reason: 'no rule matches' } })).toMatch(/✓ unmatched .* applies: no rule matches$/);
  expect(drawn({ unmatched: { applies: false, reason: '1 rule matches' } })).toMatch(
    /· unmatched .* does not apply: 1 rule matches$/,
  );
});

test('what stands in the way is said rule by rule', () => {
  expect(textIn(String(standingList([{ rule: 'failures', verdict: 'held until 09:22' }])))).toBe('failures held until 09:22');
  expect(String(standingList([]))).toBe('');
});

test('each message is shown with who words it, who else wants it, and how bad it is', () => {
  const preview = { format: 'console', body: '[CRITICAL] down\n', problems: [] } as const;
  const planned = { destination: 'terminal', rule: 'failures', merged: ['all'], severity: 'critical', change: true, preview };
  const markup = String(plannedMessages({ ...explanation, deliveries: [{ ...planned, preview: { ...preview, problems: [] } }] }));
  expect(textIn(markup)).toBe('→ terminal by failures and all · critical · as a change event [CRITICAL] down');
});

test('names and reasons are text, whatever they hold', () => {
  const hostile = '<img src=x onerror=alert(1)>"\'';
  const markup = String(
    explanationTable({
      ...explanation,
      rules: (['matched', 'no-match', 'not-reached'] as const).map((each) => ({
        ...rule,
        name: hostile,
        at: hostile,
        verdict: each,
        to: [hostile],
        reason: hostile,
        waits: hostile,
      })),
    }),
  );
  expect(strangersIn(markup)).toEqual([]);
  expect(textIn(markup)).toContain(hostile);
});
