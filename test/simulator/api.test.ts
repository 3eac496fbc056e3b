/** The simulated API over real HTTP, as Narrative's documents describe it. */
import { describe, expect, test } from 'vitest';
import { beginning, endpoint, jobHappens, seed, stage, token } from './stage.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const zoneless = /^2026-03-02T03:04:05\.\d{6}$/;
const url = 'https://relay.example.com/webhooks/narrative';
const everything = { type: 'webhook_subscription_jobs', url };

describe('its token', () => {
  const paths = [
    ['GET', '/webhooks'],
    ['POST', '/webhooks'],
    ['GET', '/webhooks/x'],
    ['DELETE', '/webhooks/x'],
    ['GET', '/jobs'],
    ['GET', '/jobs/x'],
    ['GET', '/elsewhere'],
    ['POST', '/simulator/jobs'],
    ['POST', '/simulator/apps'],
    ['POST', '/simulator/faults'],
    ['GET', '/simulator/sent'],
  ] as const;

  test.each(paths)('is wanted for %s %s', async (method, path) => {
    const { simulator } = await stage();
    for (const authorization of [undefined, 'Bearer another-token', token, `Basic ${token}`]) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await fetch(simulator.url + path, { method, headers });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({ message: expect.stringContaining('token') });
    }
  });

  test('is not wanted to read what this is', async () => {
    const { simulator } = await stage();
    const answer = await fetch(simulator.url);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('POST /simulator/jobs');
  });
});

