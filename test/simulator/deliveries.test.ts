/** What the simulator sends, to whom, and how it goes wrong on request. */
import { expect, test } from 'vitest';
import { parseBody } from '../../src/event/parse.ts';
import { accepted, appHappens, endpoint, jobHappens, seed, stage } from './stage.ts';

const lost = { delayMs: 0, againAfterMs: null, lost: true };

test('a subscription without filters is told of every job, one with filters of what meets all of them', async () => {
  const { simulator } = await stage();
  const told: Record<string, string[]> = {};
  const subscribe = async (name: string, filters: object) => {
    const relay = await endpoint();
    relay.answer(({ json }) => {
      (told[name] ??= []).push(String((json.data as { job_id: string }).job_id));
      return accepted;
    });
    simulator.subscribe(seed(relay.url, { name, ...filters }));
  };
  await subscribe('all', {});
  await subscribe('ids', { jobIds: ['j1', 'j3'] });
  await subscribe('types', { jobTypes: ['costs', 'forecast'] });
  await subscribe('states', { states: ['failed'] });
  await subscribe('both', { states: ['failed'], jobTypes: ['costs'] });
  await subscribe('an app', { kind: 'app', appId: '8' });
  await simulator.happen(jobHappens({ job_id: 'j1', type: 'costs', state: 'failed' }));
  await simulator.happen(jobHappens({ job_id: 'j2', type: 'costs', state: 'running' }));
  await simulator.happen(jobHappens({ job_id: 'j3', type: 'materialize-view', state: 'failed' }));
  expect(told).toEqual({
    all: ['j1', 'j2', 'j3'],
    ids: ['j1', 'j3'],
    types: ['j1', 'j2'],
    states: ['j1', 'j3'],
    both: ['j1'],
  });
});

test("an app's event goes to that app's subscriptions only, in either form by turns", async () => {
  const { simulator } = await stage();
  const [jobs, facebook, s3] = [await endpoint(), await endpoint(), await endpoint()];
  simulator.subscribe(seed(jobs.url));
  simulator.subscribe(seed(facebook.url, { kind: 'app', appId: '8' }));
  simulator.subscribe(seed(s3.url, { kind: 'app', appId: '7' }));
  await simulator.happen(appHappens());
  await simulator.happen(appHappens());
  expect([jobs, facebook, s3].map(({ taken }) => taken.length)).toEqual([0, 2, 0]);
  const [wrapped, plain] = facebook.taken;
  expect(wrapped?.json).toMatchObject({
    eventType: { value: 'facebook.audience.delivery.failed' },
    payload: { value: { rows: 3 } },
  });
  expect(plain?.json).toMatchObject({ eventType: 'facebook.audience.delivery.failed', payload: { rows: 3 } });
  expect(plain?.json.context).toEqual({ companyId: 1, connectionId: 'connection-1', datasetId: 10_801, profileId: 'profile-1' });
});

test.each(['plain', 'wrapped'] as const)("apps' events are all %s on request", async (appForm) => {
  const { simulator } = await stage({ appForm });
  const relay = await endpoint();
  simulator.subscribe(seed(relay.url, { kind: 'app', appId: '8' }));
  for (let i = 0; i < 2; i++) await simulator.happen(appHappens());
  const forms = relay.taken.map(({ json }) => (typeof json.eventType === 'string' ? 'plain' : 'wrapped'));
  expect(forms).toEqual([appForm, appForm]);
});

test('each webhook has an id of its own, and each job keeps its key over its states', async () => {
  const { simulator } = await stage();
  const [one, other] = [await endpoint(), await endpoint()];
  for (const { url } of [one, other]) simulator.subscribe(seed(url));
  for (const state of ['running', 'failed']) await simulator.happen(jobHappens({ state, idempotency_key: 'of-the-job' }));
  const taken = [...one.taken, ...other.taken].map(({ json }) => json);
  expect(new Set(taken.map(({ id }) => id))).toHaveLength(4);
  for (const { data } of taken) expect(data).toMatchObject({ idempotency_key: 'of-the-job' });
});

test("jobs' bodies are of the knowledge base's form, of the guide's, or of both by turns", async () => {
  const formsOf = async (form?: 'knowledge-base' | 'guide' | 'both') => {
    const { simulator } = await stage(form === undefined ? {} : { form });
    const relay = await endpoint();
    simulator.subscribe(seed(relay.url));
    for (let i = 0; i < 2; i++) await simulator.happen(jobHappens());
    return relay.taken.map(({ json }) => ('webhookEventId' in json ? 'guide' : 'knowledge-base'));
  };
  expect(await formsOf()).toEqual(['knowledge-base', 'knowledge-base']);
  expect(await formsOf('guide')).toEqual(['guide', 'guide']);
  expect(await formsOf('both')).toEqual(['knowledge-base', 'guide']);
});

