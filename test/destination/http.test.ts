import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderHttpRequest, startHttpReceiver, type HttpReceiver } from '../../src/demo/http-receiver.ts';
import type { Outgoing } from '../../src/destination/destination.ts';
import { createHttpDestination, type HttpConfig } from '../../src/destination/http.ts';
import { isReservedHeader } from '../../src/destination/reserved-headers.ts';
import { signStandardWebhook, standardWebhooksKey } from '../../src/destination/standard-webhooks.ts';
import {
  clock,
  completedContent,
  delivery,
  eventContent,
  failedJobBody,
  incident,
  nodeHash,
  noSignal,
  notice,
  nowMs,
  recovered,
  relayContent,
} from './example-delivery.ts';

const secret = 'whsec_ZmFrZSBzZWNyZXQgZm9yIHRlc3Rz';
let receiver: HttpReceiver;

beforeEach(async () => void (receiver = await startHttpReceiver({ secret })));
afterEach(() => receiver.close());

function destination(config: Partial<HttpConfig> = {}) {
  return createHttpDestination(
    {
      name: 'airflow',
      url: `${receiver.url}/hooks`,
      method: 'POST',
      headers: {},
      secret,
      fallback: null,
      pace: null,
      timeoutMs: 2_000,
      ...config,
    },
    { fetch, clock, hash: nodeHash, version: '0.0.0-test' },
  );
}

const send = (outgoing: Partial<Outgoing> = {}, to = destination()) => to.send(delivery(outgoing), noSignal);
const text = (index = 0) => receiver.requests[index]!.body.toString('utf8');

describe('a forwarded event', () => {
  test('is the original body, byte by byte, with its digits and its spaces', async () => {
    expect(await send()).toMatchObject({ kind: 'delivered' });
    expect(text()).toBe(failedJobBody);
    expect(text()).toContain('"snapshot_id":1724919539450264600}');
    expect(receiver.problems).toEqual([]);
  });

  test('keeps bytes that are no UTF-8', async () => {
    const body = Uint8Array.of(0x7b, 0xff, 0xfe, 0x00, 0x7d);
    const content = eventContent(failedJobBody);
    if (content.kind === 'event') await send({ content: { ...content, body } });
    expect([...receiver.requests[0]!.body]).toEqual([...body]);
  });

  test('says which event, which attempt and where from', async () => {
    await send({ attempt: 3, content: eventContent(failedJobBody, 'application/json; charset=utf-8') });
    expect(receiver.requests[0]).toMatchObject({ method: 'POST', path: '/hooks' });
    expect(receiver.requests[0]!.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'narrative-relay/0.0.0-test',
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
      'x-narrative-relay-subscription': 'production',
      'x-narrative-relay-attempt': '3',
    });
  });

  test('says where it stands in an incident, and goes as it came all the same', async () => {
    await send({ incident: incident() });
    await send({ incident: incident({ act: 'remind', failures: 2 }) });
    await send({ content: completedContent(), incident: recovered() });
    await send();
    expect(receiver.requests.map(({ headers }) => headers['x-narrative-relay-incident'])).toEqual([
      'open',
      'remind',
      'recover',
      undefined,
    ]);
    expect(text(1)).toBe(failedJobBody);
    expect(text(2)).toContain('"state":"completed"');
    expect(receiver.problems).toEqual([]);
  });

  test('is not sent only to be counted', async () => {
    const counted = await send({ incident: incident({ act: 'count' }) });
    expect(counted).toEqual({ kind: 'delivered', detail: 'not sent: a request can edit nothing' });
    expect(receiver.requests).toEqual([]);
  });

  test('of the relay’s own is as the relay wrote it, and names no subscription', async () => {
    const content = relayContent();
    await send({ content });
    expect(text()).toBe(new TextDecoder().decode(content.kind === 'event' ? content.body : undefined));
    expect(receiver.requests[0]!.headers).not.toHaveProperty('x-narrative-relay-subscription');
    expect(receiver.problems).toEqual([]);
  });

  test('goes with the method and the headers of the configuration, and to its whole URL', async () => {
    const to = destination({
      url: `${receiver.url}/a/b?c=d`,
      method: 'PUT',
      headers: { 'X-Team': 'data', 'Content-Type': 'text/plain' },
    });
    await send({}, to);
    expect(receiver.requests[0]).toMatchObject({ method: 'PUT', path: '/a/b?c=d' });
    expect(receiver.requests[0]!.headers).toMatchObject({ 'x-team': 'data', 'content-type': 'text/plain' });
  });

  test('carries the credentials of a URL as Basic authorization', async () => {
    await send({}, destination({ url: receiver.url.replace('//', '//user:p%40ss@') }));
    const expected = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(receiver.requests[0]!.headers.authorization).toBe(expected);
  });

  test('is refused by a receiver with another secret, which breaks the destination', async () => {
    const outcome = await send({}, destination({ secret: 'a fake secret' }));
    expect(outcome).toMatchObject({ kind: 'destination-broken', reason: 'credential' });
    expect(receiver.problems).toEqual(['request 1: the signature does not match the body']);
  });

  test('is not signed without a secret', async () => {
    const open = await startHttpReceiver();
    await send({}, destination({ url: open.url, secret: null }));
    await open.close();
    expect(open.requests[0]!.headers).not.toHaveProperty('webhook-signature');
    expect(open.requests[0]!.headers).toHaveProperty('webhook-id', 'evt_1');
  });

  test('comes from a subscription whose name no header could hold', async () => {
    const content = eventContent(failedJobBody);
    if (content.kind === 'event') content.received.subscription = 'données\r\nx: y';
    expect(await send({ content })).toMatchObject({ kind: 'delivered' });
    expect(receiver.requests[0]!.headers['x-narrative-relay-subscription']).toBe('donn%C3%A9es%0D%0Ax%3A%20y');
  });
});

