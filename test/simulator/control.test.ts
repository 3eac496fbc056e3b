/** `/simulator/…`: making things happen by hand. */
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/event/json.ts';
import { accepted, endpoint, seed, stage, token } from './stage.ts';

describe('POST /simulator/jobs', () => {
  test('makes a job that has all that a real one would have, and says what came of its webhook', async () => {
    const { call, simulator } = await stage();
    const relay = await endpoint();
    const { id } = simulator.subscribe(seed(relay.url));
    const { status, body } = await call('POST', '/simulator/jobs', { type: 'costs', state: 'failed', dataset_id: 10_736 });
    expect(status).toBe(200);
    const [job] = body.jobs;
    expect(job).toMatchObject({ type: 'costs', state: 'failed', input: { dataset_id: 10_736 }, result: null });
    expect(job.failures).toEqual([{ message: 'Simulated failure', timestamp: job.ended_at, value: expect.anything() }]);
    const times = [job.created_at, job.dequeued_at, job.ended_at];
    expect(times).toEqual(times.toSorted());
    expect(new Set(times)).toHaveLength(3);
    expect(job.updated_at).toBe(job.ended_at);
    expect(relay.taken[0]?.json.data).toEqual(job);
    expect((await call('GET', `/jobs/${job.job_id}`)).body).toEqual(job);
    expect(body.webhooks).toEqual([
      {
        sent_at: '2026-03-02T03:04:05.678Z',
        subscription_id: id,
        event_id: relay.taken[0]?.json.id,
        what: 'costs failed · dataset 10736',
        job_id: job.job_id,
        again: false,
        outcome: 'answered',
        status: 202,
        answer: 'accepted',
        deliveries: 1,
        attempts: 1,
      },
    ]);
  });

  test('takes a job from state to state: its times follow, what it is stays', async () => {
    const { call } = await stage();
    const come = async (asked: object) => (await call('POST', '/simulator/jobs', asked)).body.jobs[0];
    const pending = await come({ dataset_id: 7 });
    const { job_id } = pending;
    const running = await come({ job_id, state: 'running' });
    const completed = await come({ job_id, state: 'completed' });
    expect(pending).toMatchObject({ state: 'pending', dequeued_at: null, ended_at: null, executor: null, result: null });
    expect(pending.updated_at).toBe(pending.created_at);
    expect(running).toEqual({
      ...pending,
      state: 'running',
      executor: expect.stringMatching(/^job-executor-/),
      dequeued_at: running.updated_at,
      updated_at: running.updated_at,
    });
    expect(running.updated_at > pending.updated_at).toBe(true);
    const { updated_at } = completed;
    expect(completed).toEqual({ ...running, state: 'completed', ended_at: updated_at, updated_at, result: expect.anything() });
    expect(completed.result.dataset_id).toBe(7);
    // As Narrative's: beyond 2^53, where careless JSON loses digits.
    expect(typeof completed.result.snapshot_id).toBe('bigint');
    expect((await call('GET', '/jobs')).body.total_records).toBe(1);
  });

  test('makes a pending one of what is left out', async () => {
    const { call } = await stage();
    const { body } = await call('POST', '/simulator/jobs', {});
    expect(body.jobs).toMatchObject([{ state: 'pending', type: 'materialize-view', input: {} }]);
    expect(body.webhooks).toEqual([]);
  });

  test('believes what it is told of a job, states included that Narrative may add later', async () => {
    const { call } = await stage();
    const told = {
      job_id: 'mine',
      state: 'half_done',
      input: { nql: 'SELECT 1' },
      request_source: { type: 'process', name: 'nightly' },
      executor: 'executor-1',
      data_plane_id: 'plane-1',
      idempotency_key: 'key-1',
    };
    expect((await call('POST', '/simulator/jobs', told)).body.jobs).toMatchObject([told]);
    const failed = { ...told, job_id: 'other', state: 'failed', failures: ['out of memory', { message: 'and so on', value: 1 }] };
    const { failures } = (await call('POST', '/simulator/jobs', failed)).body.jobs[0];
    expect(failures).toEqual([expect.objectContaining({ message: 'out of memory' }), { message: 'and so on', value: 1 }]);
  });

  test('makes a storm of many', async () => {
    const { call, simulator } = await stage();
    const relay = await endpoint();
    simulator.subscribe(seed(relay.url));
    const { body } = await call('POST', '/simulator/jobs', { state: 'failed', times: 30 });
    expect(new Set(body.jobs.map(({ job_id }) => job_id))).toHaveLength(30);
    expect(body.webhooks).toHaveLength(30);
    expect(relay.taken).toHaveLength(30);
  });

  test('makes its webhooks late, repeated or lost', async () => {
    const { call, simulator, time } = await stage({ speed: 60 });
    const relay = await endpoint();
    simulator.subscribe(seed(relay.url));
    const { body } = await call('POST', '/simulator/jobs', { webhook: { delay: '2m', again_after: '1h' } });
    expect(body.webhooks.map(({ again }) => again)).toEqual([false, true]);
    expect(time.waits).toEqual([2_000, 60_000]);
    expect((await call('POST', '/simulator/jobs', { webhook: { lost: true } })).body.webhooks).toEqual([]);
    expect(relay.taken).toHaveLength(2);
  });

  test('does not wait for the webhooks on request', async () => {
    const { call, simulator } = await stage();
    const relay = await endpoint();
    const { promise: answered, resolve: answer } = Promise.withResolvers<typeof accepted>();
    relay.answer(() => answered);
    simulator.subscribe(seed(relay.url));
    const { status, body } = await call('POST', '/simulator/jobs', { state: 'failed', wait: false });
    expect(status).toBe(202);
    expect(body).toEqual({ jobs: [expect.objectContaining({ state: 'failed' })] });
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    simulator.onSent(() => end());
    answer(accepted);
    await ended;
    expect((await call('GET', '/simulator/sent')).body).toMatchObject([{ outcome: 'answered' }]);
  });

  test('leaves alone what has ended', async () => {
    const { call } = await stage();
    await call('POST', '/simulator/jobs', { job_id: 'mine', state: 'cancelled' });
    const { status, body } = await call('POST', '/simulator/jobs', { job_id: 'mine', state: 'running' });
    expect(status).toBe(409);
    expect(body.message).toMatch(/mine is cancelled.*leave job_id out/);
    expect((await call('GET', '/jobs/mine')).body.state).toBe('cancelled');
  });

  test.each([
    ['a misspelled key', { stat: 'failed' }, /stat/],
    ['a duration without a unit', { webhook: { delay: 5 } }, /^webhook\.delay: a duration/],
    ['a storm of one job', { job_id: 'mine', times: 2 }, /^times: /],
    ['too many', { times: 1_001 }, /^times: /],
    ['a state that is none', { state: 'Failed!' }, /^state: /],
    ['what is no object', 7, /./],
    ['no JSON', 'state=failed', /no JSON/],
  ])('refuses %s', async (_what, asked, message) => {
    const { call } = await stage();
    const { status, body } = await call('POST', '/simulator/jobs', asked);
    expect(status).toBe(400);
    expect(body.message).toMatch(message);
    expect((await call('GET', '/jobs')).body.total_records).toBe(0);
  });

  test('wants to know the state of a job that it knows', async () => {
    const { call } = await stage();
    await call('POST', '/simulator/jobs', { job_id: 'mine' });
    const { status, body } = await call('POST', '/simulator/jobs', { job_id: 'mine' });
    expect(status).toBe(400);
    expect(body.message).toMatch(/^state: .*mine/);
  });
});