test("in the guide's form the key of the delivery is neither the job's nor that of another subscription", async () => {
  const { simulator } = await stage({ form: 'guide' });
  const relay = await endpoint();
  const [first, second] = [simulator.subscribe(seed(relay.url)), simulator.subscribe(seed(relay.url))];
  await simulator.happen(jobHappens({ idempotency_key: 'of-the-job', snapshot: 1_724_919_539_450_264_601n }));
  const keys = relay.taken.map(({ json }) => json.idempotencyKey);
  expect(new Set(keys)).toHaveLength(2);
  expect(keys).not.toContain('of-the-job');
  expect(new Set(relay.taken.map(({ json }) => json.webhookSubscriptionId))).toEqual(new Set([first.id, second.id]));
  for (const { body } of relay.taken) {
    const parsed = parseBody(body);
    expect(parsed).toMatchObject({ kind: 'event', event: { type: 'job.failed', job: { dataset_id: '10736' } } });
    expect(body.toString()).toContain('"snapshot":1724919539450264601');
  }
});

test('what is not taken is sent again until it is, byte for byte and with the same proof', async () => {
  const { simulator, time } = await stage({ signing: { scheme: 'standard-webhooks' } });
  const relay = await endpoint();
  relay.answer((_taken, number) => (number < 4 ? { status: 503 } : accepted));
  simulator.subscribe(seed(relay.url));
  const [sent] = await simulator.happen(jobHappens());
  expect(sent?.outcome).toEqual({ kind: 'answered', status: 202, answer: 'accepted', deliveries: 1, attempts: 4 });
  expect(time.waits).toEqual([250, 500, 1000]);
  expect(new Set(relay.taken.map(({ body }) => body.toString()))).toHaveLength(1);
  for (const header of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    expect(new Set(relay.taken.map(({ headers }) => headers[header]))).toHaveLength(1);
  }
  expect(simulator.counts()).toMatchObject({ answers: { requests: 4, accepted: 1, other: 3 }, promised: 1 });
});

test('what is never taken is given up, and the others are not held up by it', async () => {
  const { simulator } = await stage({ retries: { maxAttempts: 3, backoffMs: 1000, maxBackoffMs: 1500 } });
  const [dead, well] = [await endpoint(), await endpoint()];
  dead.answer(() => ({ status: 500 }));
  const [a, b] = [simulator.subscribe(seed(dead.url)), simulator.subscribe(seed(well.url))];
  const heard: string[] = [];
  simulator.onSent(({ subscriptionId, outcome }) => heard.push(`${subscriptionId} ${outcome.kind}`));
  const sent = await simulator.happen(jobHappens());
  expect(sent.map(({ subscriptionId, outcome }) => `${subscriptionId} ${outcome.kind}`)).toEqual([
    `${a.id} gave-up`,
    `${b.id} answered`,
  ]);
  expect(sent[0]?.outcome).toEqual({ kind: 'gave-up', last: 'HTTP 500', attempts: 3 });
  expect(heard).toHaveLength(2);
});

test('after a time the pauses between attempts grow no longer', async () => {
  const { simulator, time } = await stage({ retries: { maxAttempts: 5, backoffMs: 1000, maxBackoffMs: 3000 } });
  const relay = await endpoint();
  relay.answer(() => ({ status: 500 }));
  simulator.subscribe(seed(relay.url));
  await simulator.happen(jobHappens());
  expect(time.waits).toEqual([1000, 2000, 3000, 3000]);
});

test('at most sixteen requests to one subscription are in the air, and all of them arrive', async () => {
  const { simulator } = await stage();
  const relay = await endpoint();
  const { promise: open, resolve: letAllIn } = Promise.withResolvers<void>();
  relay.answer(async () => {
    await open;
    return accepted;
  });
  simulator.subscribe(seed(relay.url));
  const all = Array.from({ length: 40 }, (_, i) => simulator.happen(jobHappens({ job_id: `j${i}` })));
  await relay.untilTaken(16);
  expect(simulator.counts().answers.requests).toBe(16);
  letAllIn();
  await Promise.all(all);
  expect(new Set(relay.taken.map(({ json }) => (json.data as { job_id: string }).job_id))).toHaveLength(40);
});

test('a webhook can come late, after that of a later state; the wait is divided by the speed', async () => {
  const { simulator, time } = await stage({ speed: 60 });
  const relay = await endpoint();
  simulator.subscribe(seed(relay.url));
  time.hold();
  const late = simulator.happen(jobHappens({ state: 'running' }, { delayMs: 240_000 }));
  await time.untilHeld(1);
  await simulator.happen(jobHappens({ state: 'completed' }));
  time.letGo(4_000);
  await late;
  expect(relay.taken.map(({ json }) => json.type)).toEqual(['job.completed', 'job.running']);
  expect(relay.taken[1]?.json.created_at).toMatch(/^2026-03-02T03:04:05/);
});

test('a webhook can come again, byte for byte, though it was taken', async () => {
  const { simulator, time } = await stage({ speed: 60, signing: { scheme: 'standard-webhooks' } });
  const relay = await endpoint();
  const { id } = simulator.subscribe(seed(relay.url));
  const sent = await simulator.happen(jobHappens({}, { againAfterMs: 360_000 }));
  expect(sent.map(({ again }) => again)).toEqual([false, true]);
  expect(time.waits).toEqual([6_000]);
  const [first, second] = relay.taken;
  expect(second?.body.equals(first!.body)).toBe(true);
  expect(second?.headers['webhook-signature']).toBe(first?.headers['webhook-signature']);
  expect(sent.map(({ subscriptionId }) => subscriptionId)).toEqual([id, id]);
});

