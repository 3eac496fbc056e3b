/**
 * Whatever is thrown at the HTTP edge, through real sockets: it blames the sender and not itself, it lives on, every 2xx is
 * in the ledger, and all that is in the ledger was answered with a 2xx. Again as it was: FUZZ_SEED=… from the message.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventSeq } from '../../src/event/id.ts';
import { openRaw, type RawAnswer } from './raw-http.ts';
import { startRelayUnderTest, type RelayUnderTest } from './relay-under-test.ts';
import { wireRequests, type WireRequest } from './wire-requests.ts';

const rules = `version: 1
subscriptions:
  production: { secrets: [{ env: FAKE_SECRET }] }
  unsigned: { verify: { scheme: url-token }, secrets: [{ env: FAKE_SECRET }] }
defaults: { subject: "{{ job.type }}/{{ job.input.dataset_id | default: job.id }}" }
rules:
  - { name: failures, match: { states: [failed] }, send: [{ to: console, message: { title: "{{ job.id }} {{ job.duration }}" } }] }
  - { name: slow, match: { when: "job.duration_s > 3600" }, send: [{ to: console }] }
`;

const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) };

/** Writes piece by piece, each in a turn of its own, and waits for the answer or for the end of the connection. */
async function send({ port }: RelayUnderTest, { method, pieces, unfinished }: WireRequest): Promise<RawAnswer | null> {
  const connection = openRaw(port, { withoutBodies: method === 'HEAD' });
  for (const piece of pieces) {
    connection.write(piece);
    await new Promise(setImmediate);
  }
  if (unfinished) connection.socket.end();
  try {
    return await connection.answer();
  } catch {
    return null;
  } finally {
    connection.socket.destroy();
  }
}

/** Checks the ledger against the answers, both ways. */
function checkLedger(relay: RelayUnderTest, requests: readonly WireRequest[], answers: readonly (RawAnswer | null)[]): void {
  const answered = new Set<string>();
  for (const answer of answers) {
    if (answer === null) continue;
    expect(answer.status, answer.body).toBeLessThan(500);
    if (answer.status >= 300 || !answer.body.includes('"event_id"')) continue;
    const { event_id, idempotency_key } = JSON.parse(answer.body) as { event_id: string; idempotency_key: string };
    expect(relay.sql.query('SELECT seq FROM events WHERE seq = ?', eventSeq(event_id))).toHaveLength(1);
    // UTF-8, and so the database, has no lone surrogates.
    answered.add(idempotency_key.toWellFormed());
  }
  const kept = relay.events().map(({ idempotency_key }) => idempotency_key);
  const unanswered = kept.filter((key) => !answered.has(key));
  expect(unanswered.length, unanswered.join()).toBeLessThanOrEqual(requests.filter(({ overrun }) => overrun).length);
}

test('no request makes it fail, fall over or lose count', { timeout: 90_000 }, async () => {
  const statuses = new Set<number | undefined>();
  const requests = fc.asyncProperty(fc.array(wireRequests, { minLength: 1, maxLength: 12 }), async (batch) => {
    // One of its own, so that a counterexample needs nothing that went before.
    const relay = await startRelayUnderTest({ rules });
    try {
      const answers = await Promise.all(batch.map((request) => send(relay, request)));
      for (const answer of answers) statuses.add(answer?.status);
      checkLedger(relay, batch, answers);
      expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
      expect(relay.logLines().filter(({ level }) => level === 'error')).toEqual([]);
    } finally {
      await relay.stop();
    }
  });
  await fc.assert(requests, { numRuns: 300, timeout: 5_000, interruptAfterTimeLimit: 60_000, ...seed });
  // A fuzz that only ever knocks at the door finds nothing behind it.
  for (const status of [200, 202, 400, 401, 404, 405]) expect(statuses).toContain(status);
});
