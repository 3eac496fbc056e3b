/** Bodies at the edge of what a parser, a stack or memory can take: valid where they can be, and never the relay's end. */
import { afterEach, expect, test } from 'vitest';
import { answerTo, jobBody, post } from './narrative-event.ts';
import { detailOf } from './problem-of.ts';
import { chunked, headOf, openRaw, sendRaw } from './raw-http.ts';
import { signatureOf, startRelayUnderTest, type RelayUnderTest } from './relay-under-test.ts';
import { nested } from './hostile-bodies.ts';

/** What reads most of an event: a subject, a template, an expression; and what prints all of it. */
const rules = `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
defaults: { subject: "{{ job.type }}/{{ job.input.dataset_id | default: job.id }}" }
rules:
  - { name: failures, match: { states: [failed] }, send: [{ to: console, message: { title: "{{ job.id }}", text: "{{ job.input }}" } }] }
  - { name: slow, match: { when: "job.duration_s > 3600 || size(job.failures) > 100" }, send: [{ to: console }] }
`;

const tenMegabytes = 10_000_000;
const depth = 200_000;

let relay: RelayUnderTest;

async function start(maxBodyBytes?: number): Promise<void> {
  relay = await startRelayUnderTest({ rules, ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }) });
}

async function stopAlive(): Promise<void> {
  expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  await relay.stop();
}

afterEach(stopAlive);

const inJob = (field: string, text: string) =>
  `{"id":"whe-1","data":{"job_id":"job-1","state":"failed","type":"materialize-view","${field}":${text}}}`;

test.each([
  ['arrays', nested('[', ']', depth)],
  ['objects', nested('{"a":', '}', depth, '1')],
  ['both', nested('[{"a":', '}]', depth / 2, '1')],
  ['arrays around a number that needs all its digits', nested('[', ']', depth, ' 1724919539450264600')],
])('%s nested 200,000 deep are kept byte for byte, and alerted on where they are in an event', async (_what, text) => {
  await start(4_000_000);
  expect(await answerTo(relay, text)).toMatchObject({ status: 202, said: 'quarantined' });
  const fields = ['input', 'result', 'failures', 'request_source', 'executor'];
  for (const field of fields) {
    const body = inJob(field, text).replace('whe-1', field).replace('job-1', field);
    expect(await answerTo(relay, body)).toMatchObject({ status: 202, said: 'accepted', deliveries: 1 });
    expect(Buffer.from(relay.events().at(-1)!.body).equals(Buffer.from(body))).toBe(true);
  }
  await relay.untilPrinted(fields.length);
  expect(relay.logLines().filter(({ level }) => level === 'error')).toEqual([]);
});

test('200,000 levels that are never closed are not JSON', async () => {
  await start();
  expect(await detailOf(await post(relay, '['.repeat(depth)), 400)).toContain('not JSON');
});

test.each(['1e400', '-1e999', '1e-400', '9'.repeat(100_000), `0.${'0'.repeat(100_000)}1`, '-0', '1E+0000000000000000000000001'])(
  'a number that no double holds (%.20s…) is taken with its event',
  async (number) => {
    await start();
    expect(await answerTo(relay, inJob('result', `{"snapshot_id":${number}}`))).toMatchObject({ status: 202, said: 'accepted' });
    const asId = inJob('result', '{}').replace('"job-1"', number).replace('whe-1', 'whe-2');
    expect(await answerTo(relay, asId)).toMatchObject({ status: 202, said: 'accepted' });
  },
);

test('a job of ten megabytes is an event where the limit allows it, kept whole', async () => {
  await start(tenMegabytes);
  const empty = inJob('result', '""').length;
  const body = inJob('result', `"${'x'.repeat(tenMegabytes - empty)}"`);
  expect(await answerTo(relay, body)).toMatchObject({ status: 202, said: 'accepted', deliveries: 1 });
  expect(Buffer.from(relay.events()[0]!.body).equals(Buffer.from(body))).toBe(true);
});

test('ten megabytes over the limit are refused without being read, signed or not, whatever the framing', async () => {
  await start();
  const body = Buffer.alloc(tenMegabytes, 0x20);
  const signature = ['x-narrative-signature', signatureOf(body)] as const;
  for (const proof of [[], [signature]]) {
    const told = headOf('POST', '/webhooks/narrative', [...proof, ['content-length', String(body.length)]]);
    const untold = headOf('POST', '/webhooks/narrative', [...proof, ['transfer-encoding', 'chunked']]);
    await detailOf(await sendRaw(relay.port, told, body), 413);
    await detailOf(await sendRaw(relay.port, untold, ...chunked(body)), 413);
  }
  expect(relay.events()).toEqual([]);
});

test('a hundred senders that dawdle over their bodies keep nobody else waiting', async () => {
  await start();
  const body = jobBody();
  const head = headOf('POST', '/webhooks/narrative', [
    ['x-narrative-signature', signatureOf(body)],
    ['content-length', String(body.length)],
  ]);
  const dawdlers = Array.from({ length: 100 }, () => openRaw(relay.port));
  for (const dawdler of dawdlers) dawdler.write(head + body.slice(0, -1));
  expect(await answerTo(relay, jobBody({ id: 'whe-2', jobId: 'job-2' }))).toMatchObject({ status: 202 });
  expect(relay.events()).toHaveLength(1);
  for (const dawdler of dawdlers) dawdler.write(body.slice(-1));
  const statuses = (await Promise.all(dawdlers.map((dawdler) => dawdler.answer()))).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([...Array.from({ length: 99 }, () => 200), 202]);
  for (const { socket } of dawdlers) socket.destroy();
});