test('an event that is sent again is one event, delivered twice', async () => {
  const { simulator, call } = await stage();
  const relay = await endpoint();
  const { id } = simulator.subscribe(seed(relay.url));
  await simulator.happen(jobHappens({}, { againAfterMs: 1000 }));
  const { body } = await call('GET', `/webhooks/${id}`);
  expect(body).toMatchObject({ events_sent: 1, delivery_stats: { successful_deliveries: 2 } });
});

test('a webhook can get lost: the job is on record, and nobody is told', async () => {
  const { simulator, call } = await stage();
  const relay = await endpoint();
  const { id } = simulator.subscribe(seed(relay.url));
  expect(await simulator.happen(jobHappens({ job_id: 'j1' }, { lost: true }))).toEqual([]);
  expect(await simulator.happen(appHappens({ webhook: lost }))).toEqual([]);
  expect(relay.taken).toEqual([]);
  expect((await call('GET', '/jobs/j1')).status).toBe(200);
  expect((await call('GET', `/webhooks/${id}`)).body.events_sent).toBe(0);
});

test('an archived subscription gets no more events, and what was on its way to it is dropped and no failure', async () => {
  const { simulator, call, time } = await stage();
  const relay = await endpoint();
  relay.answer(() => ({ status: 500 }));
  const { id } = simulator.subscribe(seed(relay.url));
  time.hold();
  const backedOff = simulator.happen(jobHappens());
  const late = simulator.happen(jobHappens({}, { delayMs: 60_000 }));
  await time.untilHeld(2);
  await call('DELETE', `/webhooks/${id}`);
  const why = 'the subscription was archived';
  expect((await backedOff)[0]?.outcome).toEqual({ kind: 'gave-up', last: why, attempts: 1 });
  expect((await late)[0]?.outcome).toEqual({ kind: 'gave-up', last: why, attempts: 0 });
  expect(await simulator.happen(jobHappens())).toEqual([]);
  expect(relay.taken).toHaveLength(1);
  const { body } = await call('GET', `/webhooks/${id}`);
  expect(body).toMatchObject({ status: 'archived', events_sent: 1, delivery_stats: { failed_deliveries: 0 } });
});

test('a subscription is not told of what happened before it', async () => {
  const { simulator, time } = await stage();
  const [early, recent] = [await endpoint(), await endpoint()];
  simulator.subscribe(seed(early.url));
  time.hold();
  const late = simulator.happen(jobHappens({}, { delayMs: 60_000 }));
  await time.untilHeld(1);
  simulator.subscribe(seed(recent.url));
  time.letGo(60_000);
  await late;
  expect([early.taken.length, recent.taken.length]).toEqual([1, 0]);
});

test('a stranger reaches every active subscription, signed as he can, and a forger does not insist', async () => {
  const { simulator, call } = await stage();
  const [jobs, app] = [await endpoint(), await endpoint()];
  for (const relay of [jobs, app]) relay.answer(() => ({ status: 401 }));
  const { id } = simulator.subscribe(seed(jobs.url, { secret: 'not-a-real-secret', states: ['completed'] }));
  simulator.subscribe(seed(app.url, { kind: 'app', appId: '8' }));
  const stranger = { kind: 'stranger', eventId: 'e1', body: { hello: 1 }, atMs: 0, burst: null, note: null } as const;
  const forged = await simulator.happen({ ...stranger, secret: 'a-guessed-secret' });
  expect(forged.map(({ outcome }) => outcome)).toEqual([
    { kind: 'gave-up', last: 'HTTP 401', attempts: 1 },
    { kind: 'gave-up', last: 'HTTP 401', attempts: 1 },
  ]);
  expect((await call('GET', `/webhooks/${id}`)).body.delivery_stats.failed_deliveries).toBe(0);
  for (const relay of [jobs, app]) relay.answer(() => accepted);
  await simulator.happen({ ...stranger, secret: null });
  const signatures = jobs.taken.map(({ headers }) => headers['x-narrative-signature']);
  expect(new Set(signatures)).toHaveLength(2);
  for (const { json } of jobs.taken) expect(json).toEqual({ hello: 1 });
  expect((await call('GET', `/webhooks/${id}`)).body.events_sent).toBe(1);
});

test('closing gives up what is under way, and breaks off what nobody answers', async () => {
  const { simulator, time } = await stage();
  const [silent, dead] = [await endpoint(), await endpoint()];
  silent.answer(() => new Promise(() => {}));
  dead.answer(() => ({ status: 500 }));
  for (const { url } of [silent, dead]) simulator.subscribe(seed(url));
  time.hold();
  const happened = simulator.happen(jobHappens());
  await Promise.all([silent.untilTaken(1), time.untilHeld(1)]);
  await simulator.close();
  expect((await happened).map(({ outcome }) => outcome.kind)).toEqual(['gave-up', 'gave-up']);
});
