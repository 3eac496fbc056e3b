/** A relay as it is run, and a simulated Narrative, over real HTTP: what is lost while the relay is down is found when it is back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/demo/free-port.ts';
import { startHttpReceiver } from '../../src/demo/http-receiver.ts';
import { serve, type Serving } from '../../src/node/serve.ts';
import { openSqlite } from '../../src/node/sqlite.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { zoneless } from '../../src/simulator/stamps.ts';
import { readSettings } from '../../src/settings.ts';

const token = 'narrative-token-not-a-real-one';
const secret = 'webhook-secret-not-a-real-one';
const minute = 60_000;

test('what was lost while the relay was down is found when it is back, and nothing is told twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-reconcile-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // The story is of half an hour ago: what is younger than a minute may be on its way.
  const ports = { now: Date.now, storyNow: () => Date.now() - 30 * minute, wait: (ms: number) => sleep(ms), speed: 1 };
  const simulator = await startSimulator({ token, ports, retries: { maxAttempts: 1 } });
  onTestFinished(() => simulator.close());
  const receiver = await startHttpReceiver();
  onTestFinished(() => receiver.close());

  const port = await freePort('127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const filters = { jobIds: null, jobTypes: null, states: null, appId: null };
  simulator.subscribe({ name: null, url: `${url}/webhooks/narrative`, secret, kind: 'jobs', ...filters });
  writeFileSync(join(folder, 'webhook-secret'), secret);
  writeFileSync(
    join(folder, 'relay.yaml'),
    `version: 1
subscriptions: { production: { secrets: [{ file: ${join(folder, 'webhook-secret')} }] } }
destinations: { hook: { type: http, url: ${receiver.url} } }
rules: [{ name: ends, match: { states: [failed, completed] }, send: [{ to: hook }] }]
`,
  );
  const read = readSettings({
    PORT: String(port),
    RELAY_RULES: folder,
    RELAY_DB: join(folder, 'relay.db'),
    RELAY_PUBLIC_URL: url,
    NARRATIVE_API_URL: simulator.url,
    NARRATIVE_API_TOKEN: token,
    LOG_LEVEL: 'silent',
  });
  if (!read.ok) throw new Error(read.problems.join('\n'));

  const received = (count: number) =>
    new Promise<void>((resolve) => {
      receiver.on(() => receiver.requests.length >= count && resolve());
      if (receiver.requests.length >= count) resolve();
    });

  // An hour ago.
  const first = await serve(read.settings, [], { now: () => Date.now() - 60 * minute });
  expect(await happens(simulator, 'heard', 'failed')).toEqual(['accepted']);
  await happens(simulator, 'lost', 'running');
  await received(1);
  await first.stop();

  expect(await happens(simulator, 'lost', 'failed')).toEqual(['gave-up']);
  expect(await happens(simulator, 'ended', 'completed')).toEqual(['gave-up']);

  let second: Serving = await serve(read.settings, []);
  await received(3);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const series of [
    'reconcile_runs_total{trigger="start",outcome="done"} 1',
    'reconcile_taken_total{trigger="start"} 2',
    'narrative_api_requests_total{call="webhooks",outcome="ok"} 1',
    'narrative_api_requests_total{call="jobs",outcome="ok"} 1',
    'reconcile_last_success_timestamp_seconds ',
  ]) {
    expect(metrics).toContain(`\nnarrative_relay_${series}`);
  }
  // Its webhook comes after all.
  expect(await happens(simulator, 'lost', 'failed')).toEqual(['duplicate']);
  await second.stop();
  second = await serve(read.settings, []);
  await second.stop();

  const bodies = receiver.requests.map(
    ({ body }) => JSON.parse(body.toString()) as { reconciled?: true; data: { job_id: string } },
  );
  expect(bodies.map(({ data, reconciled }) => `${data.job_id}${reconciled ? ' reconciled' : ''}`).toSorted()).toEqual([
    'ended reconciled',
    'heard',
    'lost reconciled',
  ]);
  const store = openSqlite(read.settings.databasePath);
  onTestFinished(() => store.close());
  expect(store.sql.query('SELECT job_id, state, scheme, outcome FROM events ORDER BY job_id, seq')).toMatchObject([
    { job_id: 'ended', state: 'completed', scheme: 'reconcile', outcome: 'routed' },
    { job_id: 'heard', state: 'failed', scheme: 'hmac-sha256', outcome: 'routed' },
    { job_id: 'lost', state: 'running', scheme: 'hmac-sha256', outcome: 'unrouted' },
    { job_id: 'lost', state: 'failed', scheme: 'reconcile', outcome: 'routed' },
    { job_id: 'lost', state: 'failed', scheme: 'hmac-sha256', outcome: 'repeated' },
  ]);
});

const atOf = new Map<string, number>();

/** A job comes to a state, and each of its webhooks to this. The time of a state stays what it was when it comes again. */
async function happens(simulator: Simulator, id: string, state: string): Promise<string[]> {
  const key = `${id} ${state}`;
  const atMs = atOf.get(key) ?? Date.now() - 30 * minute + atOf.size;
  atOf.set(key, atMs);
  const job = { job_id: id, type: 'forecast', state, input: { dataset_id: id }, created_at: zoneless((atMs - minute) * 1_000) };
  const sent = await simulator.happen({
    kind: 'job',
    job: { ...job, updated_at: zoneless(atMs * 1_000) },
    webhook: { delayMs: 0, againAfterMs: null, lost: false },
    atMs: 0,
    burst: null,
    note: null,
  });
  return sent.map(({ outcome }) => (outcome.kind === 'answered' ? outcome.answer : outcome.kind));
}
