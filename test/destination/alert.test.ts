import { describe, expect, test } from 'vitest';
import { composeAlert, type Alert } from '../../src/destination/alert.ts';
import type { Outgoing } from '../../src/destination/destination.ts';
import { createTemplates, type Escape } from '../../src/rules/template.ts';
import { delivery, eventContent, notice } from './example-delivery.ts';
import { changedJob, fixtureEvent, fixtureText } from './example-events.ts';

const { render } = createTemplates();
const brackets: Escape = (value) => value.replaceAll('<', '[').replaceAll('>', ']');

function compose(changes: Partial<Outgoing>, escape: Escape = String) {
  return composeAlert(delivery(changes), escape, render);
}

function fieldsOf({ fields }: Alert): Record<string, string> {
  return Object.fromEntries(fields.map(({ label, value }) => [label, value]));
}

describe('the default alert', () => {
  test('of a failed job says what failed, since when, for how long and who started it, in that order', () => {
    const { alert, problems } = compose({ content: fixtureEvent('job-failed-kb') });
    expect(alert.tone).toBe('bad');
    expect(alert.title).toBe('datasets_deliver_data failed · dataset 10736');
    expect(alert.fields.map(({ label, value }) => `${label}: ${value}`)).toEqual([
      'Dataset: 10736',
      'Failed at: 2026-03-02 09:12:07 UTC (after 1 h 12 min)',
      'Started: 2026-03-02 08:00:02 UTC',
      'Started by: Example User',
      'Job id: c1f2a9d4-0d2b-4b53-9a3e-2a6f6d1f9b10',
      'Data plane: f79cbdae-4848-47ca-95e8-69588364d185',
      'Subscription: production',
    ]);
    expect(alert.occurredAt).toBe('2026-03-02T09:12:07.219000Z');
    expect(alert.origin).toBe('rule deliveries-page · evt_1');
    expect(problems).toEqual([]);
  });

  test('reads the same from the camelCase form, and marks a process as one', () => {
    const { alert } = compose({ content: fixtureEvent('job-failed-guide') });
    expect(alert.title).toBe('models_deliver_model failed · dataset 11020');
    expect(fieldsOf(alert)).toMatchObject({
      'Started by': 'model-scheduler (process)',
      'Failed at': expect.stringContaining('after 1 min 54 s'),
    });
    expect(alert.excerpt).toBe('Hugging Face answered 403: the token cannot write to this repository');
  });

  test('of a completed job is good news with its duration', () => {
    const { alert } = compose({ content: fixtureEvent('job-completed-openapi') });
    expect(alert).toMatchObject({
      tone: 'good',
      title: 'materialize-view completed in 5 min 55 s · dataset 10736',
      excerpt: null,
    });
    expect(fieldsOf(alert)).not.toHaveProperty('Data plane');
  });

  test('of a job that goes on is neutral and does not tell one time twice', () => {
    const { alert } = compose({ content: fixtureEvent('job-running') });
    expect(alert).toMatchObject({ tone: 'neutral', title: 'datasets_deliver_data is running · dataset 10736' });
    expect(fieldsOf(alert)).toMatchObject({ Started: '2026-03-02 08:00:02 UTC' });
    expect(fieldsOf(alert)).not.toHaveProperty('Updated at');
  });

  test('keeps a state that nobody knows yet', () => {
    expect(compose({ content: changedJob({ state: 'paused' }) }).alert).toMatchObject({
      tone: 'neutral',
      title: 'datasets_deliver_data is now paused · dataset 10736',
    });
  });

  test('of an app event names connector, profile and what the connector said', () => {
    const { alert } = compose({ content: fixtureEvent('app-failed') });
    expect(alert).toMatchObject({
      tone: 'bad',
      title: 'Facebook audience delivery failed · dataset 20117',
      excerpt: 'Facebook refused the audience: error 2650, the custom audience was deleted',
      occurredAt: '2026-03-02T11:30:00Z',
    });
    expect(fieldsOf(alert)).toMatchObject({ Connector: 'Facebook (app 8)', Profile: '9a7c9a52-1d8e-4f6c-8a3b-5b1f6c2d7e88' });
  });

  test.each(['2026-02-30T09:12:00', '2026-03-02T24:00:00', 'soon'])(
    'says when we heard of it where the event says %s',
    (ended_at) => {
      const content = eventContent(JSON.stringify({ job_id: 'j1', state: 'failed', type: 'costs', ended_at }));
      expect(compose({ content }).alert.occurredAt).toBe('2026-03-02T09:12:05.000Z');
    },
  );

  test('leaves out what a bare event does not say', () => {
    const { alert } = compose({
      content: eventContent('{"job_id":"j1","state":"failed","type":"costs"}'),
      rule: null,
      links: {},
    });
    expect(alert.title).toBe('costs failed');
    expect(fieldsOf(alert)).toEqual({ 'Job id': 'j1', Subscription: 'production' });
    expect(alert).toMatchObject({ excerpt: null, links: [], occurredAt: '2026-03-02T09:12:05.000Z', origin: 'evt_1' });
  });

  test('of a notice is the relay’s own words, in the tone of its severity', () => {
    expect(compose({ content: notice, severity: 'error' }).alert).toMatchObject({
      tone: 'bad',
      title: notice.kind === 'notice' && notice.title,
    });
    expect(compose({ content: notice, severity: 'info', rule: null }, brackets).alert).toMatchObject({
      tone: 'neutral',
      text: 'channel_not_found',
      fields: [],
    });
  });

  test('puts a fallback’s note first', () => {
    expect(compose({ note: 'could not be delivered to data-eng: channel_not_found' }).alert.notes).toEqual([
      'could not be delivered to data-eng: channel_not_found',
    ]);
  });
});

