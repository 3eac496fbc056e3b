/** What is asked of Narrative's API, and what is read from its answers in either spelling. */
import { afterEach, describe, expect, test } from 'vitest';
import { stringifyJson } from '../../src/event/json.ts';
import { clientOf, fixture, json, serveReplies, token, type ApiServer, type Reply } from './api-server.ts';

let server: ApiServer;
afterEach(() => server.close());

async function answering(...replies: Reply[]) {
  server = await serveReplies(...replies);
  return clientOf(server.url).api;
}

const list = (...entries: object[]) => answering(json(200, entries));
const least = { id: 'sub-1', url: 'https://relay.example.com/webhooks/narrative' };

describe('a request', () => {
  test('carries the token and says who asks', async () => {
    await (await answering(json(200, []))).listSubscriptions();
    expect(server.asked[0]).toMatchObject({ method: 'GET', path: '/webhooks' });
    expect(server.asked[0]!.headers).toMatchObject({
      authorization: `Bearer ${token}`,
      'user-agent': 'narrative-relay/1.2.3',
    });
  });

  test('goes below the path of the URL, with or without a slash at its end', async () => {
    server = await serveReplies(json(200, []));
    await clientOf(`${server.url}/narrative/`).api.listSubscriptions();
    expect(server.asked[0]!.path).toBe('/narrative/webhooks');
  });

  test('has an id as one segment of its path, whatever is in it', async () => {
    const api = await answering(json(200, {}));
    for (const id of ['a/../b', 'a?b#c', '%2e%2e', '\ud800']) await api.getJob(id);
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/jobs/a%2F..%2Fb',
      '/jobs/a%3Fb%23c',
      '/jobs/%252e%252e',
      '/jobs/%EF%BF%BD',
    ]);
  });

  test.each(['', '.', '..'])('is not made for the id %j, which would lead elsewhere', async (id) => {
    const api = await answering(json(200, {}));
    for (const answer of [await api.showSubscription(id), await api.archiveSubscription(id), await api.getJob(id)]) {
      expect(answer).toMatchObject({ ok: false, failure: { kind: 'not-found' } });
    }
    expect(server.asked).toEqual([]);
  });
});

describe("Narrative's clock", () => {
  // Ours shows 2026-03-02T00:00:00Z.
  test.each([
    ['Mon, 02 Mar 2026 00:02:00 GMT', 120_000],
    ['Sun, 01 Mar 2026 22:00:00 GMT', -7_200_000],
    ['Sunday, 01-Mar-26 22:00:00 GMT', -7_200_000],
    ['soon', null],
  ])('is told by each answer, a refusal included: %s', async (date, ahead) => {
    const api = await answering(json(401, {}, { date }));
    expect(api.clockAheadMs()).toBeNull();
    await api.listSubscriptions();
    expect(api.clockAheadMs()).toBe(ahead);
  });

  test.each([
    ['0', -7_200_000],
    ['7200', null],
  ])('is not told by an answer that a cache has kept: for %s s', async (age, ahead) => {
    const api = await answering(json(200, [], { date: 'Sun, 01 Mar 2026 22:00:00 GMT', age }));
    await api.listSubscriptions();
    expect(api.clockAheadMs()).toBe(ahead);
  });
});

