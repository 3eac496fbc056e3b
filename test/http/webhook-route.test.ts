/** What becomes of events that prove themselves: accepted, duplicate, late, quarantined; by every way in. */
import { createHmac } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { answerTo, jobBody, post } from './narrative-event.ts';
import { secret, signatureOf, startRelayUnderTest, type RelayUnderTest, type RelayUnderTestOptions } from './relay-under-test.ts';

let relay: RelayUnderTest;

async function start(options?: RelayUnderTestOptions): Promise<void> {
  relay = await startRelayUnderTest(options);
}

afterEach(() => relay.stop());

const eventId = expect.stringMatching(/^evt_[0-9A-Z]{11}$/);
const deliveryCount = () => relay.sql.query<{ n: number }>('SELECT count(*) AS n FROM deliveries')[0]!.n;

test('an event is answered 202 with its id, its key and how many deliveries it makes', async () => {
  await start();
  const response = await post(relay, jobBody({ id: 'whe-7' }));
  expect(response.status).toBe(202);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({ status: 'accepted', event_id: eventId, idempotency_key: 'whe-7', deliveries: 1 });
  expect(relay.events()).toMatchObject([{ subscription: 'production', outcome: 'routed', scheme: 'hmac-sha256' }]);
  await relay.untilPrinted(1);
  expect(relay.printed[0]).toContain('job-1');
  expect(await relay.metric('events_total{subscription="production",outcome="accepted"}')).toBe(1);
  expect(await relay.metric('event_ack_seconds_count')).toBe(1);
});

test('an event that no rule wants is accepted and kept, and makes no delivery', async () => {
  await start();
  expect(await answerTo(relay, jobBody({ state: 'completed' }))).toMatchObject({ status: 202, said: 'accepted', deliveries: 0 });
  expect(relay.events()).toMatchObject([{ outcome: 'unrouted' }]);
});

test('an event at its own subscription’s address is accepted', async () => {
  await start();
  expect(await answerTo(relay, jobBody(), { path: '/webhooks/narrative/production' })).toMatchObject({ status: 202 });
});

test('one line in the log tells what came, how it proved itself, and what came of it', async () => {
  await start();
  const { event_id } = await answerTo(relay, jobBody({ id: 'whe-9', jobId: 'job-9' }));
  const lines = relay.logLines().filter(({ msg }) => msg === 'event accepted');
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'info',
      outcome: 'routed',
      event_id,
      idempotency_key: 'whe-9',
      subscription: 'production',
      scheme: 'hmac-sha256',
      header: 'x-narrative-signature',
      type: 'job.failed',
      job_id: 'job-9',
      state: 'failed',
      dataset_id: '10736',
      rules: ['failures'],
      deliveries: 1,
      bytes: jobBody({ id: 'whe-9', jobId: 'job-9' }).length,
    }),
  ]);
});

test('the same event again is answered 200 with the first event’s id, and alerts nobody', async () => {
  await start();
  const first = await answerTo(relay, jobBody());
  const again = await answerTo(relay, jobBody());
  expect(again).toEqual({ status: 200, said: 'duplicate', event_id: first.event_id, idempotency_key: first.idempotency_key });
  expect(relay.events()).toHaveLength(1);
  expect(deliveryCount()).toBe(1);
  expect(await relay.metric('event_conflicts_total{subscription="production"}')).toBe(0);
});

test('the same key with another body is a duplicate, logged and counted as a conflict, and the first body stays', async () => {
  await start();
  const first = await answerTo(relay, jobBody({ message: 'first' }));
  const other = await answerTo(relay, jobBody({ message: 'second', jobId: 'job-2' }));
  expect(other).toMatchObject({ status: 200, said: 'duplicate', event_id: first.event_id });
  expect(relay.events().map(({ body }) => Buffer.from(body).toString())).toEqual([jobBody({ message: 'first' })]);
  const warned = relay.logLines().filter(({ level }) => level === 'warn');
  expect(warned).toMatchObject([{ outcome: 'duplicate', of: 'key', conflict: true, event_id: first.event_id }]);
  expect(await relay.metric('event_conflicts_total{subscription="production"}')).toBe(1);
  expect(await relay.metric('events_total{subscription="production",outcome="duplicate"}')).toBe(1);
});

test('the header Idempotency-Key names the delivery where the body has no key of its own', async () => {
  await start();
  const body = JSON.stringify({ job_id: 'job-1', state: 'failed', type: 'materialize-view' });
  const headers = { 'x-narrative-signature': signatureOf(body), 'idempotency-key': 'delivery-1' };
  expect(await answerTo(relay, body, { headers })).toMatchObject({ status: 202, idempotency_key: 'delivery-1' });
  expect(await answerTo(relay, body, { headers })).toMatchObject({ status: 200, idempotency_key: 'delivery-1' });
});

test('a transition that comes by a second subscription too is stored, answered as a duplicate, and alerts once', async () => {
  await start({
    rules: `version: 1
subscriptions: { one: { secrets: [{ env: ONE }] }, two: { secrets: [{ env: TWO }] } }
rules: [{ name: failures, match: { states: [failed] }, send: [{ to: console }] }]
`,
    secrets: { ONE: 'first-secret-not-real', TWO: 'second-secret-not-real' },
  });
  const by = (name: string, body: string) => ({
    headers: { 'x-narrative-signature': signatureOf(body, `${name}-secret-not-real`) },
  });
  const first = await answerTo(relay, jobBody({ id: 'whe-1' }), by('first', jobBody({ id: 'whe-1' })));
  const second = await answerTo(relay, jobBody({ id: 'whe-2' }), by('second', jobBody({ id: 'whe-2' })));
  expect(first).toMatchObject({ status: 202, deliveries: 1 });
  expect(second).toEqual({ status: 200, said: 'duplicate', event_id: first.event_id, idempotency_key: 'whe-2' });
  expect(relay.events()).toMatchObject([
    { subscription: 'one', outcome: 'routed' },
    { subscription: 'two', outcome: 'repeated' },
  ]);
  expect(deliveryCount()).toBe(1);
  expect(relay.logLines()).toContainEqual(expect.objectContaining({ outcome: 'duplicate', of: 'transition', conflict: false }));
});