describe('a subscription', () => {
  test('is made with a secret that is shown once, and can be listed, shown and archived', async () => {
    const { call } = await stage();
    const filters = {
      job_ids: ['a0000000-0000-4000-8000-000000000001'],
      job_types: ['materialize-view', 'costs'],
      states: ['failed'],
    };
    const { status, body: created } = await call('POST', '/webhooks', { ...everything, name: 'failures', ...filters });
    expect(status).toBe(200);
    const { secret, ...listed } = created;
    expect(secret).toMatch(uuid);
    expect(listed).toEqual({
      id: expect.stringMatching(uuid),
      type: 'webhook_subscription_jobs',
      status: 'active',
      company_id: 1,
      name: 'failures',
      url,
      ...filters,
      created_at: expect.stringMatching(zoneless),
      updated_at: created.created_at,
    });
    expect((await call('GET', '/webhooks')).body).toEqual([listed]);
    expect((await call('GET', `/webhooks/${created.id}`)).body).toEqual({
      ...listed,
      events_sent: 0,
      last_event_sent_at: null,
      delivery_stats: {
        successful_deliveries: 0,
        failed_deliveries: 0,
        last_successful_delivery_at: null,
        last_failed_delivery_at: null,
      },
    });
    expect(await call('DELETE', `/webhooks/${created.id}`)).toMatchObject({ status: 204, body: undefined });
    expect((await call('GET', '/webhooks')).body).toEqual([
      { ...listed, status: 'archived', updated_at: expect.stringMatching(zoneless) },
    ]);
    expect((await call('DELETE', `/webhooks/${created.id}`)).status).toBe(204);
  });

  test('is told in the spelling of the OpenAPI file on request: with its secret each time, without name and type', async () => {
    const { call } = await stage({ spelling: 'camelCase' });
    const created = await call('POST', '/webhooks', { ...everything, name: 'failures', states: ['failed'] });
    expect(created.body).toEqual({
      id: expect.stringMatching(uuid),
      secret: expect.stringMatching(uuid),
      status: 'active',
      companyId: '1',
      jobStates: ['failed'],
      url,
      createdAt: expect.stringMatching(zoneless),
      updatedAt: expect.stringMatching(zoneless),
    });
    expect((await call('GET', '/webhooks')).body).toEqual([created.body]);
    expect((await call('GET', `/webhooks/${created.body.id}`)).body).toMatchObject({
      secret: created.body.secret,
      eventsSent: 0,
      deliveryStats: { successfulDeliveries: 0, failedDeliveries: 0 },
    });
    expect((await call('DELETE', `/webhooks/${created.body.id}`)).status).toBe(200);
  });

  test("of an app has that app's id, given as text or as a number, and no filters", async () => {
    const { call } = await stage();
    for (const app_id of ['8', 8]) {
      const { status, body } = await call('POST', '/webhooks', { type: 'webhook_subscription_app', url, app_id });
      expect(status).toBe(200);
      expect(body).toMatchObject({ type: 'webhook_subscription_app', app_id: '8' });
      expect(body).not.toHaveProperty('states');
    }
  });

  test('may have keys that nobody knows, and null for a filter', async () => {
    const { call } = await stage();
    const { status, body } = await call('POST', '/webhooks', { ...everything, states: null, name: null, color: 'green' });
    expect(status).toBe(200);
    expect(body.states).toBeNull();
  });

  test.each([
    ['of no type', { url }, /^type: /],
    ['of another type', { ...everything, type: 'webhook' }, /^type: /],
    ['without a URL', { type: everything.type }, /^url: /],
    ['whose URL is none', { ...everything, url: 'relay' }, /^url: must be an https URL/],
    ['whose URL is http to another machine', { ...everything, url: 'http://relay.example.com/' }, /^url: must be an https URL/],
    ['whose URL only begins like this machine', { ...everything, url: 'http://127.0.0.1.example.com/' }, /^url: /],
    ['of an unknown job type', { ...everything, job_types: ['costs', 'view'] }, /^job_types\.1: /],
    ['of an unknown state', { ...everything, states: ['broken'] }, /^states\.0: /],
    ['of a job id that is no UUID', { ...everything, job_ids: ['job-1'] }, /^job_ids\.0: must be a UUID/],
    ['whose filter is no list', { ...everything, states: 'failed' }, /^states: /],
    ['whose filter is empty', { ...everything, states: [] }, /^states: .*leave it out/],
    ['of an app without its id', { type: 'webhook_subscription_app', url }, /^app_id: /],
    ['that is no object', [], /./],
    ['that is no JSON', '{"type":', /^the body is no JSON/],
  ])('%s is refused with what is wrong, and not made', async (_what, wanted, message) => {
    const { call } = await stage();
    const { status, body } = await call('POST', '/webhooks', wanted);
    expect(status).toBe(400);
    expect(body.message).toMatch(message);
    expect((await call('GET', '/webhooks')).body).toEqual([]);
  });

  test.each(['http://localhost:8787/', 'http://127.0.0.1/x', 'http://[::1]:80/', 'https://relay.example.com'])(
    'may send to %s',
    async (url) => {
      const { call } = await stage();
      expect((await call('POST', '/webhooks', { ...everything, url })).status).toBe(200);
    },
  );

  test('that nobody knows is not found', async () => {
    const { call } = await stage();
    for (const method of ['GET', 'DELETE']) {
      const { status, body } = await call(method, '/webhooks/unknown-id');
      expect(status).toBe(404);
      expect(body.message).toContain('unknown-id');
    }
  });
});

