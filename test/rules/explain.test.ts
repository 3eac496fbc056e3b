import { describe, expect, test } from 'vitest';
import { appEvent, jobEvent, rulesOf } from './support.ts';

const rules = rulesOf(`rules:
  - { name: app-only, match: { kind: app } }
  - { name: types, match: { job_types: [datasets_deliver_data, "models_*"] } }
  - { name: one-type, match: { job_types: [costs] } }
  - { name: dataset, match: { dataset_ids: [7] } }
  - { name: excluded, match: { states: [failed], not: { job_types: [materialize-view], kind: job } } }
  - { name: slow, match: { when: job.duration_s > 60 } }
  - { name: rows, match: { when: job.input.rows > 60 } }
  - { name: failed, match: { states: [failed] }, stop: true, send: [{ to: console }] }
  - { name: below }
unmatched: { send: [] }
`);

function reasons(event: ReturnType<typeof jobEvent>) {
  return rules.explain(event).rules.map((rule) => {
    switch (rule.kind) {
      case 'matched':
        return `${rule.name} matched → ${rule.to.join(', ')}${rule.stops ? ', stops' : ''}`;
      case 'no-match':
        return `${rule.name}: ${rule.reason}`;
      case 'not-reached':
        return `${rule.name}: not reached, ${rule.by} stopped`;
    }
  });
}

describe('an explanation', () => {
  test('names for each rule the first condition that failed', () => {
    const event = jobEvent({ created_at: '2026-01-05T09:00:00', updated_at: '2026-01-05T09:00:30' });
    expect(reasons(event)).toEqual([
      'app-only: kind: this is a job event, the rule wants app',
      'types: job_types: materialize-view is none of datasets_deliver_data, models_*',
      'one-type: job_types: materialize-view is not costs',
      'dataset: dataset_ids: the event has none, the rule wants 7',
      'excluded: not: excluded, it is a job event and job_types is materialize-view',
      'slow: when: job.duration_s > 60 is false',
      'rows: when: job.input.rows > 60 could not be evaluated: No such key: rows',
      'failed matched → console, stops',
      'below: not reached, failed stopped',
    ]);
    expect(rules.explain(event).unmatched).toEqual({ applies: false, reason: '1 rule matches' });
  });

  test('holds the plan that the event really gets', () => {
    expect(rules.explain(jobEvent()).plan).toEqual(rules.plan(jobEvent()));
    expect(rules.explain(appEvent()).plan).toEqual(rules.plan(appEvent()));
  });

  test('says whether unmatched applies', () => {
    const none = rulesOf('rules: [{ name: a, match: { states: [completed] } }]\nunmatched: {}');
    expect(none.explain(jobEvent()).unmatched).toEqual({ applies: true, reason: 'no rule matches' });
    expect(none.explain(jobEvent({ state: 'running' })).unmatched).toEqual({
      applies: false,
      reason: 'states: running is not failed',
    });
    expect(rulesOf('rules: []').explain(jobEvent()).unmatched).toBeNull();
  });

  test('places each rule in its file, and stays short', () => {
    const { rules: explained } = rules.explain(jobEvent({ type: 'x'.repeat(10_000) }));
    expect(explained[1]!.place).toEqual({ file: 'rules/a.yaml', line: 5, col: 13 });
    expect(JSON.stringify(explained).length).toBeLessThan(3_000);
  });
});
