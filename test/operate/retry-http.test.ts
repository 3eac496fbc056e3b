/** Dead letters sent again over real HTTP: to a receiver that refused them, was mended, and knows its deliveries by their id. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpDestination } from '../../src/destination/http.ts';
import { nodeClock, nodeHash, nodeRandom } from '../../src/node/ports.ts';
import { createDeliveryOperations } from '../../src/operate/deliveries.ts';
import { createOutbox } from '../../src/outbox/outbox.ts';
import { eventId, firstSeqAt } from '../../src/event/id.ts';
import { createDeliveryStore } from '../../src/store/deliveries.ts';
import { createEventStore } from '../../src/store/events.ts';
import { migrate } from '../../src/store/migrations.ts';
import { lifetimeMs } from '../outbox/examples.ts';
import { openMemorySql } from '../store/memory-sql.ts';
import { newDelivery, newEvent } from '../store/new-event.ts';
import { anything, given, noLog } from './deliveries-stage.ts';

const hour = 3_600_000;
const body = '{"job_id":"j-1",  "state":"failed","type":"materialize-view","snapshot_id":1724919539450264601}';

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
  status: number;
}

let server: Server;
let received: Received[];
/** What the receiver answers. */
let status: number;
let onReceived: () => void;

beforeEach(async () => {
  received = [];
  status = 400;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body, status });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(() => new Promise((closed) => server.close(closed)));

function relay() {
  const sql = openMemorySql();
  migrate(sql);
  const { port } = server.address() as AddressInfo;
  const config = { name: 'airflow', url: `http://127.0.0.1:${port}/hooks`, method: 'POST' as const, headers: {}, secret: null };
  const airflow = createHttpDestination(
    { ...config, fallback: null, pace: null, timeoutMs: 2_000 },
    { fetch, clock: nodeClock, hash: nodeHash, version: '0.0.0-test' },
  );
  const destinations = () => new Map([['airflow', airflow]]);
  const shared = { sql, clock: nodeClock, log: noLog, destinations, links: () => ({}), deliveryLifetimeMs: lifetimeMs };
  const outbox = createOutbox({
    ...shared,
    random: nodeRandom,
    alarm: { arm() {}, disarm() {} },
    afterTurn: setImmediate,
    nextSeq: () => 1,
    onAttempt: () => onReceived(),
  });
  return { sql, outbox, operations: createDeliveryOperations({ ...shared, wake: outbox.wake }) };
}

/** Settles once an attempt has been recorded. */
function attempted(begin: () => void): Promise<void> {
  return new Promise((resolve) => {
    onReceived = resolve;
    begin();
  });
}

test('it arrives as the same delivery of the same event, byte by byte, and counts as delivered', async () => {
  const { sql, outbox, operations } = relay();
  const seq = firstSeqAt(nodeClock.now());
  createEventStore(sql).add(newEvent({ seq, body: new TextEncoder().encode(body) }));
  createDeliveryStore(sql).add(
    newDelivery({ eventSeq: seq, destination: 'airflow', createdAt: nodeClock.now(), expiresAt: nodeClock.now() + lifetimeMs }),
  );
  await attempted(outbox.wake);
  const [dead] = given(operations.list({ ...anything, statuses: ['dead'] }, { limit: 5, before: null })).deliveries;
  expect(dead).toMatchObject({ destination: 'airflow', reason: 'payload', attempts: 1 });

  status = 204;
  await attempted(() => void given(operations.retry(dead!.id)));
  expect(received.map((each) => each.status)).toEqual([400, 204]);
  expect(received.map((each) => [each.body, each.headers['webhook-id']])).toEqual([
    [body, eventId(seq)],
    [body, eventId(seq)],
  ]);
  expect(given(operations.show(dead!.id))).toMatchObject({
    status: 'delivered',
    attempts: 2,
    made: [{ outcome: 'rejected' }, { outcome: 'delivered' }],
  });
  await outbox.stop(0);
});

test('more dead letters of one lane than one step takes arrive in their order, though each step is sent while the next is asked for', async () => {
  const { sql, outbox, operations } = relay();
  const first = firstSeqAt(nodeClock.now() - hour);
  const ids = Array.from({ length: 1_200 }, (_, i) => eventId(first + i));
  sql.transaction(() => {
    for (const [i] of ids.entries()) {
      const eventSeq = first + i;
      createEventStore(sql).add(newEvent({ seq: eventSeq, body: new TextEncoder().encode(body) }));
      const createdAt = nodeClock.now() - hour;
      createDeliveryStore(sql).add(newDelivery({ eventSeq, destination: 'airflow', createdAt }));
    }
    sql.query(`UPDATE deliveries SET status = 'dead', reason = 'payload'`);
  });
  status = 204;
  let steps = 0;
  await new Promise<void>((resolve) => {
    let next: string | null = null;
    const step = () => {
      const answer = given(operations.bulk('retry', { ...anything, statuses: ['dead'] }, { dryRun: false, before: next }));
      next = answer.next;
      steps++;
    };
    onReceived = () => {
      if (received.length === ids.length) resolve();
      // While those of the step before are being sent.
      else if (received.length % 50 === 0 && next !== null) step();
    };
    step();
  });
  expect(steps).toBe(3);
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(ids);
  await outbox.stop(0);
}, 60_000);
