/** What connectors tell of: read alike in every form, and routed by what it says. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AppEvent } from '../../src/event/event.ts';
import { idempotencyKey } from '../../src/event/idempotency.ts';
import { parseBody, parseWire } from '../../src/event/parse.ts';
import type { JsonObject, JsonValue } from '../../src/event/json.ts';
import { nodeHash } from '../../src/node/ports.ts';
import { readRulesFolder } from '../../src/node/rules-folder.ts';
import { loadRules } from '../../src/rules/load.ts';
import type { Routable } from '../../src/rules/plan.ts';
import { anySecret, matching } from '../rules/support.ts';

const example = (name: string) => readFileSync(`test/fixtures/narrative/${name}.json`);

function appIn(body: JsonValue): AppEvent {
  const parsed = parseWire(body);
  if (parsed.kind !== 'event' || parsed.event.kind !== 'app') throw new Error(`no app event: ${JSON.stringify(parsed)}`);
  return parsed.event;
}

const arriving = (narrative: AppEvent): Routable => ({ subscription: 'production', narrative });
const shipped = loadRules(readRulesFolder('rules'), anySecret);
if (!shipped.ok) throw new Error('the shipped rules do not load');
const { plan } = shipped.rules;

const documented = {
  type: 'facebook.audience.delivery.completed',
  company_id: '42',
  created_at: '2025-04-29T16:12:45.123456Z',
  app: {
    id: 8,
    connector: 'facebook',
    name: 'Facebook',
    category: 'audience.delivery',
    status: 'completed',
    profile_id: '9a7c9a52-1d8e-4f6c-8a3b-5b1f6c2d7e88',
    connection_id: 'b0a9d3c2-52ff-4a0c-9d0c-6f8be4d4c111',
    dataset_id: '10736',
    payload: { audience_id: '23851234567890123', delivered_rows: 184220 },
  },
};

describe('the documented examples', () => {
  test.each(['app-event', 'app-event-wrapped'])('%s says the same in its form', (name) => {
    const parsed = parseBody(example(name));
    expect(parsed).toMatchObject({
      kind: 'event',
      event: { kind: 'app', ...documented },
      deliveryKeys: { idempotencyKey: 'c5d4e3f2-2b3a-4c5d-8e6f-7a8b9c0d1e2f', webhookEventId: null },
    });
  });

  const { events } = JSON.parse(example('apps-events-request').toString()) as { events: JsonObject[] };

  test('each event of what is posted to /apps/events is one by itself', () => {
    expect(appIn(events[0]!)).toMatchObject(documented);
    expect(appIn(events[1]!)).toMatchObject({
      type: 'yahoo.taxonomy.delivery.failed',
      created_at: '2025-04-29T16:15:22.789012Z',
      app: { id: 16, name: 'Yahoo!', category: 'taxonomy.delivery', status: 'failed', payload: { message: expect.any(String) } },
    });
  });

  test('that whole list is no single event, and is kept rather than taken for one', () => {
    expect(parseBody(example('apps-events-request')).kind).toBe('unknown');
  });

  test('the shipped rules page for the failed one, and see no news in the completed one', () => {
    const failed = plan(arriving(appIn(events[1]!)));
    expect(failed.rules).toEqual(['connector-failures']);
    expect(failed.deliveries.map(({ destination }) => destination)).toEqual(['oncall', 'data-eng']);
    expect(failed.subject).toBe('app/yahoo/0c7d1f5e-63b5-4a08-8f3d-2f9e5a1b6c22');
    expect(plan(arriving(appIn(events[0]!))).deliveries).toEqual([]);
  });
});

describe('the forms', () => {
  const eventType = 'facebook.audience.delivery.failed';
  const inCamelCase = {
    eventType,
    idempotencyKey: 'key-1',
    eventTimestamp: '2026-03-02T11:30:00',
    context: { companyId: 1, connectionId: 'c1', datasetId: 20117, profileId: 'p1' },
    payload: { message: 'gone' },
  };
  const inSnakeCase = {
    event_type: eventType,
    idempotency_key: 'key-1',
    event_timestamp: '2026-03-02T11:30:00',
    context: { company_id: '1', connection_id: 'c1', dataset_id: '20117', profile_id: 'p1' },
    payload: { message: 'gone' },
  };
  const { eventType: _, ...untyped } = inCamelCase;
  const facts = {
    type: eventType,
    company_id: '1',
    created_at: '2026-03-02T11:30:00Z',
    app: { status: 'failed', connection_id: 'c1', dataset_id: '20117', profile_id: 'p1', payload: { message: 'gone' } },
  };

  test.each<[string, JsonObject]>([
    ['camelCase', inCamelCase],
    ['snake_case', inSnakeCase],
    ['wrapped values', { ...inCamelCase, eventType: { value: eventType }, payload: { value: { message: 'gone' } } }],
    ['its type at the top', { ...untyped, type: eventType }],
    ['an envelope around it, in data', { id: 'whe-1', type: eventType, created_at: '2026-03-02T11:31:00', data: inSnakeCase }],
    ['an envelope that alone has the type', { id: 'whe-1', type: eventType, data: untyped }],
    ['an envelope around it, in payload', { webhookEventId: 'whe-1', eventType, payload: inCamelCase }],
    [
      'an envelope with wrapped values',
      { webhookEventId: 'whe-1', payload: { value: { ...inCamelCase, eventType: { value: eventType } } } },
    ],
  ])('%s: all say the same, with the same key', (_form, body) => {
    expect(appIn(body)).toMatchObject(facts);
    expect(parseWire(body)).toMatchObject({ deliveryKeys: { idempotencyKey: 'key-1' } });
  });

  test('an envelope’s own key comes first, and its ids are those of the webhook event', () => {
    const body = {
      webhookEventId: 'whe-1',
      webhookSubscriptionId: 'sub-1',
      idempotencyKey: 'delivery-1',
      eventType,
      payload: inCamelCase,
    };
    expect(parseWire(body)).toMatchObject({ deliveryKeys: { idempotencyKey: 'delivery-1', webhookEventId: 'whe-1' } });
    expect(appIn(body)).toMatchObject({ narrative_id: 'whe-1', subscription_id: 'sub-1' });
  });

  test('ids that stand beside the message, without a context, are found', () => {
    const body = { id: 'whe-1', type: eventType, data: { connection_id: 'c1', dataset_id: 20117, message: 'gone' } };
    expect(appIn(body).app).toMatchObject({ connection_id: 'c1', dataset_id: '20117', payload: { message: 'gone' } });
  });

  test('a payload may hold anything, types and data of its own too', () => {
    const payload = { type: 's3.audience.delivery.completed', data: { connection_id: 'other' }, reason: 'x' };
    expect(appIn({ eventType, context: { connectionId: 'c1' }, payload, data: { type: 's3.a.b' } })).toMatchObject({
      type: eventType,
      app: { connector: 'facebook', connection_id: 'c1', payload },
    });
    expect(appIn({ eventType, payload })).toMatchObject({ type: eventType, app: { connection_id: null, payload } });
  });

  const job = { job_id: 'job-1', state: 'failed', type: 'datasets_deliver_data', idempotency_key: 'of-the-job' };

  test.each<[string, JsonValue]>([
    ['as it is', job],
    ['wrapped', { value: job }],
  ])('a payload that looks like a job, %s, makes no job event of it', (_how, payload) => {
    expect(parseWire({ ...inCamelCase, payload })).toMatchObject({ deliveryKeys: { idempotencyKey: 'key-1' } });
    expect(appIn({ ...inCamelCase, payload })).toMatchObject({ type: eventType, app: { connection_id: 'c1', payload: job } });
    expect(appIn({ ...untyped, type: eventType, job, payload: { message: 'gone' } })).toMatchObject(facts);
  });

  test.each(['job.failed', 'job.status.failed'])('with the type %s it is a job, though it has a context', (type) => {
    const body = { webhookEventId: 'whe-1', eventType: type, context: { companyId: 1 }, payload: job };
    expect(parseWire(body)).toMatchObject({ event: { kind: 'job', type, job: { id: 'job-1' } } });
  });

  test('a job in a payload without a context is a job, whatever its event is called', () => {
    expect(parseWire({ eventType, payload: job })).toMatchObject({ event: { kind: 'job', job: { id: 'job-1' } } });
  });

  test('the time it happened counts, not when the webhook was made', () => {
    const body = { id: 'whe-1', created_at: '2026-03-02T12:00:00', data: inCamelCase };
    expect(appIn(body).created_at).toBe('2026-03-02T11:30:00Z');
    expect(appIn({ eventType, created_at: '2026-03-02T12:00:00' }).created_at).toBe('2026-03-02T12:00:00Z');
  });
});

describe('types', () => {
  test('a category that is new to us is kept, with however many dots', () => {
    expect(appIn({ eventType: 'facebook.audience.delivery.partial.failed' }).app).toMatchObject({
      category: 'audience.delivery.partial',
      status: 'failed',
    });
    expect(appIn({ eventType: 'facebook.sync.failed' }).app).toMatchObject({ category: 'sync', status: 'failed' });
  });

  test.each(['facebook.failed', 'facebook', 'job.failed', 'job.status.failed', '.audience.failed', 'facebook.audience.', ''])(
    '%j is none of a connector: kept in quarantine',
    (eventType) => {
      expect(parseWire({ eventType, context: { connectionId: 'c1' } }).kind).toBe('unknown');
    },
  );
});

describe('connectors', () => {
  test.each([
    ['s3', 7, 'S3'],
    ['facebook', 8, 'Facebook'],
    ['the_trade_desk', 11, 'The Trade Desk'],
    ['thetradedesk', 11, 'The Trade Desk'],
    ['TheTradeDesk', 11, 'The Trade Desk'],
    ['google-dv360', 13, 'Google DV360'],
    ['dv360', 13, 'Google DV360'],
    ['google_ads', 14, 'Google Ads'],
    ['dv360_customer_match', 15, 'DV360 Customer Match'],
    ['yahoo', 16, 'Yahoo!'],
    ['hugging_face', 17, 'Hugging Face'],
    ['magnite', 18, 'Magnite'],
    ['new_thing', null, 'new_thing'],
    ['constructor', null, 'constructor'],
  ])('%s is app %s, %s', (connector, id, name) => {
    expect(appIn({ eventType: `${connector}.audience.delivery.failed` }).app).toMatchObject({ id, connector, name });
  });

  test('an id in the event counts more than the name, be it a number or a UUID', () => {
    const uuid = '32b83061-e41b-4789-8d62-f1d4f1faf07e';
    const eventType = 'mine.audience.delivery.failed';
    expect(appIn({ eventType, appId: 8 }).app).toMatchObject({ id: 8, name: 'Facebook' });
    expect(appIn({ eventType, context: { app_id: '18' } }).app).toMatchObject({ id: 18, name: 'Magnite' });
    expect(appIn({ eventType, app_id: uuid }).app).toMatchObject({ id: uuid, name: 'mine' });
  });
});

describe('rules match', () => {
  const event = (over: JsonObject = {}) =>
    arriving(
      appIn({ eventType: 'facebook.audience.delivery.failed', context: { datasetId: 10736, connectionId: 'c1' }, ...over }),
    );

  test('app ids, event types, datasets and states', () => {
    const rules = {
      'app-ids': '{ app_ids: [8] }',
      'other-app': '{ app_ids: [7, 11] }',
      'event-types': '{ event_types: ["*.audience.delivery.failed"] }',
      'other-types': '{ event_types: ["facebook.taxonomy.*"] }',
      datasets: '{ dataset_ids: [10736] }',
      states: '{ states: [failed] }',
      completed: '{ states: [completed] }',
      jobs: '{ kind: job }',
      name: `{ when: 'app.name == "Facebook"' }`,
    };
    expect(matching(rules, event())).toEqual(['app-ids', 'event-types', 'datasets', 'states', 'name']);
  });

  test('an app id that is no number', () => {
    const uuid = '32b83061-e41b-4789-8d62-f1d4f1faf07e';
    expect(matching({ mine: `{ app_ids: ["${uuid}"] }` }, event({ app_id: uuid }))).toEqual(['mine']);
  });

  test.each<[string, JsonObject, string]>([
    ['connection', { connectionId: 'c1', profileId: 'p1', datasetId: 7, companyId: 1 }, 'app/facebook/c1'],
    ['profile', { profileId: 'p1', datasetId: 7, companyId: 1 }, 'app/facebook/p1'],
    ['dataset', { datasetId: 7, companyId: 1 }, 'app/facebook/7'],
    ['company', { companyId: 1 }, 'app/facebook/1'],
  ])('the subject is the %s, where nothing more exact is said', (_what, context, subject) => {
    expect(plan(event({ context })).subject).toBe(subject);
  });
});

describe('the idempotency key', () => {
  const keyOf = (wire: JsonObject, header: string | null = null) => {
    const body = Buffer.from(JSON.stringify(wire));
    const parsed = parseBody(body);
    if (parsed.kind !== 'event') throw new Error(parsed.kind);
    return idempotencyKey(nodeHash, { ...parsed, header, subscription: 'production', body });
  };
  const eventType = 'facebook.audience.delivery.failed';

  test('is the body’s, else the header’s, else the webhook event’s id, else that of the bytes', () => {
    expect(keyOf({ eventType, id: 'whe-1', idempotencyKey: { value: 'k' } }, 'h')).toBe('k');
    expect(keyOf({ eventType, id: 'whe-1' }, 'h')).toBe('h');
    expect(keyOf({ eventType, id: 'whe-1' })).toBe('whe-1');
    expect(keyOf({ eventType, payload: 1 })).toBe(keyOf({ eventType, payload: 1 }));
    expect(keyOf({ eventType, payload: 1 })).not.toBe(keyOf({ eventType, payload: 2 }));
  });
});