describe('jobs', () => {
  async function withJobs() {
    const staged = await stage();
    const jobs = [
      { job_id: 'j1', state: 'completed', type: 'costs', created_at: '2026-03-02T01:00:00.000001', data_plane_id: plane },
      { job_id: 'j2', state: 'failed', created_at: '2026-03-02T01:00:00.000002', input: { dataset_id: 1 } },
      { job_id: 'j3', state: 'running', created_at: '2026-03-02T00:00:00', input: { dataset_id: 2 } },
    ];
    for (const job of jobs) await staged.simulator.happen(jobHappens(job));
    const ids = async (query: string) => {
      const { status, body } = await staged.call('GET', `/jobs${query}`);
      expect(status).toBe(200);
      return body.records.map(({ job_id }) => job_id).join(' ');
    };
    return { ...staged, ids };
  }
  const plane = 'f79cbdae-4848-47ca-95e8-69588364d185';

  test('are listed newest first, or oldest first on request', async () => {
    const { ids } = await withJobs();
    expect(await ids('')).toBe('j2 j1 j3');
    expect(await ids('?order_by=created_at_desc')).toBe('j2 j1 j3');
    expect(await ids('?order_by=created_at_asc')).toBe('j3 j1 j2');
  });

  test.each([
    ['?state=failed', 'j2'],
    ['?type=costs', 'j1'],
    ['?dataset_id=2', 'j3'],
    [`?data_plane_id=${plane}`, 'j1'],
    ['?type=materialize-view&state=running', 'j3'],
    ['?type=unheard-of', ''],
    ['?color=green', 'j2 j1 j3'],
  ])('are filtered by %s', async (query, found) => {
    const { ids } = await withJobs();
    expect(await ids(query)).toBe(found);
  });

  test('come in pages that say how many there are', async () => {
    const { call } = await withJobs();
    const { body } = await call('GET', '/jobs?per_page=2&offset=2&order_by=created_at_asc');
    expect(body.records).toHaveLength(1);
    expect(body).toMatchObject({ current_page: 2, total_pages: 2, total_records: 3 });
    expect((await call('GET', '/jobs?offset=9')).body.records).toEqual([]);
  });

  test('come without these numbers in the shape of the OpenAPI file', async () => {
    const { call } = await stage({ spelling: 'camelCase' });
    expect((await call('GET', '/jobs')).body).toEqual({ records: [] });
  });

  test('come 100 at a time, and never more than 500', async () => {
    const { call, simulator } = await stage();
    for (let i = 0; i < 501; i++) await simulator.happen(jobHappens({ job_id: `j${i}` }));
    expect((await call('GET', '/jobs')).body.records).toHaveLength(100);
    expect((await call('GET', '/jobs?per_page=1000')).body).toMatchObject({ total_pages: 2, total_records: 501 });
    expect((await call('GET', '/jobs?per_page=1000')).body.records).toHaveLength(500);
  });

  test.each([
    'per_page=0',
    'per_page=many',
    'offset=-1',
    'state=broken',
    'order_by=updated_at',
    'dataset_id=x',
    'data_plane_id=x',
  ])('are not listed with %s', async (query) => {
    const { call } = await stage();
    const { status, body } = await call('GET', `/jobs?${query}`);
    expect(status).toBe(400);
    expect(body.message).toContain(query.split('=')[0]);
  });

  test('are on record as they are now, with every digit', async () => {
    const { call, simulator } = await stage();
    const result = { snapshot_id: 1_724_919_539_450_264_601n };
    await simulator.happen(jobHappens({ job_id: 'j1', state: 'running' }));
    await simulator.happen(jobHappens({ job_id: 'j1', state: 'completed', result }));
    const { status, body } = await call('GET', '/jobs/j1');
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'completed', result });
    expect((await call('GET', '/jobs')).body.total_records).toBe(1);
    expect(simulator.jobs()).toEqual([body]);
  });

  test('that nobody knows are not found', async () => {
    const { call } = await stage();
    const { status, body } = await call('GET', '/jobs/unknown-id');
    expect(status).toBe(404);
    expect(body.message).toContain('unknown-id');
  });
});

test("a subscription's statistics tell of events, and of deliveries that went well or were given up", async () => {
  const { call, simulator, time } = await stage({ retries: { maxAttempts: 2 } });
  const relay = await endpoint();
  const { id } = simulator.subscribe(seed(relay.url));
  relay.answer((_taken, number) => ({ status: number === 1 ? 503 : 202 }));
  await simulator.happen(jobHappens());
  relay.answer(() => ({ status: 500 }));
  await simulator.happen(jobHappens({ state: 'completed' }));
  expect(relay.taken).toHaveLength(4);
  const { body } = await call('GET', `/webhooks/${id}`);
  expect(body).toMatchObject({ events_sent: 2, delivery_stats: { successful_deliveries: 1, failed_deliveries: 1 } });
  const { last_successful_delivery_at, last_failed_delivery_at } = body.delivery_stats;
  expect(time.now() - beginning).toBe(500);
  expect(last_successful_delivery_at).toMatch(/^2026-03-02T03:04:05\.928/);
  expect(body.last_event_sent_at).toMatch(/^2026-03-02T03:04:05\.928/);
  expect(last_failed_delivery_at).toMatch(/^2026-03-02T03:04:06\.178/);
});
