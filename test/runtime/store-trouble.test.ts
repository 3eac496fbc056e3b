/** When the store can't take events: nothing is acknowledged, the operator is told, and it recovers by itself. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { test, type ExpectStatic } from 'vitest';
import { readAccount } from './account.ts';
import { untilDrained } from './drained.ts';
import { prepareRelay, printingRules, untilStatus, type PreparedRelay } from './prepare-relay.ts';
import { failedJob, post } from './signed-event.ts';

async function expectNotTaken(expect: ExpectStatic, answer: Response): Promise<void> {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('10');
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toMatchObject({ status: 503, detail: expect.stringContaining('Send it again') });
}

/** A first life, which leaves a database behind. */
async function beginAndEnd(prepared: PreparedRelay): Promise<void> {
  const relay = prepared.launch();
  await relay.ready;
  relay.signal('SIGTERM');
  await relay.ended;
}

/**
 * The disk is full for the relay alone: the system refuses to let its files grow (`ulimit -f`), which takes no privileges.
 * Room is made from outside, by moving what is in the write-ahead log into the database.
 */
test.concurrent('on a full disk it answers 503 and is not ready; once there is room it takes the same event', async (context) => {
  const { expect } = context;
  const prepared = prepareRelay(context, { rules: printingRules });
  const url = await prepared.launch({ fileLimitKib: 1024 }).ready;
  const large = 'x'.repeat(100_000);
  const acknowledged: string[] = [];
  let answer = await post(url, failedJob('full-0', large));
  while (answer.status === 202) {
    acknowledged.push(`full-${acknowledged.length}`);
    answer = await post(url, failedJob(`full-${acknowledged.length}`, large));
  }
  const refused = `full-${acknowledged.length}`;
  await expectNotTaken(expect, answer);
  const { store } = (await untilStatus(`${url}/readyz`, 503)) as { store: string };
  expect(store).toContain('disk');

  const outside = new Database(prepared.databasePath);
  outside.pragma('wal_checkpoint(TRUNCATE)');
  outside.close();
  expect((await post(url, failedJob(refused, large))).status).toBe(202);
  await untilStatus(`${url}/readyz`, 200);
  await untilDrained(prepared.databasePath, { stillMs: 5_000 });
  const { events, deliveries } = readAccount(prepared.databasePath);
  expect(events.map(({ webhookId }) => webhookId)).toEqual([...acknowledged, refused]);
  expect(deliveries.filter(({ status }) => status === 'delivered')).toHaveLength(events.length);
});

/** Takes the database as a backup tool with bad manners would. */
function lock(databasePath: string): () => void {
  const other = new Database(databasePath);
  other.exec('BEGIN EXCLUSIVE');
  return () => other.close();
}

test.concurrent('while another program has locked the database it answers 503, and afterwards it goes on', async (context) => {
  const { expect } = context;
  const prepared = prepareRelay(context, { rules: printingRules });
  const url = await prepared.launch().ready;
  expect((await post(url, failedJob('before'))).status).toBe(202);
  await untilDrained(prepared.databasePath, { stillMs: 5_000 });
  const unlock = lock(prepared.databasePath);
  await expectNotTaken(expect, await post(url, failedJob('during')));
  expect(await untilStatus(`${url}/readyz`, 503)).toMatchObject({ store: 'database is locked' });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  unlock();
  expect((await post(url, failedJob('during'))).status).toBe(202);
  await untilStatus(`${url}/readyz`, 200);
  await untilDrained(prepared.databasePath, { stillMs: 5_000 });
});

test.concurrent(
  'it becomes ready again although no event comes: whoever sends none to what is not ready would wait for ever',
  { timeout: 30_000 },
  async (context) => {
    const { expect } = context;
    const prepared = prepareRelay(context, { rules: printingRules });
    const url = await prepared.launch().ready;
    const unlock = lock(prepared.databasePath);
    await expectNotTaken(expect, await post(url, failedJob('refused')));
    await untilStatus(`${url}/readyz`, 503);
    unlock();
    expect(await untilStatus(`${url}/readyz`, 200)).toMatchObject({ status: 'ready', store: 'writable' });
  },
);

test.concurrent('rules that change while the database is locked take effect, and it lives on', async (context) => {
  const { expect } = context;
  const prepared = prepareRelay(context, { rules: printingRules });
  const relay = prepared.launch();
  const url = await relay.ready;
  const unlock = lock(prepared.databasePath);
  prepared.writeRules(printingRules.replace('[{ to: console }]', '[]'));
  await relay.says(/"msg":"rules reloaded"/);
  unlock();
  expect(await (await post(url, failedJob('after'))).json()).toMatchObject({ status: 'accepted', deliveries: 0 });
});

test.concurrent('a database that is locked at the start ends it with an error that names the file', async (context) => {
  const { expect } = context;
  const prepared = prepareRelay(context, { rules: printingRules });
  await beginAndEnd(prepared);
  const unlock = lock(prepared.databasePath);
  const second = prepared.launch();
  expect(await second.ended).toEqual({ code: 1, signal: null });
  expect(second.output()).toMatch(/^narrative-relay can't start: the database .*relay\.db .*locked.*\. .+\.$/);
  unlock();
});

test.concurrent(
  'a file that is no database ends the start with an error that says what to do, and is left as it was',
  async (context) => {
    const { expect } = context;
    const prepared = prepareRelay(context, { rules: printingRules });
    writeFileSync(prepared.databasePath, 'These are somebody’s notes, not a database.\n'.repeat(200));
    const relay = prepared.launch();
    expect(await relay.ended).toEqual({ code: 1, signal: null });
    expect(relay.output()).toBe(
      `narrative-relay can't start: ${prepared.databasePath} is damaged or no SQLite database (file is not a database). Restore it from a backup, or move it away to start anew.`,
    );
  },
);

test.concurrent('a damaged database ends the start with an error that says what to do', async (context) => {
  const { expect } = context;
  const prepared = prepareRelay(context, { rules: printingRules });
  await beginAndEnd(prepared);
  const pageBytes = 4_096;
  const database = new Database(prepared.databasePath);
  const pages = Number(database.pragma('page_count', { simple: true }));
  database.close();
  const file = openSync(prepared.databasePath, 'r+');
  for (let page = 1; page < pages; page++) writeSync(file, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, page * pageBytes);
  closeSync(file);
  const second = prepared.launch();
  expect(await second.ended).toEqual({ code: 1, signal: null });
  expect(second.output()).toContain(`narrative-relay can't start: ${prepared.databasePath} is damaged`);
  expect(second.output()).toContain('Restore it from a backup');
});
