/** Events that come together share a commit, and nobody is answered before it. */
import Database from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import type { Sql } from '../../src/ports.ts';
import { answerTo, jobBody, post } from './narrative-event.ts';
import { detailOf } from './problem-of.ts';
import { headOf, openRaw, type RawAnswer } from './raw-http.ts';
import { signatureOf, startRelayUnderTest, type RelayUnderTest } from './relay-under-test.ts';

let relay: RelayUnderTest;
let transactions = 0;
/** Where set, a transaction fails after its work: what a full disk does to a commit. */
let failure: Error | null = null;

/** Counts the transactions, and lets their commits fail. */
function watched(sql: Sql): Sql {
  return {
    query: sql.query,
    transaction(work) {
      transactions += 1;
      return sql.transaction(() => {
        const result = work();
        if (failure) throw failure;
        return result;
      });
    },
  };
}

async function start(): Promise<void> {
  failure = null;
  const rules = 'version: 1\nsubscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }\nrules: []\n';
  relay = await startRelayUnderTest({ rules, wrapSql: watched });
}

afterEach(() => relay.stop());

const together = 50;

/**
 * All requests are written in one turn, on connections that have carried a request before: Node accepts no more than one new
 * connection per turn, so events on fresh ones hardly ever come together.
 */
async function postTogether(): Promise<Promise<RawAnswer>[]> {
  const connections = Array.from({ length: together }, () => openRaw(relay.port));
  await Promise.all(
    connections.map((connection) => {
      connection.write(headOf('GET', '/healthz'));
      return connection.answer();
    }),
  );
  transactions = 0;
  return connections.map(async (connection, i) => {
    const body = jobBody({ id: `whe-${i}`, jobId: `job-${i}` });
    const signature = ['x-narrative-signature', signatureOf(body)] as const;
    connection.write(headOf('POST', '/webhooks/narrative', [signature, ['content-length', String(body.length)]]) + body);
    const answer = await connection.answer(2);
    connection.socket.destroy();
    return answer;
  });
}

test('fifty events that come at once share a few commits, and each is on disk when its answer arrives', async () => {
  await start();
  const elsewhere = new Database(relay.databasePath, { readonly: true });
  const find = elsewhere.prepare('SELECT count(*) AS n FROM events WHERE idempotency_key = ?').pluck();
  const found = (await postTogether()).map(async (answered) => {
    const { status, body } = await answered;
    expect(status).toBe(202);
    return find.get((JSON.parse(body) as { idempotency_key: string }).idempotency_key);
  });
  expect(await Promise.all(found)).toEqual(Array.from({ length: together }, () => 1));
  expect(transactions).toBeGreaterThan(0);
  expect(transactions).toBeLessThanOrEqual(together / 5);
  elsewhere.close();
});

test('when the commit fails, every event that waited for it is answered 503 and none is kept', async () => {
  await start();
  failure = new Error('database or disk is full');
  const answers = await Promise.all(await postTogether());
  for (const answer of answers) {
    expect(await detailOf(answer, 503)).toBe('The event could not be stored; nothing was kept. Send it again.');
    expect(answer.headers.get('retry-after')).toBe('10');
  }
  expect(relay.events()).toEqual([]);
  expect(relay.sql.query('SELECT * FROM keys')).toEqual([]);
  expect(relay.sql.query('SELECT * FROM transitions')).toEqual([]);
  expect(await relay.metric('events_total{subscription="production",outcome="unavailable"}')).toBe(together);
  expect(relay.logLines()).toContainEqual(expect.objectContaining({ level: 'error', outcome: 'unavailable' }));
});

test('what the store says of its failure stays in the log: the sender reads only that it should come again', async () => {
  await start();
  failure = new Error('disk I/O error at /var/lib/example');
  expect(await (await post(relay, jobBody())).text()).not.toContain('/var/lib/example');
  expect(relay.logText.join('')).toContain('/var/lib/example');
});

test('an event that was refused while the store was broken is taken as new afterwards', async () => {
  await start();
  failure = new Error('database or disk is full');
  expect((await post(relay, jobBody())).status).toBe(503);
  failure = null;
  expect(await answerTo(relay, jobBody())).toMatchObject({ status: 202, said: 'accepted' });
  expect(relay.events()).toHaveLength(1);
});

test('while the store is broken the relay is alive but not ready, and says why', async () => {
  await start();
  failure = new Error('database or disk is full');
  const notReady = await fetch(`${relay.url}/readyz`);
  expect(notReady.status).toBe(503);
  expect(await notReady.json()).toMatchObject({ status: 'not ready', store: 'database or disk is full' });
  expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  failure = null;
  expect((await fetch(`${relay.url}/readyz`)).status).toBe(200);
});