test('a running that comes after its job’s end is kept, suppressed with a reason, and makes no delivery', async () => {
  await start({
    rules: `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
rules: [{ name: starts, match: { states: [running] }, send: [{ to: console }] }]
`,
  });
  await answerTo(relay, jobBody({ id: 'whe-1', state: 'completed', updatedAt: '2026-03-02T09:12:00' }));
  const late = await answerTo(relay, jobBody({ id: 'whe-2', state: 'running', updatedAt: '2026-03-02T09:11:00' }));
  expect(late).toMatchObject({ status: 202, said: 'accepted', deliveries: 0 });
  expect(relay.events()[1]).toMatchObject({ outcome: 'suppressed', reason: 'late: the job had already completed' });
  expect(deliveryCount()).toBe(0);
});

test('verified JSON that is no event we know is answered 202 quarantined and kept byte for byte', async () => {
  await start();
  const body = Buffer.concat([Buffer.from('{ "greeting" :\t"'), Buffer.from([0xff, 0xfe]), Buffer.from('",\r\n "n": 1.0e2 }')]);
  const answer = await answerTo(relay, body);
  expect(answer).toMatchObject({ status: 202, said: 'quarantined', event_id: eventId });
  const [kept] = relay.events();
  expect(Buffer.from(kept!.body)).toEqual(body);
  expect(kept).toMatchObject({ outcome: 'quarantined', reason: expect.stringContaining('neither a job event') });
  expect(relay.logLines()).toContainEqual(expect.objectContaining({ level: 'warn', outcome: 'quarantined' }));
  expect(await relay.metric('events_total{subscription="production",outcome="quarantined"}')).toBe(1);
});

test('a header that the rules write in capitals is the one the proof is looked for in', async () => {
  await start({
    rules: `version: 1
subscriptions: { production: { verify: { scheme: hmac-sha256, header: X-My-Signature }, secrets: [{ env: FAKE_SECRET }] } }
rules: []
`,
  });
  const body = jobBody();
  expect(await answerTo(relay, body, { headers: { 'X-MY-signature': signatureOf(body) } })).toMatchObject({ status: 202 });
  expect((await post(relay, body)).status).toBe(401);
});

test('any one of several secrets is good, so that they can be changed one after the other', async () => {
  await start({
    rules: `version: 1
subscriptions: { production: { secrets: [{ env: OLD }, { env: NEW }] } }
rules: []
`,
    secrets: { OLD: 'old-secret-not-real', NEW: 'new-secret-not-real' },
  });
  for (const [id, by] of Object.entries({ 'whe-1': 'old-secret-not-real', 'whe-2': 'new-secret-not-real' })) {
    const body = jobBody({ id, jobId: id });
    expect((await post(relay, body, { headers: { 'x-narrative-signature': signatureOf(body, by) } })).status).toBe(202);
  }
});

test('the secret itself as a bearer token is a proof, and is not in the log', async () => {
  await start();
  expect((await post(relay, jobBody(), { headers: { authorization: `Bearer ${secret}` } })).status).toBe(202);
  expect(relay.events()).toMatchObject([{ scheme: 'shared-secret' }]);
  expect(relay.logText.join('')).not.toContain(secret);
});

const urlTokenRules = `version: 1
subscriptions: { unsigned: { verify: { scheme: url-token }, secrets: [{ env: TOKEN }] } }
rules: []
`;

test('a token in the path is a proof, whole or percent-encoded, and is not in the log', async () => {
  const token = 'token/with a slash-not-real';
  await start({ rules: urlTokenRules, secrets: { TOKEN: token } });
  const path = `/webhooks/narrative/unsigned/${encodeURIComponent(token)}`;
  expect((await post(relay, jobBody(), { path, headers: {} })).status).toBe(202);
  expect(relay.events()).toMatchObject([{ scheme: 'url-token' }]);
  expect((await post(relay, jobBody(), { path: '/webhooks/narrative/unsigned/wrong-guess', headers: {} })).status).toBe(401);
  const logged = relay.logText.join('');
  expect(logged).toContain('event accepted');
  for (const told of [token, encodeURIComponent(token), 'wrong-guess']) expect(logged).not.toContain(told);
});

test('a token that can’t be decoded does no harm beside a good signature', async () => {
  await start();
  expect((await post(relay, jobBody(), { path: '/webhooks/narrative/production/%zz' })).status).toBe(202);
});

test('a timestamp is held against the relay’s clock: a proof from long ago is refused', async () => {
  await start({ now: Date.UTC(2026, 2, 2, 9, 12, 5) });
  const body = jobBody();
  const proof = (timestamp: number) => standardWebhookHeaders('whe-1', timestamp, body);
  const sentAt = Date.UTC(2026, 2, 2) / 1000;
  expect((await post(relay, body, { headers: proof(sentAt - 8 * 86_400) })).status).toBe(401);
  expect(relay.logLines()).toContainEqual(expect.objectContaining({ outcome: 'unverified', why: 'stale-timestamp' }));
  expect((await post(relay, body, { headers: proof(sentAt) })).status).toBe(202);
});

function standardWebhookHeaders(id: string, timestamp: number, body: string): Record<string, string> {
  const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${mac}` };
}
