import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createSender, type SenderOptions } from '../../src/simulator/sender.ts';

interface Reply {
  status: number;
  body?: string;
  headers?: Record<string, string>;
}

interface Request {
  headers: IncomingMessage['headers'];
  body: Buffer;
}

const secret = 'not-a-real-secret';
const body = new TextEncoder().encode('{"id":"whe-1","snapshot_id":1724919539450264600}');
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(cleanups.splice(0).map((clean) => clean()));
});

/** A real server that gives these replies in turn, the last one for ever. */
async function endpoint(...replies: [Reply, ...Reply[]]) {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const reply = replies[Math.min(requests.length, replies.length - 1)] ?? replies[0];
      requests.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(reply.body ?? '{}');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const close = () =>
    new Promise((closed) => {
      server.close(closed);
      server.closeAllConnections();
    });
  cleanups.push(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/narrative`, requests, close };
}

function sender(options: Omit<SenderOptions, 'secret'>) {
  const waits: number[] = [];
  let nowMs = 1_700_000_000_000;
  const wait = async (ms: number) => {
    waits.push(ms);
    nowMs += ms;
  };
  return { waits, sender: createSender({ secret, ...options }, { now: () => nowMs, wait }) };
}

const accepted: Reply = { status: 202, body: '{"status":"accepted","event_id":"evt_1","deliveries":2}' };

test('an event is posted once, signed with the HMAC of its raw bytes, when the answer is a 2xx', async () => {
  const { url, requests } = await endpoint(accepted);
  const { sender: narrative, waits } = sender({ url });
  expect(await narrative.send({ id: 'whe-1', body })).toEqual({
    kind: 'answered',
    status: 202,
    answer: 'accepted',
    deliveries: 2,
    attempts: 1,
  });
  expect(requests).toHaveLength(1);
  expect(requests[0]?.headers['x-narrative-signature']).toBe(createHmac('sha256', secret).update(body).digest('hex'));
  expect(requests[0]?.headers['content-type']).toBe('application/json');
  expect(waits).toEqual([]);
});

test('what is not answered with a 2xx is sent again byte for byte, with the same proof, at doubling intervals', async () => {
  const { url, requests } = await endpoint({ status: 500 }, { status: 502 }, { status: 500 }, accepted);
  const { sender: narrative, waits } = sender({ url, signing: { scheme: 'standard-webhooks' }, backoffMs: 1000 });
  expect(await narrative.send({ id: 'whe-1', body })).toMatchObject({ kind: 'answered', answer: 'accepted', attempts: 4 });
  expect(waits).toEqual([1000, 2000, 4000]);
  for (const request of requests) expect(request.body.equals(body)).toBe(true);
  for (const header of ['webhook-id', 'webhook-timestamp', 'webhook-signature'])
    expect(new Set(requests.map((request) => request.headers[header]))).toHaveLength(1);
});

test('a Retry-After lengthens the wait and never shortens it', async () => {
  const busy = (after: string): Reply => ({ status: 503, headers: { 'retry-after': after } });
  const { url } = await endpoint(busy('7'), busy('1'), busy('Fri, 31 Dec 1999 23:59:59 GMT'), accepted);
  const { sender: narrative, waits } = sender({ url, backoffMs: 2000 });
  await narrative.send({ id: 'whe-1', body });
  expect(waits).toEqual([7000, 4000, 8000]);
});

test('it gives up after its last attempt and says what the last answer was', async () => {
  const { url, requests } = await endpoint({ status: 503 });
  const { sender: narrative } = sender({ url, maxAttempts: 3 });
  expect(await narrative.send({ id: 'whe-1', body })).toEqual({ kind: 'gave-up', last: 'HTTP 503', attempts: 3 });
  expect(requests).toHaveLength(3);
});

test('nobody listening counts as unreachable and is tried again', async () => {
  const { url, close } = await endpoint(accepted);
  await close();
  const { sender: narrative } = sender({ url, maxAttempts: 2 });
  expect(await narrative.send({ id: 'whe-1', body })).toMatchObject({ kind: 'gave-up', attempts: 2 });
  expect(narrative.counts().answers).toMatchObject({ requests: 2, unreachable: 2 });
});

test('each request is counted under exactly one answer, and what accepted ones promise is summed', async () => {
  const replies: [Reply, ...Reply[]] = [
    accepted,
    { status: 200, body: '{"status":"duplicate","event_id":"evt_1"}' },
    { status: 202, body: '{"status":"quarantined"}' },
    { status: 401, body: '{"title":"Unauthorized"}' },
    { status: 429 },
    { status: 204, body: '' },
  ];
  const { url } = await endpoint(...replies);
  const { sender: narrative } = sender({ url });
  for (const _ of replies) await narrative.send({ id: 'whe-1', body, maxAttempts: 1 });
  expect(narrative.counts()).toEqual({
    answers: { requests: 6, accepted: 1, duplicate: 1, quarantined: 1, refused: 1, other: 2, unreachable: 0 },
    promised: 2,
  });
});

test('a forger signs with another secret, and a shared secret goes as a bearer token', async () => {
  const { url, requests } = await endpoint(accepted);
  await sender({ url }).sender.send({ id: 'whe-1', body, secret: 'guessed' });
  await sender({ url, signing: { scheme: 'shared-secret' } }).sender.send({ id: 'whe-1', body });
  expect(requests[0]?.headers['x-narrative-signature']).toBe(createHmac('sha256', 'guessed').update(body).digest('hex'));
  expect(requests[1]?.headers.authorization).toBe(`Bearer ${secret}`);
});