describe('POST /simulator/apps', () => {
  test("tells an app's subscriptions", async () => {
    const { call, simulator } = await stage({ appForm: 'plain' });
    const relay = await endpoint();
    simulator.subscribe(seed(relay.url, { kind: 'app', appId: '8' }));
    const event = { app_id: 8, event_type: 'facebook.audience.delivery.failed', dataset_id: 5, payload: { error: 'expired' } };
    const { status, body } = await call('POST', '/simulator/apps', { ...event, times: 2 });
    expect(status).toBe(200);
    expect(body.webhooks).toHaveLength(2);
    expect(body.webhooks[0]).toMatchObject({ what: 'facebook.audience.delivery.failed · dataset 5', answer: 'accepted' });
    expect(relay.taken[0]?.json).toMatchObject({
      eventType: event.event_type,
      payload: event.payload,
      context: { datasetId: 5, connectionId: expect.any(String), profileId: expect.any(String) },
    });
  });

  test.each([
    ['without an app', { event_type: 'a.b.c' }, /^app_id: /],
    ['with a type of another form', { app_id: '8', event_type: 'failed' }, /^event_type: must be <connector>/],
  ])('refuses an event %s', async (_what, asked, message) => {
    const { call } = await stage();
    const { status, body } = await call('POST', '/simulator/apps', asked);
    expect(status).toBe(400);
    expect(body.message).toMatch(message);
  });
});

