import { describe, expect, test } from 'vitest';
import { loadRules } from '../../src/rules/load.ts';
import { anySecret, appEvent, head, jobEvent, relayEventFor, rulesOf } from './support.ts';

const destinations = 'destinations: { a: { type: console }, b: { type: console }, c: { type: console } }\n';

describe('a plan', () => {
  test('has one delivery per destination: the first rule wins the wording, the highest severity wins, the others are named', () => {
    const rules = rulesOf(`${destinations}rules:
  - { name: first, send: [{ to: a, severity: warning, message: { title: mine } }, { to: b, severity: critical }] }
  - { name: second, send: [{ to: a, severity: critical, change: true, message: { title: not mine } }, { to: b, severity: info }, { to: c }] }
  - { name: third, send: [{ to: a, severity: error }] }
`);
    expect(rules.plan(jobEvent())).toMatchObject({
      rules: ['first', 'second', 'third'],
      subject: 'materialize-view/job-1',
      deliveries: [
        {
          destination: 'a',
          rule: 'first',
          merged: ['second', 'third'],
          severity: 'critical',
          change: false,
          message: { title: 'mine' },
          broadcast: false,
          act: null,
        },
        { destination: 'b', rule: 'first', merged: ['second'], severity: 'critical', change: false, message: null },
        { destination: 'c', rule: 'second', merged: [], severity: 'error', change: false, message: null },
      ],
    });
  });

  test('is an alert as soon as one rule wants an alert, whatever the wording', () => {
    const rules = rulesOf(`${destinations}rules:
  - { name: timeline, send: [{ to: a, change: true }] }
  - { name: page, match: { states: [failed] }, send: [{ to: a, severity: critical }] }
`);
    expect(rules.plan(jobEvent()).deliveries).toMatchObject([
      { rule: 'timeline', merged: ['page'], severity: 'critical', change: false },
    ]);
    expect(rules.plan(jobEvent({ state: 'completed' })).deliveries).toMatchObject([{ rule: 'timeline', change: true }]);
  });

  test.each([
    ['failed', 'error'],
    ['cancelled', 'warning'],
    ['pending_cancellation', 'warning'],
    ['completed', 'info'],
    ['running', 'info'],
    ['some-new-state', 'info'],
  ])('without a severity, %s is %s', (state, severity) => {
    const rules = rulesOf('rules: [{ name: a, send: [{ to: console }] }]');
    expect(rules.plan(jobEvent({ state })).deliveries[0]!.severity).toBe(severity);
  });

  test('a failed app event is an error', () => {
    expect(rulesOf('rules: [{ name: a }]').plan(appEvent()).deliveries[0]!.severity).toBe('error');
  });

  test('stop ends evaluation after its rule, within its file only', () => {
    const files = [
      { path: 'b.yaml', text: 'version: 1\nrules: [{ name: other-file }]\n' },
      {
        path: 'a.yaml',
        text: `${head}rules:\n  - { name: before }\n  - { name: stops, match: { states: [failed] }, stop: true }\n  - { name: after }\n`,
      },
    ];
    const loaded = loadRules(files, anySecret);
    if (!loaded.ok) throw new Error('not loaded');
    expect(loaded.rules.plan(jobEvent()).rules).toEqual(['before', 'stops', 'other-file']);
    expect(loaded.rules.plan(jobEvent({ state: 'running' })).rules).toEqual(['before', 'after', 'other-file']);
  });

  test('unmatched takes failures that no rule matches, or the states that it lists', () => {
    const rules = (unmatched: string) =>
      rulesOf(`${destinations}rules: [{ name: costs, match: { job_types: [costs] }, send: [] }]\n${unmatched}`);
    const failed = rules('unmatched: { send: [{ to: b }] }');
    expect(failed.plan(jobEvent()).deliveries).toEqual([
      {
        destination: 'b',
        rule: 'unmatched',
        merged: [],
        severity: 'error',
        change: false,
        message: null,
        broadcast: false,
        act: null,
        fallback: null,
      },
    ]);
    expect(failed.plan(jobEvent()).matched).toEqual([failed.unmatched]);
    expect(failed.plan(jobEvent()).rules).toEqual([]);
    expect(failed.plan(jobEvent({ state: 'running' })).deliveries).toEqual([]);
    expect(failed.plan(jobEvent({ type: 'costs' })).deliveries).toEqual([]);
    const any = rules('unmatched: { states: ["*"], send: [{ to: b }] }');
    expect(any.plan(jobEvent({ state: 'running' })).deliveries).toHaveLength(1);
  });

  test('with no destinations configured, a rule without send goes to the console', () => {
    const rules = rulesOf('rules: [{ name: a }, { name: silent, send: [] }]\nunmatched: {}');
    expect([...rules.destinations.keys()]).toEqual(['console']);
    expect(rules.plan(jobEvent()).deliveries.map(({ destination, rule }) => [destination, rule])).toEqual([['console', 'a']]);
  });

  test('a destination called console replaces the built-in one', () => {
    const rules = rulesOf(
      'destinations: { console: { type: http, url: "https://example.com/hook" } }\nrules: [{ name: a, send: [{ to: console }] }]',
    );
    expect(rules.destinations.get('console')).toMatchObject({ type: 'http', url: 'https://example.com/hook' });
  });
});