test('a notice is JSON of its own, with an id that no event has', async () => {
  await send({ content: notice, rule: null });
  expect(JSON.parse(text())).toEqual({
    type: 'relay.notice',
    title: 'destination data-eng is broken',
    text: 'channel_not_found',
    timestamp: '2026-03-02T09:12:05.000Z',
  });
  expect(receiver.requests[0]!.headers['webhook-id']).toBe('dlv_1');
  expect(receiver.problems).toEqual([]);
});

test('a notice with facts and links keeps them', async () => {
  const more = {
    fields: [{ label: 'Missing', value: 'dataset 10736' }],
    links: [{ label: 'Docs', url: 'https://example.com/' }],
  };
  if (notice.kind === 'notice') await send({ content: { ...notice, ...more }, incident: incident() });
  expect(JSON.parse(text())).toMatchObject(more);
  expect(receiver.requests[0]!.headers).toMatchObject({ 'x-narrative-relay-incident': 'open', 'webhook-id': 'dlv_1' });
});

describe('an answer', () => {
  test.each([
    [200, { kind: 'delivered' }],
    [204, { kind: 'delivered' }],
    [301, { kind: 'destination-broken', reason: 'channel' }],
    [400, { kind: 'rejected', reason: 'payload' }],
    [401, { kind: 'destination-broken', reason: 'credential' }],
    [403, { kind: 'destination-broken', reason: 'credential' }],
    [404, { kind: 'destination-broken', reason: 'channel' }],
    [408, { kind: 'retry', reason: 'timeout' }],
    [410, { kind: 'destination-broken', reason: 'channel' }],
    [413, { kind: 'rejected', reason: 'payload' }],
    [422, { kind: 'rejected', reason: 'payload' }],
    [425, { kind: 'retry', reason: 'service-unavailable' }],
    [429, { kind: 'retry', reason: 'rate-limited' }],
    [500, { kind: 'retry', reason: 'server-error' }],
    [503, { kind: 'retry', reason: 'service-unavailable' }],
  ])('of %i has its own outcome', async (status, outcome) => {
    receiver.answerWith(() => ({ kind: 'status', status }));
    expect(await send()).toMatchObject(outcome);
  });

  test.each([429, 503])('of %i is waited for until the date that Retry-After names', async (status) => {
    const date = new Date(nowMs + 90_000).toUTCString();
    receiver.answerWith(() => ({ kind: 'status', status, headers: { 'retry-after': date } }));
    // HTTP dates have whole seconds, and so has the fake clock.
    expect(await send()).toMatchObject({ kind: 'retry', afterMs: 90_000 });
  });

  test('that redirects is not followed; the detail names the host alone', async () => {
    const elsewhere = await startHttpReceiver();
    receiver.answerWith(() => ({ kind: 'status', status: 308, headers: { location: `${elsewhere.url}/x?token=secret` } }));
    const outcome = await send();
    await elsewhere.close();
    expect(elsewhere.requests).toEqual([]);
    expect(outcome).toMatchObject({
      detail: expect.stringContaining(`a redirect to ${new URL(elsewhere.url).host}; set the final URL`),
    });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  test('that never comes or breaks off is ambiguous', async () => {
    receiver.answerWith((_, count) => (count === 1 ? { kind: 'reset', after: true } : { kind: 'hang', after: true }));
    expect(await send()).toMatchObject({ kind: 'ambiguous', reason: 'network' });
    expect(await send({}, destination({ timeoutMs: 40 }))).toMatchObject({ kind: 'ambiguous', reason: 'timeout' });
    const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(ids).toEqual(['evt_1', 'evt_1']);
  });

  test('that cannot come, since nothing listens, is a plain retry', async () => {
    const closed = await startHttpReceiver();
    await closed.close();
    expect(await send({}, destination({ url: closed.url }))).toMatchObject({ kind: 'retry', reason: 'network' });
  });
});

describe('a configuration', () => {
  test.each(['webhook-id', 'Webhook-Signature', 'X-Narrative-Relay-Attempt', 'Host', 'Content-Length'])(
    'may not set %s',
    (header) => {
      expect(isReservedHeader(header)).toBe(true);
      expect(() => destination({ headers: { [header]: 'x' } })).toThrow(
        `destination airflow: the relay sets the header ${header}`,
      );
    },
  );

  test('with a header value that HTTP does not allow is refused without showing it', () => {
    expect(() => destination({ headers: { 'x-key': 'secret\nvalue' } })).toThrow(
      /destination airflow: the header "x-key"(?!.*secret)/,
    );
  });

  test.each(['ftp://example.com/secret', '/secret', 'secret'])('with %j for a URL is refused without showing it', (url) => {
    expect(() => destination({ url })).toThrow(/destination airflow: the url must be(?!.*secret)/);
  });
});

test('the preview shows the request without its secrets, and without the event that whoever looks has anyway', () => {
  const to = destination({
    url: `${receiver.url}/path-secret?q=query-secret`,
    headers: { authorization: 'Bearer header-secret' },
  });
  const { body } = to.preview(delivery());
  expect(body).toMatchObject({
    method: 'POST',
    url: `${receiver.url}/…`,
    headers: { authorization: '…', 'webhook-id': 'evt_1', 'webhook-signature': 'v1,(made when sent)' },
    body: "(the event's body, as it came)",
  });
  const shown = JSON.stringify([body, to], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  expect(shown).not.toMatch(/path-secret|query-secret|header-secret|ZmFrZS/);
});

describe('Standard Webhooks', () => {
  test('signatures are those of the reference implementation', () => {
    const key = standardWebhooksKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const body = new TextEncoder().encode('{"test": 2432232314}');
    const signature = signStandardWebhook(nodeHash, key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body);
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test.each(['2cdb56d8-0c5e-4fd5-8b3a-0b1c7e8f9a00', 'pässword', 'whsec_not base64!', 'whsec_'])(
    'take the secret %j as its own bytes',
    (own) => {
      const signature = signStandardWebhook(nodeHash, standardWebhooksKey(own), 'id', 1, new Uint8Array());
      expect(signature).toBe(`v1,${createHmac('sha256', own).update('id.1.').digest('base64')}`);
    },
  );

  test.each([1, 2, 3, 24, 64])('take %i bytes of key with and without padding', (length) => {
    const bytes = Buffer.alloc(length, 0xfb);
    const base64 = bytes.toString('base64');
    expect(Buffer.from(standardWebhooksKey(`whsec_${base64}`))).toEqual(bytes);
    expect(Buffer.from(standardWebhooksKey(`whsec_${base64.replace(/=+$/, '')}`))).toEqual(bytes);
  });
});

test('the demo shows a request in one line', async () => {
  await send();
  const line = renderHttpRequest(receiver.requests[0]!, { color: false });
  expect(line).toBe(`→ HTTP POST /hooks · evt_1 · ${failedJobBody.length} bytes · signed`);
});
