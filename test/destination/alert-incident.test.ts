import { describe, expect, test } from 'vitest';
import { composeAlert } from '../../src/destination/alert.ts';
import { statusText } from '../../src/destination/alert-incident.ts';
import type { Outgoing } from '../../src/destination/destination.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { completedContent, delivery, incident, notice, recovered, relayContent } from './example-delivery.ts';
import { changedJob } from './example-events.ts';

const { render } = createTemplates();
const compose = (changes: Partial<Outgoing>) => composeAlert(delivery(changes), String, render).alert;
const statusOf = (changes: Partial<Outgoing>) => statusText(compose(changes).status ?? []);
const fieldsOf = (changes: Partial<Outgoing>) => compose(changes).fields.map(({ label, value }) => `${label}: ${value}`);
const minute = 60_000;

describe('the status line', () => {
  test.each([
    [1, '1st'],
    [2, '2nd'],
    [3, '3rd'],
    [4, '4th'],
    [11, '11th'],
    [12, '12th'],
    [13, '13th'],
    [21, '21st'],
    [102, '102nd'],
    [111, '111th'],
  ])('counts failure %i as the %s', (failures, word) => {
    expect(statusOf({ incident: incident({ failures }) })).toBe(`Failing since 09:12 UTC · ${word} failure`);
  });

  test('tells the day where the first failure was on another than the last', () => {
    const lastMs = Date.UTC(2026, 2, 3, 0, 5);
    expect(statusOf({ incident: incident({ lastMs, failures: 2 }) })).toBe('Failing since 2026-03-02 09:12 UTC · 2nd failure');
  });

  test('says after how long and how many failures it is over', () => {
    const content = completedContent();
    expect(statusOf({ content, incident: recovered() })).toBe('Recovered after 42 min · 3 failures');
    expect(statusOf({ content, incident: recovered({ failures: 1 }) })).toBe('Recovered after 42 min · 1 failure');
  });

  test('stands a clock that went backwards', () => {
    const over = recovered({ endedMs: recovered().sinceMs - minute });
    expect(statusOf({ content: completedContent(), incident: over })).toBe('Recovered after 0 s · 3 failures');
  });

  test('of a job that is late does not call it failed, nor recovered when it goes on', () => {
    const subject = 'late/2a5b9ad7';
    const content = changedJob({ state: 'running' });
    expect(statusOf({ subject, content, incident: incident() })).toBe('Since 09:12 UTC');
    const over = { subject, content: completedContent(), incident: recovered({ failures: 1 }) };
    expect(statusOf(over)).toBe('Over after 42 min');
    expect(compose(over)).toMatchObject({ tone: 'good', title: 'datasets_deliver_data completed in 54 min · dataset 10736' });
    expect(compose({ subject, incident: recovered() })).toMatchObject({
      tone: 'bad',
      title: 'datasets_deliver_data failed · dataset 10736',
    });
  });

  test('of a job that was late is said to be over where its first message comes too late', () => {
    const title = 'materialize-view still pending after 20 min';
    const late = { subject: 'late/2a5b9ad7', content: changedJob({ state: 'pending' }), title };
    expect(compose({ ...late, incident: incident() }).title).toBe(title);
    const belated = { ...late, incident: recovered({ act: 'open' }) };
    expect(compose(belated)).toMatchObject({ tone: 'good', title: `Over by now: ${title}` });
    expect(compose({ ...late, incident: recovered() }).title).toBe(title);
  });

  test('of a notice counts what it folds', () => {
    expect(statusOf({ content: notice, incident: incident({ failures: 200 }) })).toBe('Since 09:12 UTC · 200 failures');
    expect(statusOf({ content: notice, incident: incident() })).toBe('Since 09:12 UTC');
    expect(statusOf({ content: notice, incident: recovered() })).toBe('Over after 42 min');
  });

  test('is left out where there is no incident', () => {
    expect(compose({}).status).toBeNull();
  });
});

