/** What rules can see of an event that no webhook brought. */
import { expect, test } from 'vitest';
import { groupKeyOf } from '../../src/incident/groups.ts';
import { checkRules } from '../../src/rules/check.ts';
import { runTests } from '../../src/rules/tests.ts';
import { anySecret, head, jobEvent, lineOf, problemsOf, rulesOf } from './support.ts';

const webhook = jobEvent();
const found = { ...webhook, reconciled: true };

test('a rule can ask whether the webhook came', () => {
  const rules = rulesOf(`rules:
  - { name: lost, match: { when: event.reconciled }, send: [] }
  - { name: came, match: { when: '!event.reconciled' }, send: [] }
`);
  expect(rules.plan(found).rules).toEqual(['lost']);
  expect(rules.plan(webhook).rules).toEqual(['came']);
});

test('a subject can depend on it', () => {
  const rules = rulesOf(`defaults: { subject: '{{ job.id }}/{% if event.reconciled %}lost{% else %}came{% endif %}' }
rules: [{ name: all, send: [{ to: console }] }]
`);
  expect([rules.plan(found).subject, rules.plan(webhook).subject]).toEqual(['job-1/lost', 'job-1/came']);
});

test('alerts can be grouped by it', () => {
  const policy = { by: ['event.reconciled'], waitMs: 0, everyMs: 0 };
  expect([groupKeyOf(policy, found), groupKeyOf(policy, webhook)]).toEqual(['["true"]', '["false"]']);
});

test('a misspelt one is found before an event comes', () => {
  const problems = problemsOf("rules: [{ name: a, match: { when: 'event.reconcile' }, send: [] }]\n");
  expect(problems).toEqual([expect.stringContaining('event has no "reconcile"')]);
});

test('the tests of the rules can have one', () => {
  const tested = (event: string) =>
    problemsOf(`rules: [{ name: lost, match: { when: event.reconciled }, send: [] }]
tests: [{ event: ${event}, expect: { rules: [lost] } }]
`);
  expect(tested('{ state: failed, type: costs, reconciled: true }')).toEqual([]);
  expect(tested('{ event_type: facebook.audience.delivery.failed, reconciled: true }')).toEqual([
    expect.stringMatching(/reconciled: only jobs are in the list that reconciliation reads/),
  ]);
  const rules = rulesOf(`rules: [{ name: lost, match: { when: event.reconciled }, send: [] }]
tests:
  - { event: { state: failed, type: costs, reconciled: true }, expect: { rules: [lost] } }
  - { event: { state: failed, type: costs }, expect: { rules: [] } }
`);
  expect(runTests(rules).map(({ kind }) => kind)).toEqual(['passed', 'passed']);
});

test('a template that fails only for such events is found by the check', () => {
  const title = '{% if event.reconciled %}{% for i in (1..90000000) %}x{% endfor %}{% endif %}';
  const body = `rules: [{ name: a, send: [{ to: console, message: { title: '${title}' } }] }]\n`;
  const { problems } = checkRules([{ path: 'a.yaml', text: head + body }], anySecret, { secrets: 'required' });
  expect(problems.map(lineOf)).toEqual([expect.stringMatching(/a failed job, found by reconciliation/)]);
});