describe('subscriptions', () => {
  test('listed as the knowledge base shows them, where no status means active', async () => {
    const api = await answering(json(200, fixture('subscriptions-list')));
    const answer = await api.listSubscriptions();
    expect(answer.ok && answer.value).toMatchObject([
      {
        id: '550e8400-e29b-41d4-a716-446655440000',
        name: null,
        kind: 'jobs',
        status: 'active',
        companyId: '123',
        filter: { jobIds: null, jobTypes: ['materialize-view'], states: ['pending', 'running', 'completed'] },
        appId: null,
        createdAt: '2025-01-21T16:12:45.123456Z',
      },
      { kind: 'app', appId: '8', name: 'facebook_connector_monitoring', filter: { jobIds: null, jobTypes: null, states: null } },
      { kind: 'app', appId: '11' },
    ]);
  });

  test.each(['records', 'data', 'subscriptions'])('listed within %s', async (name) => {
    const api = await answering(json(200, { [name]: [least] }));
    expect(await api.listSubscriptions()).toMatchObject({ ok: true, value: [{ id: 'sub-1' }] });
  });

  test('shown with what was delivered', async () => {
    const api = await answering(json(200, fixture('subscription-shown')));
    expect(await api.showSubscription('550e8400-e29b-41d4-a716-446655440000')).toMatchObject({
      ok: true,
      value: {
        id: '550e8400-e29b-41d4-a716-446655440000',
        eventsSent: 42,
        lastEventSentAt: '2025-01-22T09:30:15.654321Z',
        deliveries: {
          successful: 40,
          failed: 2,
          lastSuccessfulAt: '2025-01-22T09:30:15.654321Z',
          lastFailedAt: '2025-01-21T23:05:01.000001Z',
        },
      },
    });
    expect(server.asked[0]!.path).toBe('/webhooks/550e8400-e29b-41d4-a716-446655440000');
  });

  test('shown in camelCase', async () => {
    const api = await answering(
      json(200, {
        ...least,
        eventsSent: '7',
        lastEventSentAt: '2025-01-22T09:30:15',
        deliveryStats: { successfulDeliveries: 6, failedDeliveries: 1, lastFailedDeliveryAt: null },
      }),
    );
    expect(await api.showSubscription('sub-1')).toMatchObject({
      value: {
        eventsSent: 7,
        lastEventSentAt: '2025-01-22T09:30:15Z',
        deliveries: { successful: 6, failed: 1, lastSuccessfulAt: null, lastFailedAt: null },
      },
    });
  });

  test('shown without any statistics have none', async () => {
    const api = await answering(json(200, fixture('subscription-created-camel')));
    expect(await api.showSubscription('3fa85f64-5717-4562-b3fc-2c963f66afa6')).toMatchObject({
      value: { eventsSent: null, lastEventSentAt: null, deliveries: null },
    });
  });

  test('made for jobs, answered in camelCase with a secret', async () => {
    const api = await answering(json(200, fixture('subscription-created-camel')));
    const { url } = least;
    const jobTypes = ['forecast'];
    const answer = await api.createSubscription({ kind: 'jobs', url, name: 'prod', jobIds: null, jobTypes, states: ['failed'] });
    expect(server.asked[0]).toMatchObject({ method: 'POST', path: '/webhooks' });
    expect(JSON.parse(server.asked[0]!.body)).toEqual({
      type: 'webhook_subscription_jobs',
      url,
      name: 'prod',
      job_types: ['forecast'],
      states: ['failed'],
    });
    expect(answer).toEqual({
      ok: true,
      value: {
        id: '3fa85f64-5717-4562-b3fc-2c963f66afa6',
        name: null,
        kind: 'jobs',
        status: 'active',
        url: 'https://webhooks.mycompany.com/events',
        companyId: '42',
        filter: {
          jobIds: ['d35a12c1-7a2f-46b9-8d60-9e0a2a84c205', '9a3cf334-4c6d-4d3f-a7d6-22b6e6f2ac1b'],
          jobTypes: ['forecast', 'materialized-view'],
          states: ['pending', 'running', 'completed'],
        },
        appId: null,
        createdAt: '2025-04-29T16:12:45.123456Z',
        updatedAt: '2025-04-29T16:12:45.123456Z',
        secret: '8b6dba8c-9a8b-4a3a-8469-9dc7a33c3e17',
      },
    });
  });

  test('made for an app, answered in snake_case', async () => {
    const api = await answering(json(201, fixture('subscription-created-snake')));
    const answer = await api.createSubscription({ kind: 'app', url: least.url, name: null, appId: '8' });
    expect(JSON.parse(server.asked[0]!.body)).toEqual({ type: 'webhook_subscription_app', app_id: '8', url: least.url });
    expect(answer).toMatchObject({ value: { secret: '8b6dba8c-9a8b-4a3a-8469-9dc7a33c3e17' } });
  });

  test('made, but told without a secret, have none', async () => {
    const api = await answering(json(200, least));
    const wanted = { kind: 'app', url: least.url, name: null, appId: '8' } as const;
    expect(await api.createSubscription(wanted)).toMatchObject({ ok: true, value: { secret: null } });
  });

  test.each([200, 204])('archived by an answer of %i', async (status) => {
    const api = await answering((response) => void response.writeHead(status).end());
    expect(await api.archiveSubscription('sub-1')).toEqual({ ok: true, value: null });
    expect(server.asked[0]).toMatchObject({ method: 'DELETE', path: '/webhooks/sub-1' });
  });
});

describe('a field of a subscription', () => {
  const filterOf = async (fields: object) => {
    const answer = await (await list({ ...least, ...fields })).listSubscriptions();
    return answer.ok && answer.value[0]!.filter;
  };

  test.each([
    ['job_ids', 'jobIds'],
    ['jobIds', 'jobIds'],
    ['job_types', 'jobTypes'],
    ['jobTypes', 'jobTypes'],
    ['states', 'states'],
    ['job_states', 'states'],
    ['jobStates', 'states'],
  ])('%s is a filter', async (written, meant) => {
    const none = { jobIds: null, jobTypes: null, states: null };
    expect(await filterOf({ [written]: ['x', 7] })).toEqual({ ...none, [meant]: ['x', '7'] });
  });

  test.each([undefined, null, []])('that is a filter of %j filters nothing', async (value) => {
    expect(await filterOf({ job_ids: value, jobTypes: value, states: value })).toEqual({
      jobIds: null,
      jobTypes: null,
      states: null,
    });
  });

  test('that is an id may be a number, of any length', async () => {
    const api = await answering(json(200, `[{"id":1724919539450264601,"url":"https://x.example","company_id":42,"app_id":8}]`));
    expect(await api.listSubscriptions()).toMatchObject({
      value: [{ id: '1724919539450264601', companyId: '42', kind: 'app', appId: '8' }],
    });
  });

  test.each([
    [
      { type: 'webhook_subscription_jobs', app_id: 8 },
      { kind: 'jobs', appId: null },
    ],
    [{ type: 'webhook_subscription_app' }, { kind: 'app', appId: null }],
    [
      { type: 'new_kind', appId: '8' },
      { kind: 'app', appId: '8' },
    ],
    [
      { app_id: 8, states: ['failed'] },
      { kind: 'app', filter: { jobIds: null, jobTypes: null, states: null } },
    ],
    [{}, { kind: 'jobs', appId: null }],
  ])('tells its kind: %j', async (fields, expected) => {
    expect(await (await list({ ...least, ...fields })).listSubscriptions()).toMatchObject({ value: [expected] });
  });

  test('that is an unknown status is kept', async () => {
    const api = await list({ ...least, status: 'paused' });
    expect(await api.listSubscriptions()).toMatchObject({ value: [{ status: 'paused' }] });
  });
});

