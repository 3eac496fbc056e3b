/** How much is read of a body, and what becomes of one that is too long or ends too soon. */
import { afterEach, expect, test } from 'vitest';
import { jobBody } from './narrative-event.ts';
import { detailOf } from './problem-of.ts';
import { chunked, headOf, openRaw, sendRaw } from './raw-http.ts';
import { signatureOf, startRelayUnderTest, type RelayUnderTest } from './relay-under-test.ts';

const body = Buffer.from(jobBody());
const signature = ['x-narrative-signature', signatureOf(body)] as const;
const path = '/webhooks/narrative';
const tooLarge = 'events_total{subscription="",outcome="too-large"}';

let relay: RelayUnderTest;

async function start(maxBodyBytes = 1_048_576): Promise<void> {
  relay = await startRelayUnderTest({ maxBodyBytes });
}

afterEach(() => relay.stop());

const withLength = (length: number) => headOf('POST', path, [signature, ['content-length', String(length)]]);
const withChunks = headOf('POST', path, [signature, ['transfer-encoding', 'chunked']]);

test('a body of exactly the limit is read, whether its length is told or not', async () => {
  await start(body.length);
  expect((await sendRaw(relay.port, withLength(body.length), body)).status).toBe(202);
  expect((await sendRaw(relay.port, withChunks, ...chunked(body.subarray(0, 7), body.subarray(7)))).status).toBe(200);
});

test('one byte more than the limit is refused, whether its length is told or not', async () => {
  await start(body.length - 1);
  await detailOf(await sendRaw(relay.port, withLength(body.length), body), 413);
  await detailOf(await sendRaw(relay.port, withChunks, ...chunked(body.subarray(0, 7), body.subarray(7))), 413);
  expect(relay.events()).toEqual([]);
  expect(await relay.metric(tooLarge)).toBe(2);
});

test('a Content-Length over the limit is refused before a byte of the body has come, and the connection is closed', async () => {
  await start();
  const connection = openRaw(relay.port);
  connection.write(withLength(2_000_000));
  const answer = await connection.answer();
  expect(await detailOf(answer, 413)).toBe('The body is larger than 1048576 bytes.');
  expect(answer.headers.get('connection')).toBe('close');
  await connection.closed;
  expect(relay.logLines()).toContainEqual(expect.objectContaining({ level: 'warn', max_body_bytes: 1_048_576 }));
});

test('a body without a told length is refused once it is over the limit: its end is not waited for', async () => {
  await start(1_000);
  const connection = openRaw(relay.port);
  connection.write(withChunks);
  // No last chunk ever comes.
  connection.write(Buffer.concat([Buffer.from('800\r\n'), Buffer.alloc(0x800, 0x20), Buffer.from('\r\n')]));
  const answer = await connection.answer();
  await detailOf(answer, 413);
  expect(answer.headers.get('connection')).toBe('close');
  await connection.closed;
  expect(await relay.metric(tooLarge)).toBe(1);
});

test('a sender that goes on sending after the refusal is cut off', async () => {
  await start(1_000);
  const connection = openRaw(relay.port);
  connection.write(withChunks);
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 0x20), Buffer.from('\r\n')]);
  let sent = 0;
  const keepSending = () => {
    while (!connection.socket.destroyed && connection.socket.write(chunk)) sent += chunk.length;
  };
  connection.socket.on('drain', keepSending);
  keepSending();
  await connection.closed;
  expect(sent).toBeLessThan(64 * 1_048_576);
  expect(relay.events()).toEqual([]);
});

test('a body that breaks off is no event, not even where what came of it would be one', async () => {
  await start();
  const connection = openRaw(relay.port);
  connection.write(withLength(body.length + 10));
  connection.write(body);
  connection.socket.end();
  await connection.closed;
  expect(connection.answers().map(({ status }) => status)).not.toContain(202);
  expect(relay.events()).toEqual([]);
  expect(await relay.metric('events_total{subscription="",outcome="broken-off"}')).toBe(1);
});

test('a body that comes in many small pieces is the event that it is in one', async () => {
  await start();
  const pieces = Array.from(body, (byte) => Uint8Array.of(byte));
  expect((await sendRaw(relay.port, withChunks, ...chunked(...pieces))).status).toBe(202);
  expect(Buffer.from(relay.events()[0]!.body)).toEqual(body);
});

test('a sender that asks first (Expect: 100-continue) is told to go on', async () => {
  await start();
  const connection = openRaw(relay.port);
  const went = new Promise((resolve) => connection.socket.once('data', resolve));
  connection.write(headOf('POST', path, [signature, ['content-length', String(body.length)], ['expect', '100-continue']]));
  await went;
  expect(connection.answers().map(({ status }) => status)).toEqual([100]);
  connection.write(body);
  expect((await connection.answer()).status).toBe(202);
  connection.socket.destroy();
});

test('several events come over one connection, refused ones between them', async () => {
  await start();
  const connection = openRaw(relay.port);
  const forged = headOf('POST', path, [['content-length', String(body.length)]]);
  for (const head of [withLength(body.length), forged, withLength(body.length)]) {
    connection.write(head);
    connection.write(body);
  }
  expect((await connection.answer(1)).status).toBe(202);
  expect((await connection.answer(2)).status).toBe(401);
  expect((await connection.answer(3)).status).toBe(200);
  connection.socket.destroy();
});
