/** What people read of a connector's event by default. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { composeAlert } from '../../src/destination/alert.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { delivery, eventContent } from './example-delivery.ts';

const { render } = createTemplates();
const example = (name: string) => readFileSync(`test/fixtures/narrative/${name}.json`, 'utf8');

function alertOf(body: string) {
  return composeAlert(delivery({ content: eventContent(body) }), String, render).alert;
}

function failedWith(payload: unknown) {
  return alertOf(JSON.stringify({ eventType: 'facebook.audience.delivery.failed', payload })).excerpt;
}

describe('the default alert', () => {
  test.each(['app-event', 'app-event-wrapped'])('of %s names connector, profile, connection and dataset', (name) => {
    const alert = alertOf(example(name));
    expect(alert).toMatchObject({
      tone: 'good',
      title: 'Facebook audience delivery completed · dataset 10736',
      excerpt: null,
      occurredAt: '2025-04-29T16:12:45.123456Z',
      links: [{ label: 'Dataset', url: 'https://app.narrative.io/platform/my-data/dataset/10736#overview' }],
    });
    expect(alert.fields.map(({ label, value }) => `${label}: ${value}`)).toEqual([
      'Dataset: 10736',
      'Completed at: 2025-04-29 16:12:45 UTC',
      'Connector: Facebook (app 8)',
      'Profile: 9a7c9a52-1d8e-4f6c-8a3b-5b1f6c2d7e88',
      'Connection: b0a9d3c2-52ff-4a0c-9d0c-6f8be4d4c111',
      'Subscription: production',
    ]);
  });

  test('of a failed one is bad news, with the words of the connector', () => {
    const { events } = JSON.parse(example('apps-events-request')) as { events: unknown[] };
    expect(alertOf(JSON.stringify(events[1]))).toMatchObject({
      tone: 'bad',
      title: 'Yahoo! taxonomy delivery failed · dataset 10736',
      excerpt: 'the segment was refused',
    });
  });

  test('calls a connector that we don’t know by the name in its events', () => {
    const alert = alertOf('{"eventType":"new_thing.sync.failed","context":{"datasetId":10801}}');
    expect(alert.title).toBe('new_thing sync failed · dataset 10801');
    expect(alert.fields).toContainEqual({ label: 'Connector', value: 'new_thing', source: 'event' });
  });
});

describe('the excerpt', () => {
  test.each([
    ['message', { code: 2650, message: 'the audience was deleted' }, 'the audience was deleted'],
    ['error', { error: 'expired' }, 'expired'],
    ['reason', { rows: 0, reason: 'no rows matched' }, 'no rows matched'],
    ['another spelling', { errorMessage: 'expired' }, 'expired'],
    ['an error within an error', { error: { code: 190, error: { message: 'token expired' } } }, 'token expired'],
    ['the first of several errors', { errors: [{ message: 'row 1 has no id' }, { message: 'row 2' }] }, 'row 1 has no id'],
    ['errors that are text', { errors: ['row 1 has no id', 'row 2'] }, 'row 1 has no id'],
    ['a payload that is text', 'token expired', 'token expired'],
  ])('quotes %s', (_what, payload, said) => {
    expect(failedWith(payload)).toBe(said);
  });

  test('lists the values there are, where none is called an error, with every digit', () => {
    const payload = JSON.parse('{"audience_id":"23851234567890123","stats":{"rows":0,"ids":[1,2]},"note":null}') as unknown;
    expect(failedWith(payload)).toBe('audience_id: 23851234567890123\nstats.rows: 0');
    const body = '{"eventType":"facebook.audience.delivery.failed","payload":{"job":1724919539450264601}}';
    expect(alertOf(body).excerpt).toBe('job: 1724919539450264601');
  });

  test('stays short and clean whatever the payload holds', () => {
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key\u202e${i}`, 'v\0'.repeat(9_000)]));
    const deep = JSON.parse(`${'{"error":'.repeat(2_000)}"x"${'}'.repeat(2_000)}`) as unknown;
    for (const payload of [wide, deep, { message: 'm'.repeat(50_000) }, { message: '<!channel>\u202e' }]) {
      const excerpt = failedWith(payload) ?? '';
      expect(excerpt.length).toBeLessThan(2_200);
      expect(excerpt).not.toMatch(/[\0\u202e]/);
    }
  });

  test.each([[null], [{}], [[]], ['']])('is left out where the payload is %j', (payload) => {
    expect(failedWith(payload)).toBeNull();
  });
});