describe('one odd entry does not keep from the others', () => {
  test.each([
    '7',
    '{"id":"app","url":null,"app_id":8}',
    '{"type":"webhook_subscription_new","subscription":{"id":"x"}}',
    '{"id":"a","url":"https://a.example","states":"failed"}',
  ])('among subscriptions, where it is left out: %s', async (odd) => {
    const api = await answering(json(200, `[${odd},${JSON.stringify(least)}]`));
    expect(await api.listSubscriptions()).toMatchObject({ ok: true, value: [{ id: 'sub-1' }] });
  });

  test('among jobs, where it stands as it is, for others are counted from the first', async () => {
    const records = [null, 'x', [], {}];
    const api = await answering(json(200, JSON.stringify({ records })));
    expect(await api.listJobs({ perPage: 9, offset: 0 })).toEqual({ ok: true, value: { records, totalRecords: null } });
  });
});

describe('jobs', () => {
  test('are asked for by every field of the query', async () => {
    const api = await answering(json(200, { records: [] }));
    await api.listJobs({
      state: 'failed',
      type: 'a&b',
      datasetId: '1',
      dataPlaneId: 'dp',
      orderBy: 'created_at_asc',
      perPage: 500,
      offset: 1000,
    });
    expect(server.asked[0]!.path).toBe(
      '/jobs?state=failed&type=a%26b&dataset_id=1&data_plane_id=dp&order_by=created_at_asc&per_page=500&offset=1000',
    );
  });

  test('come a page at a time, every digit kept', async () => {
    const api = await answering(json(200, fixture('jobs-page')));
    const answer = await api.listJobs({ perPage: 100, offset: 0 });
    expect(server.asked[0]!.path).toBe('/jobs?per_page=100&offset=0');
    expect(answer).toMatchObject({
      ok: true,
      value: { totalRecords: 2, records: [{ state: 'failed' }, { state: 'completed' }] },
    });
    expect(answer.ok && stringifyJson(answer.value.records[1])).toContain('"snapshot_id":1724919539450264600,');
  });

  test.each([
    ['{"records":[{}],"totalRecords":9}', 9],
    ['{"records":[{}]}', null],
    ['[{}]', null],
  ])('of %s are %j in all', async (body, totalRecords) => {
    const answer = await (await answering(json(200, body))).listJobs({ perPage: 1, offset: 0 });
    expect(answer).toEqual({ ok: true, value: { records: [{}], totalRecords } });
  });

  test('are had singly, as Narrative writes them', async () => {
    const api = await answering(json(200, fixture('job')));
    const answer = await api.getJob('2a5b9ad7-dc8f-47bb-8e62-843a38f8054c');
    expect(server.asked[0]!.path).toBe('/jobs/2a5b9ad7-dc8f-47bb-8e62-843a38f8054c');
    expect(answer.ok && `${stringifyJson(answer.value, 2)}\n`).toBe(fixture('job'));
  });
});

describe('an answer of another shape is told by its field', () => {
  test.each([
    ['{"id":"x"}', 'no list of subscriptions'],
    ['[{"url":"https://b.example"},{"id":"a"}]', 'in entry 0, id is missing'],
    ['[{"id":"a"}]', 'in entry 0, url is missing'],
    ['[7]', 'in entry 0, it is no object'],
    ['[{"id":"a","url":"https://a.example","status":{}}]', 'in entry 0, status is no text'],
    ['[{"id":"a","url":"https://a.example","jobStates":"failed"}]', 'in entry 0, states is no list'],
    ['[{"id":"a","url":"https://a.example","job_types":["x",{}]}]', 'in entry 0, job_types[1] is no text'],
  ])('%s', async (body, why) => {
    const answer = await (await answering(json(200, body))).listSubscriptions();
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'unexpected', detail: expect.stringContaining(why) } });
  });

  test('a page of jobs that is none', async () => {
    const api = await answering(json(200, '{"jobs":[]}'));
    const failure = { detail: expect.stringContaining('"records"') };
    expect(await api.listJobs({ perPage: 1, offset: 0 })).toMatchObject({ failure });
  });

  test('the name of a prototype is no field', async () => {
    const api = await answering(json(200, '[{"__proto__":{"id":"x","url":"https://x.example"}}]'));
    expect(await api.listSubscriptions()).toMatchObject({ failure: { detail: expect.stringContaining('id is missing') } });
  });
});