describe('an alert about an incident', () => {
  test('says what the first failure said where the last said something else', () => {
    expect(fieldsOf({ incident: incident({ failures: 2 }) })).not.toContainEqual(expect.stringMatching(/^(First|Last) failure/));
    expect(fieldsOf({ incident: incident({ failures: 2, firstSaid: ' disk\n full' }) })[0]).toBe('First failure: disk full');
  });

  test('says at the end that it is over, after how long, and how it failed last', () => {
    const alert = compose({ content: completedContent(), incident: recovered() });
    expect(alert).toMatchObject({ tone: 'good', title: 'datasets_deliver_data recovered after 42 min · dataset 10736' });
    expect(alert.fields.slice(0, 2)).toEqual([
      { label: 'First failure', value: 'Access denied to bucket', source: 'event' },
      { label: 'Last failure', value: 'Out of memory', source: 'event' },
    ]);
  });

  test('tells the end in its own words: a rule’s title and text are about the trouble', () => {
    const message = { title: 'BROKEN {{ job.type }}', text: 'Wake the data team.', fields: { Team: 'data' } };
    expect(compose({ message, incident: incident() })).toMatchObject({
      title: 'BROKEN datasets_deliver_data',
      text: 'Wake the data team.',
    });
    const over = compose({ message, content: completedContent(), incident: recovered() });
    expect(over).toMatchObject({ title: expect.stringContaining('recovered after 42 min'), text: null });
    expect(over.fields[0]).toMatchObject({ label: 'Team' });
  });

  test('that another state opened is as bad as its severity', () => {
    const content = changedJob({ state: 'cancelled' });
    expect(compose({ content, incident: incident(), severity: 'error' }).tone).toBe('bad');
    expect(compose({ content, incident: incident(), severity: 'warning' }).tone).toBe('neutral');
  });

  test('keeps what a failure said inert and short', () => {
    const firstSaid = `\u202e${'x'.repeat(5_000)}\0`;
    const [field] = compose({ incident: incident({ firstSaid }) }).fields;
    expect(field!.value).toHaveLength(300);
    expect(field!.value).not.toContain('\u202e');
  });
});

describe('owners', () => {
  const owners = [
    { mention: '<@U0ANNA>', runbook: 'https://wiki.example.com/a' },
    { mention: '<!subteam^S0DATA>', runbook: 'https://wiki.example.com/b' },
    { mention: '<@U0ANNA>', runbook: 'https://wiki.example.com/a' },
    { mention: null, runbook: 'javascript:alert(1)' },
  ];

  test('are each called once, and their runbooks come first among the links', () => {
    const alert = compose({ owners });
    expect(alert.mentions).toEqual(['<@U0ANNA>', '<!subteam^S0DATA>']);
    expect(alert.links.slice(0, 2)).toEqual([
      { label: 'Runbook', url: 'https://wiki.example.com/a' },
      { label: 'Runbook 2', url: 'https://wiki.example.com/b' },
    ]);
    expect(alert.links.map(({ label }) => label)).toEqual(['Runbook', 'Runbook 2', 'Job', 'Dataset']);
  });

  test('are told of a notice as well', () => {
    expect(compose({ content: notice, owners, severity: 'error' })).toMatchObject({
      mentions: ['<@U0ANNA>', '<!subteam^S0DATA>'],
      links: [{ label: 'Runbook' }, { label: 'Runbook 2' }],
    });
  });

  test('are not called for good news that stands alone', () => {
    expect(compose({ content: completedContent(), owners }).mentions).toEqual([]);
  });
});

test('a notice can bring its own tone, fields and links', () => {
  const content = {
    ...notice,
    kind: 'notice' as const,
    title: '128 jobs completed',
    text: '',
    occurredAtMs: 0,
    tone: 'good' as const,
    fields: [
      { label: 'Slowest', value: 'materialize-view\n(2 h)' },
      { label: 'Empty', value: ' ' },
    ],
    links: [
      { label: 'Report', url: 'https://example.com/report' },
      { label: 'Bad', url: 'javascript:alert(1)' },
    ],
  };
  expect(compose({ content, severity: 'critical' })).toMatchObject({
    tone: 'good',
    text: null,
    fields: [{ label: 'Slowest', value: 'materialize-view\n(2 h)', source: 'event' }],
    links: [{ label: 'Report', url: 'https://example.com/report' }],
  });
});

describe('the relay about itself', () => {
  test('says in one sentence what is wrong, and about what', () => {
    const alert = compose({ content: relayContent(), links: { job: 'https://example.com/{{ job.id }}' } });
    expect(alert).toMatchObject({
      tone: 'bad',
      title: 'destination data-eng takes nothing: channel_not_found',
      excerpt: null,
      links: [],
      occurredAt: '2026-03-02T09:12:00Z',
    });
    expect(alert.fields.map(({ label, value }) => `${label}: ${value}`)).toEqual([
      'About: data-eng',
      'Topic: destination-parked',
      'Began at: 2026-03-02 09:12:00 UTC',
    ]);
  });

  test('and when it is over', () => {
    const content = relayContent({ state: 'completed', detail: 'destination data-eng takes alerts again' });
    const alert = compose({ content, incident: recovered({ firstSaid: null, lastSaid: null }) });
    expect(alert).toMatchObject({ tone: 'good', title: 'destination data-eng takes alerts again' });
    expect(statusText(alert.status ?? [])).toBe('Over after 42 min');
    expect(alert.fields).toContainEqual({ label: 'Over at', value: '2026-03-02 09:12:00 UTC', source: 'event' });
  });
});