describe('the excerpt', () => {
  test('shows the head of a stack trace, its root cause and how many more failures there are', () => {
    const lines = compose({ content: fixtureEvent('job-failed-kb') }).alert.excerpt!.split('\n');
    expect(lines[0]).toMatch(/^org\.apache\.spark\.SparkException: Job aborted due to stage failure/);
    expect(lines[1]).toBe('    at org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2844)');
    expect(lines.slice(-2)).toEqual(['Caused by: java.io.IOException: No space left on device', '(+2 more failures)']);
  });

  test('says a message that the trace does not repeat above it', () => {
    const failures = [{ message: 'Delivery failed', value: ['x', { trace: 'java.lang.Error: boom\n\tat a.B.c(B.java:1)' }] }];
    expect(compose({ content: changedJob({ failures }) }).alert.excerpt).toBe(
      'Delivery failed\njava.lang.Error: boom\n    at a.B.c(B.java:1)',
    );
  });

  test('stays short and clean whatever the failure holds', () => {
    const value = `boom\u202e\0\n\tat x${'\n\tat y.z.Frame'.repeat(30_000)}\nCaused by: ${'r'.repeat(5_000)}`;
    const { excerpt } = compose({ content: changedJob({ failures: [{ message: 'm'.repeat(9_000), value }] }) }).alert;
    expect(excerpt!.length).toBeLessThan(2_200);
    expect(excerpt).not.toMatch(/[\0\u202e]/);
    expect(excerpt).toContain('\nCaused by: rrr');
  });

  test('falls back to the failure’s value where it has no message', () => {
    expect(compose({ content: changedJob({ failures: [{ message: '' }, { value: { code: 17 } }] }) }).alert.excerpt).toContain(
      '"code": 17',
    );
    expect(compose({ content: changedJob({ failures: [{}, null] }) }).alert.excerpt).toBeNull();
  });
});

