/** When a call is made again, and after how long: what only reads may be, what makes something may not. */
import { afterEach, describe, expect, test } from 'vitest';
import { brokenOff, clientOf, json, reset, serveReplies, silence, type ApiServer, type Reply } from './api-server.ts';

let server: ApiServer;
afterEach(() => server.close());

async function client(replies: Reply[], options: Parameters<typeof clientOf>[1] = {}) {
  server = await serveReplies(...replies);
  return clientOf(server.url, options);
}

const fault = json(500, {});
const busy = json(503, {}, { 'retry-after': '3' });
const none = json(200, []);
const made = json(200, { id: 'sub-1', url: 'https://relay.example.com', secret: 'not-a-real-secret' });
const gone = json(404, {});
const archived: Reply = (response) => void response.writeHead(204).end();
const wanted = { kind: 'app', url: 'https://relay.example.com', name: null, appId: '8' } as const;

describe('reading', () => {
  test.each([
    ['a fault', fault],
    ['too many requests', json(429, {})],
    ['a broken connection', reset],
    ['an answer that breaks off', brokenOff],
  ])('is tried again after %s', async (_name, reply) => {
    const { api, waits } = await client([reply, none]);
    expect(await api.listSubscriptions()).toEqual({ ok: true, value: [] });
    expect(waits).toEqual([250]);
  });

  test('is tried again after a time-out', async () => {
    const { api } = await client([silence, none], { timeoutMs: 500 });
    expect(await api.listSubscriptions()).toEqual({ ok: true, value: [] });
  });

  test('is tried again where nothing listened, and then something does', async () => {
    const { url } = (server = await serveReplies(none));
    const refusals = [Object.assign(new Error(), { code: 'ECONNREFUSED' })];
    const { api } = clientOf(url, {
      fetch: (input, init) => {
        const refusal = refusals.pop();
        return refusal ? Promise.reject(refusal) : fetch(input, init);
      },
    });
    expect(await api.listSubscriptions()).toEqual({ ok: true, value: [] });
  });

  test('waits twice as long each time, up to 30 s, and gives up after four tries', async () => {
    const { api, waits } = await client([fault]);
    expect(await api.listSubscriptions()).toMatchObject({
      ok: false,
      failure: { kind: 'server-error', detail: expect.stringContaining('(tried 4 times)') },
    });
    expect(server.asked).toHaveLength(4);
    expect(waits).toEqual([250, 500, 1_000]);
    server.close();
    const patient = await client([fault], { maxAttempts: 9 });
    await patient.api.listSubscriptions();
    expect(patient.waits.slice(-2)).toEqual([15_000, 15_000]);
  });

  test('waits as long as it is asked to, when that is longer', async () => {
    const { api, waits } = await client([busy, json(429, {}, { 'retry-after': '0' }), none]);
    expect(await api.listSubscriptions()).toMatchObject({ ok: true });
    expect(waits).toEqual([3_000, 500]);
  });

  test('leaves it to the caller to wait for more than a minute', async () => {
    const { api, waits } = await client([json(429, {}, { 'retry-after': '61' })]);
    expect(await api.listSubscriptions()).toMatchObject({ failure: { kind: 'rate-limited', afterMs: 61_000 } });
    expect(waits).toEqual([]);
    server.close();
    const shorter = await client([json(429, {}, { 'retry-after': '60' }), none]);
    expect(await shorter.api.listSubscriptions()).toMatchObject({ ok: true });
  });

  test.each([400, 401, 403, 404, 302])('is not tried again after %i', async (status) => {
    const { api } = await client([json(status, {}), none]);
    expect(await api.listSubscriptions()).toMatchObject({ ok: false });
    expect(server.asked).toHaveLength(1);
  });

  test('is tried once where one attempt is allowed', async () => {
    const { api, waits } = await client([fault], { maxAttempts: 1 });
    await api.listSubscriptions();
    expect(server.asked).toHaveLength(1);
    expect(waits).toEqual([]);
  });
});

describe('making a subscription', () => {
  test.each([
    ['a fault', fault],
    ['a broken connection', reset],
    ['an answer that breaks off', brokenOff],
    ['429 without a time', json(429, {})],
  ])('is not tried again after %s: it may have been made', async (_name, reply) => {
    const { api } = await client([reply, made]);
    expect(await api.createSubscription(wanted)).toMatchObject({ ok: false });
    expect(server.asked).toHaveLength(1);
  });

  test.each([429, 503])('is tried again after %i with a time to wait', async (status) => {
    const { api, waits } = await client([json(status, {}, { 'retry-after': '3' }), made]);
    expect(await api.createSubscription(wanted)).toMatchObject({ ok: true, value: { secret: 'not-a-real-secret' } });
    expect(waits).toEqual([3_000]);
  });

  test('is tried again where nothing was sent', async () => {
    server = await serveReplies(silence);
    server.close();
    const { api, waits } = clientOf(server.url);
    expect(await api.createSubscription(wanted)).toMatchObject({ failure: { kind: 'unreachable' } });
    expect(waits).toHaveLength(3);
  });
});

describe('archiving', () => {
  test.each([
    ['a fault', fault],
    ['a broken connection', reset],
  ])('is tried again after %s, and not finding it then means that it is done', async (_name, reply) => {
    const { api } = await client([reply, gone]);
    expect(await api.archiveSubscription('sub-1')).toEqual({ ok: true, value: null });
    expect(server.asked).toHaveLength(2);
  });

  test('is done although the rest of the answer is lost', async () => {
    const { api } = await client([brokenOff]);
    expect(await api.archiveSubscription('sub-1')).toEqual({ ok: true, value: null });
    expect(server.asked).toHaveLength(1);
  });

  test.each([
    ['at first', []],
    ['after it was turned away', [busy]],
    ['after too many requests', [json(429, {})]],
  ])('does not find it %s: it is not there', async (_name, before) => {
    const { api } = await client([...before, gone, archived]);
    expect(await api.archiveSubscription('sub-1')).toMatchObject({ ok: false, failure: { kind: 'not-found' } });
  });
});

test('when the relay stops, a wait ends and nothing more is sent', async () => {
  const stop = new AbortController();
  const { api } = await client([fault], {
    signal: stop.signal,
    wait: () => {
      queueMicrotask(() => stop.abort());
      return new Promise(() => {});
    },
  });
  expect(await api.listSubscriptions()).toMatchObject({ ok: false, failure: { kind: 'unreachable' } });
  expect(server.asked).toHaveLength(1);
});