describe('POST /simulator/faults', () => {
  test('lets the next requests of the API be answered with a status, and no others', async () => {
    const { call } = await stage();
    expect((await call('POST', '/simulator/faults', { status: 429, retry_after: 2, times: 2, path: '/jobs' })).status).toBe(204);
    expect((await call('GET', '/webhooks')).status).toBe(200);
    expect((await call('POST', '/simulator/jobs', {})).status).toBe(200);
    for (let i = 0; i < 2; i++) {
      const { status, headers, body } = await call('GET', '/jobs?per_page=1');
      expect([status, headers.get('retry-after')]).toEqual([429, '2']);
      expect(body.message).toContain('429');
    }
    expect((await call('GET', '/jobs')).status).toBe(200);
  });

  test('lets a request hang, or its connection break, before or after it has taken effect', async () => {
    const { call, simulator } = await stage();
    const subscribe = (signal?: AbortSignal) =>
      fetch(`${simulator.url}/webhooks`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ type: 'webhook_subscription_jobs', url: 'https://relay.example.com' }),
        ...(signal && { signal }),
      });
    await call('POST', '/simulator/faults', { reset: true });
    await expect(subscribe()).rejects.toThrow('fetch failed');
    expect(simulator.subscriptions()).toHaveLength(0);
    await call('POST', '/simulator/faults', { reset: true, takes_effect: true });
    await expect(subscribe()).rejects.toThrow('fetch failed');
    expect(simulator.subscriptions()).toHaveLength(1);
    await call('POST', '/simulator/faults', { hang: true, takes_effect: true });
    await expect(subscribe(AbortSignal.timeout(300))).rejects.toThrow('timeout');
    expect(simulator.subscriptions()).toHaveLength(2);
  });

  test('lets something in between answer with a page', async () => {
    const { call, simulator } = await stage();
    await call('POST', '/simulator/faults', { html: true });
    const answer = await fetch(`${simulator.url}/jobs`, { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html']);
    expect(await answer.text()).toContain('<title>');
  });

  test('are forgotten on request', async () => {
    const { call } = await stage();
    await call('POST', '/simulator/faults', { status: 500, times: 9 });
    expect((await call('DELETE', '/simulator/faults')).status).toBe(204);
    expect((await call('GET', '/jobs')).status).toBe(200);
  });

  test.each([{}, { status: 429, hang: true }, { status: 9 }, { hang: false }, { html: true, path: 'jobs' }])(
    'refuses %j',
    async (asked) => {
      const { call } = await stage();
      const { status, body } = await call('POST', '/simulator/faults', asked);
      expect(status).toBe(400);
      expect(body.message).not.toBe('');
      expect((await call('GET', '/jobs')).status).toBe(200);
    },
  );
});

test('GET /simulator/sent has the last 1,000 webhooks that ended, oldest first', async () => {
  const { call, simulator } = await stage({ retries: { maxAttempts: 1 } });
  const relay = await endpoint();
  simulator.subscribe(seed(relay.url));
  await call('POST', '/simulator/jobs', { job_id: 'first' });
  await call('POST', '/simulator/jobs', { times: 999 });
  relay.answer(() => ({ status: 500 }));
  await call('POST', '/simulator/jobs', { job_id: 'last' });
  const body = (await call('GET', '/simulator/sent')).body as unknown as JsonObject[];
  expect(body).toHaveLength(1_000);
  expect(body.some(({ job_id }) => job_id === 'first')).toBe(false);
  expect(body.at(-1)).toEqual({
    sent_at: '2026-03-02T03:04:05.678Z',
    subscription_id: simulator.subscriptions()[0]?.id,
    event_id: relay.taken.at(-1)?.json.id,
    what: 'materialize-view pending',
    job_id: 'last',
    again: false,
    outcome: 'gave-up',
    last: 'HTTP 500',
    attempts: 1,
  });
});
