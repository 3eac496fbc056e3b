/** Both wire forms, and the traps of Narrative's documents, each held by a test. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AppEvent, JobEvent } from '../../src/event/event.ts';
import { stringifyJson } from '../../src/event/json.ts';
import { parseBody, type ParsedBody } from '../../src/event/parse.ts';

const fixture = (name: string) => readFileSync(`test/fixtures/events/${name}.json`);
const parse = (body: unknown) => parseBody(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

function jobOf(parsed: ParsedBody) {
  if (parsed.kind !== 'event' || parsed.event.kind !== 'job') throw new Error(JSON.stringify(parsed));
  return parsed as { kind: 'event'; event: JobEvent; deliveryKeys: (typeof parsed)['deliveryKeys'] };
}

function appOf(parsed: ParsedBody) {
  if (parsed.kind !== 'event' || parsed.event.kind !== 'app') throw new Error(JSON.stringify(parsed));
  return parsed as { kind: 'event'; event: AppEvent; deliveryKeys: (typeof parsed)['deliveryKeys'] };
}

const data = { job_id: 'job-1', state: 'failed', type: 'materialize-view' };

describe('job events', () => {
  test('the knowledge-base form', () => {
    const { event } = jobOf(parseBody(fixture('job-failed-kb')));
    expect(event).toMatchObject({ type: 'job.failed', narrative_id: '7f6f3b1e-4a52-4c0e-9b1b-5f0f3f3f9c11' });
    expect(event.job).toMatchObject({
      id: 'c1f2a9d4-0d2b-4b53-9a3e-2a6f6d1f9b10',
      state: 'failed',
      type: 'datasets_deliver_data',
      dataset_id: '10736',
      requested_by: 'Example User',
      duration: '1 h 12 min',
    });
    expect(event.job.failures).toHaveLength(3);
    expect(event.job.failures[0]!.message).toMatch(/Job aborted due to stage failure/);
  });

  test('the guide form, in camelCase', () => {
    const { event, deliveryKeys } = jobOf(parseBody(fixture('job-failed-guide')));
    expect(event).toMatchObject({
      type: 'job.failed',
      narrative_id: '0b9d2a6c-7f4f-4a83-8d9d-1f5c3e7a2b44',
      subscription_id: '5d0c7c1e-91e2-4cf6-8c55-d7a1f5a0be02',
      company_id: '1',
    });
    expect(event.job).toMatchObject({
      id: '3e0d4a55-6a0d-4a4f-8b55-0f6f0a7d9e21',
      type: 'models_deliver_model',
      dataset_id: '11020',
      requested_by: 'model-scheduler',
      duration_s: 114,
    });
    expect(deliveryKeys.idempotencyKey).toBe('5d0c7c1e-91e2-4cf6-8c55-d7a1f5a0be02:0b9d2a6c');
  });

  test('the example of the OpenAPI file', () => {
    const { event } = jobOf(parseBody(fixture('job-completed-openapi')));
    expect(event.job).toMatchObject({
      state: 'completed',
      dataset_id: '10736',
      requested_by: 'user 407',
      duration: '5 min 55 s',
    });
  });

  test('a state and a job type that are new to us are kept as they are', () => {
    const { event } = jobOf(parse({ id: 'e', data: { ...data, state: 'paused_for_review', type: 'quantum-join' } }));
    expect(event.job).toMatchObject({ state: 'paused_for_review', type: 'quantum-join' });
  });

  test('odd values in optional places cost nobody the alert', () => {
    const odd = {
      ...data,
      input: 'text',
      result: [1],
      failures: 'none',
      request_source: 7,
      created_at: {},
      dequeued_at: 'soon',
      executor: 1,
    };
    const { event } = jobOf(parse({ id: 'e', data: odd }));
    expect(event.job).toMatchObject({
      id: 'job-1',
      state: 'failed',
      dataset_id: null,
      failures: [],
      created_at: null,
      dequeued_at: null,
    });
  });
});

describe('trap 1: there are two idempotency keys', () => {
  test("the job's own key is never the delivery's", () => {
    const { event, deliveryKeys } = jobOf(parse({ id: 'event-1', data: { ...data, idempotency_key: 'of-the-job' } }));
    expect(deliveryKeys).toEqual({ idempotencyKey: null, webhookEventId: 'event-1' });
    expect(event.job.idempotency_key).toBe('of-the-job');
  });

  test('a bare job at the top level keeps its key to itself, too', () => {
    const { deliveryKeys } = jobOf(parse({ ...data, idempotency_key: 'of-the-job' }));
    expect(deliveryKeys.idempotencyKey).toBeNull();
  });

  test.each(['idempotency_key', 'idempotencyKey'])('a top-level %s is the delivery’s, wrapped or not', (name) => {
    expect(jobOf(parse({ [name]: 'of-this-delivery', data })).deliveryKeys.idempotencyKey).toBe('of-this-delivery');
    expect(jobOf(parse({ [name]: { value: 'of-this-delivery' }, data })).deliveryKeys.idempotencyKey).toBe('of-this-delivery');
  });
});

test('trap 2: an integer beyond 2^53 keeps every digit', () => {
  const { event } = jobOf(parseBody(fixture('job-completed-openapi')));
  expect((event.job.result as { snapshot_id: bigint }).snapshot_id).toBe(1724919539450264600n);
  const odd = jobOf(
    parse(`{"data":{"job_id":1724919539450264601,"state":"failed","type":"costs","input":{"dataset_id":9007199254740993}}}`),
  );
  expect(odd.event.job).toMatchObject({ id: '1724919539450264601', dataset_id: '9007199254740993' });
  expect(stringifyJson(odd.event.job.input)).toBe('{"dataset_id":9007199254740993}');
});

test('trap 3: a timestamp without a zone is UTC, and keeps its microseconds', () => {
  const { event } = jobOf(
    parse({ data: { ...data, updated_at: '2023-10-31T11:25:08.327209', ended_at: '2023-10-31T13:25:08+02:00' } }),
  );
  expect(event.job.updated_at).toBe('2023-10-31T11:25:08.327209Z');
  expect(event.job.ended_at).toBe('2023-10-31T11:25:08.000Z');
});

test('trap 7: a stack trace of 300 KB is read', () => {
  const trace = 'at org.example.Job.run(Job.scala:1)\n'.repeat(8_500);
  const { event } = jobOf(parse({ id: 'e', data: { ...data, failures: [{ message: 'broke', value: { stack_trace: trace } }] } }));
  expect((event.job.failures[0]!.value as { stack_trace: string }).stack_trace).toBe(trace);
});

describe('app events', () => {
  test('with {value: …} around type, key and payload', () => {
    const { event, deliveryKeys } = appOf(parseBody(fixture('app-failed')));
    expect(event).toMatchObject({
      type: 'facebook.audience.delivery.failed',
      company_id: '1',
      created_at: '2026-03-02T11:30:00Z',
    });
    expect(event.app).toMatchObject({
      id: 8,
      connector: 'facebook',
      category: 'audience.delivery',
      status: 'failed',
      dataset_id: '20117',
      connection_id: 'b0a9d3c2-52ff-4a0c-9d0c-6f8be4d4c111',
      payload: { audience_id: '23851234567890123' },
    });
    expect(deliveryKeys.idempotencyKey).toBe('4e8d8ac9-9d8a-4d65-bd7c-c0a6d3a4f1b7');
  });

  test('without the wrappers', () => {
    expect(appOf(parseBody(fixture('app-completed-plain'))).event.app).toMatchObject({ status: 'completed' });
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('of a connector that calls itself %s', (connector) => {
    expect(appOf(parse({ eventType: `${connector}.audience.delivery.failed` })).event.app).toMatchObject({ id: null, connector });
  });

  test('of a connector whose id we do not know', () => {
    expect(appOf(parse({ eventType: 'new_thing.taxonomy.delivery.completed' })).event.app).toMatchObject({
      id: null,
      connector: 'new_thing',
    });
    expect(appOf(parse({ eventType: 'new_thing.taxonomy.delivery.completed', appId: 42 })).event.app.id).toBe(42);
  });
});

describe('what is no event', () => {
  test.each([
    ['[]'],
    ['null'],
    ['"text"'],
    ['7'],
    ['{}'],
    ['{"data":{"job_id":"x"}}'],
    ['{"type":"job.failed"}'],
    ['{"data":[]}'],
  ])('%s is JSON of another kind', (body) => expect(parse(body).kind).toBe('unknown'));

  test.each([[''], ['{'], ['{"a":}'], ['not json'], ['{"a":1}x'], ['\u0000']])('%j is not JSON', (body) => {
    expect(parse(body).kind).toBe('not-json');
  });

  test('bytes that are no UTF-8 become replacement characters: one broken character loses no alert', () => {
    const body = Buffer.concat([
      Buffer.from('{"id":"e","data":{"job_id":"j","state":"failed","type":"costs","executor":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}}'),
    ]);
    expect(jobOf(parseBody(body)).event.job.executor).toBe('\ufffd\ufffd');
  });

  test('keys that are names of prototypes are data like any other', () => {
    const { event } = jobOf(
      parse(
        '{"id":"e","__proto__":{"company_id":"forged"},"data":{"job_id":"j","state":"failed","type":"costs","constructor":1}}',
      ),
    );
    expect(event.company_id).toBeNull();
    expect(({} as { company_id?: string }).company_id).toBeUndefined();
    expect(parse('{"__proto__":{"job_id":"j","state":"failed","type":"costs"}}').kind).toBe('unknown');
  });
});