describe('a rule’s own words', () => {
  test('replace title and text, with every digit of a large number', () => {
    const { alert } = compose({
      content: eventContent(fixtureText('job-completed-openapi')),
      message: {
        title: '{{ job.input.dataset_id }} rebuilt in {{ job.duration }}',
        text: 'snapshot {{ job.result.snapshot_id }}',
      },
    });
    expect(alert.title).toBe('10736 rebuilt in 5 min 55 s');
    expect(alert.text).toBe('snapshot 1724919539450264600');
  });

  test('escape what comes from the event and nothing else', () => {
    const { alert } = compose(
      {
        content: changedJob({ type: '<!channel>' }),
        message: { title: '<b>{{ job.type }}', fields: { Type: '<i>{{ job.type }}' } },
      },
      brackets,
    );
    expect(alert.title).toBe('<b>[!channel]');
    expect(alert.fields[0]).toEqual({ label: 'Type', value: '<i>[!channel]', source: 'rule' });
  });

  test('fields go over the defaults: new first, same label in place, empty removes', () => {
    const { alert } = compose({
      content: fixtureEvent('job-failed-kb'),
      message: { fields: { Runbook: 'wiki', 'started BY': 'the {{ job.type }} team', 'Data plane': '{{ job.nothing }}' } },
    });
    expect(alert.fields.map(({ label }) => label)).toEqual([
      'Runbook',
      'Dataset',
      'Failed at',
      'Started',
      'started BY',
      'Job id',
      'Subscription',
    ]);
    expect(fieldsOf(alert)).toMatchObject({ 'started BY': 'the datasets_deliver_data team' });
  });

  test('that fail leave the default in place, marked and reported', () => {
    const { alert, problems } = compose({
      content: fixtureEvent('job-failed-kb'),
      message: {
        title: '{{ job.type | nosuchfilter }}',
        text: '{{ broken',
        fields: { Dataset: '{{ job.id | nosuch }}', Extra: 'fine' },
      },
    });
    expect(alert.title).toBe('datasets_deliver_data failed · dataset 10736');
    expect(alert.text).toBeNull();
    expect(fieldsOf(alert)).toMatchObject({ Extra: 'fine', Dataset: '10736' });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'template error in rule deliveries-page (title)',
      'template error in rule deliveries-page (text)',
      'template error in rule deliveries-page (fields.Dataset)',
    ]);
    expect(alert.notes).toEqual(problems);
  });

  test('that render to nothing leave the default title', () => {
    const { alert, problems } = compose({ message: { title: '{{ job.result.nothing }} ', text: ' ' } });
    expect(alert.title).toBe('datasets_deliver_data failed · dataset 10736');
    expect(alert.text).toBeNull();
    expect(problems).toEqual([]);
  });
});

describe('links', () => {
  const linksOf = (links: Record<string, string>, content = fixtureEvent('job-failed-kb')) =>
    compose({ links, content }).alert.links;

  test('come from the templates, and the dataset’s page comes by itself', () => {
    expect(linksOf({ job: 'https://example.com/jobs/{{ job.id }}' })).toEqual([
      { label: 'Job', url: 'https://example.com/jobs/c1f2a9d4-0d2b-4b53-9a3e-2a6f6d1f9b10' },
      { label: 'Dataset', url: 'https://app.narrative.io/platform/my-data/dataset/10736#overview' },
    ]);
    expect(linksOf({ dataset: 'https://example.com/d/{{ job.dataset_id }}' })).toEqual([
      { label: 'Dataset', url: 'https://example.com/d/10736' },
    ]);
  });

  test('encode what comes from the event, so that it can’t lead elsewhere', () => {
    const content = changedJob({ job_id: '../../x?y=|<z> 1' });
    expect(linksOf({ job: 'https://example.com/jobs/{{ job.id }}' }, content)[0]?.url).toBe(
      'https://example.com/jobs/..%2F..%2Fx%3Fy%3D%7C%3Cz%3E%201',
    );
    expect(linksOf({ job: '{{ job.id }}' }, changedJob({ job_id: 'javascript:alert(1)' })).map(({ label }) => label)).toEqual([
      'Dataset',
    ]);
  });

  test('of jobs are left out of app events without a word', () => {
    const { alert, problems } = compose({
      content: fixtureEvent('app-failed'),
      links: { job: 'https://example.com/jobs/{{ job.id }}' },
    });
    expect(alert.links.map(({ label }) => label)).toEqual(['Dataset']);
    expect(problems).toEqual([]);
  });

  test('are about a job or an app by their templates, not by what their address is called', () => {
    const links = { dash: 'https://app.example.com/app.html', job: 'https://app.example.com/jobs/{{ job.id }}' };
    const labels = (content: Parameters<typeof linksOf>[1]) => linksOf(links, content).map(({ label }) => label);
    expect(labels(fixtureEvent('job-failed-kb'))).toEqual(['Dash', 'Job', 'Dataset']);
    expect(labels(fixtureEvent('app-failed'))).toEqual(['Dash', 'Dataset']);
  });
});