describe('a subject', () => {
  const byDefault = rulesOf('rules: [{ name: a }]');

  test.each([
    ['the dataset of the input', jobEvent({ input: { dataset_id: 10736 } }), 'materialize-view/10736'],
    ['the same in camelCase', jobEvent({ input: { datasetId: 10736 } }), 'materialize-view/10736'],
    ['all digits of it', jobEvent({ input: { dataset_id: 1724919539450264600n } }), 'materialize-view/1724919539450264600'],
    ['else the job', jobEvent({ input: { dataset_id: '' } }), 'materialize-view/job-1'],
    ['the connection', appEvent('s3.audience.delivery.failed', { connection_id: 'c1', profile_id: 'p1' }), 'app/s3/c1'],
    ['else the profile', appEvent('s3.audience.delivery.failed', { profile_id: 'p1' }), 'app/s3/p1'],
  ])('is by default %s', (_what, event, subject) => {
    expect(byDefault.plan(event).subject).toBe(subject);
  });

  test('is what defaults.subject renders, and the default where that says nothing or fails', () => {
    const subjectBy = (template: string, event = jobEvent({ input: { n: 2 } })) =>
      rulesOf(`defaults: { subject: '${template}' }\nrules: [{ name: a }]`).plan(event).subject;
    expect(subjectBy('{{ event.subscription }}: {{ job.id }}')).toBe('production: job-1');
    expect(subjectBy('{{ job.input.nothing }}')).toBe('materialize-view/job-1');
    expect(subjectBy('{{ job.input.n | divided_by: job.input.big }}{% for i in (1..99999999) %}x{% endfor %}')).toBe(
      'materialize-view/job-1',
    );
    expect(subjectBy('{{ job.type }}/{{ job.input.dataset_id | default: job.id }}', appEvent())).toBe('app/facebook/');
  });

  test('says when its template rendered to nothing, and then stands for the job alone', () => {
    const plan = (template: string, event = jobEvent({ input: { dataset_id: 7 } })) => {
      const { subject, subjectFellBack } = rulesOf(`defaults: { subject: '${template}' }\nrules: [{ name: a }]`).plan(event);
      return { subject, subjectFellBack };
    };
    expect(plan('{{ job.id }}')).toEqual({ subject: 'job-1', subjectFellBack: false });
    expect(plan('{{ job.input.nothing }}')).toEqual({ subject: 'materialize-view/job-1', subjectFellBack: true });
    expect(plan('{{ job.id }}', appEvent())).toMatchObject({ subjectFellBack: false });
    expect(plan('x', relayEventFor({ about: 'oncall' }))).toEqual({ subject: 'relay/backlog/oncall', subjectFellBack: false });
    expect(plan('x', relayEventFor())).toEqual({ subject: 'relay/backlog', subjectFellBack: false });
  });

  test('is bounded, whatever the event holds', () => {
    expect(byDefault.plan(jobEvent({ type: 'x'.repeat(100_000) })).subject.length).toBeLessThanOrEqual(500);
  });
});
