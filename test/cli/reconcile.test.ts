/** `relay reconcile` as a process of its own, against a relay that answers over HTTP and a simulated Narrative. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { adminToken, startReconcileStage, type ReconcileStage } from '../http/reconcile-stage.ts';
import { startRelayUnderTest } from '../http/relay-under-test.ts';
import { relay } from './relay-command.ts';

let stage: ReconcileStage;
let env: Record<string, string>;

beforeEach(async () => {
  stage = await startReconcileStage();
  env = { RELAY_URL: stage.relay.url, RELAY_ADMIN_TOKEN: adminToken };
});
afterEach(() => stage.stop());

const reconcile = (...args: string[]) => relay(['reconcile', ...args], { env });
const holdUp = () => stage.misbehave({ kind: 'status', status: 429, retryAfterS: 3_000, times: 50, path: null });

const refuseToken = () => stage.misbehave({ kind: 'status', status: 401, retryAfterS: null, times: 50, path: null });

/** The ids of the runs there were, the newest first. */
async function runIds(): Promise<string[]> {
  const runs = JSON.parse((await reconcile('--list', '--json')).stdout) as { id: string }[];
  return runs.map(({ id }) => id);
}

describe('a look', () => {
  test('shows what never arrived as a table, sends nothing, and says how to; which then does', async () => {
    await stage.lose({ id: 'job-1', hoursAgo: 2 });
    await stage.lose({ id: 'job-2', hoursAgo: 3, state: 'completed', type: 'costs' });
    const look = await reconcile('--from', '6h');
    expect({ status: look.status, stderr: look.stderr }).toEqual({ status: 1, stderr: '' });
    expect(columnsOf(look.stdout).slice(0, 3)).toEqual([
      ['time', 'job type', 'dataset', 'state', 'job id'],
      [expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/), 'materialize-view', '10736', 'failed', 'job-1'],
      [expect.any(String), 'costs', '10736', 'completed', 'job-2'],
    ]);
    expect(look.stdout).toContain('\n2 states never arrived. Nothing was sent; to send their alerts: relay reconcile --from ');
    expect(stage.relay.events()).toEqual([]);

    const [, again] = /: relay (reconcile .*)\n/.exec(look.stdout)!;
    const take = await relay(again!.split(' '), { env });
    expect({ status: take.status, stderr: take.stderr }).toEqual({ status: 0, stderr: '' });
    expect(columnsOf(take.stdout)[1]!.slice(3)).toEqual(['failed', 'job-1', expect.stringMatching(/^→ evt_\w{11}$/)]);
    await stage.relay.untilPrinted(1);
    expect(take.stdout).toMatch(/✓ Took 2 states that never arrived\. What came of one: relay explain evt_\w{11}\n$/);

    const none = await reconcile('--from', '6h', '--apply');
    expect({ status: none.status, stderr: none.stderr }).toEqual({ status: 0, stderr: '' });
    expect(none.stdout).toMatch(/^✓ Nothing is missing: 2 jobs looked at, \d{4}-.* UTC to \d{4}-.* UTC\.\n$/);
  });

  test('explain says of what was taken that its webhook never came', async () => {
    await stage.lose({ id: 'job-1', hoursAgo: 2 });
    const { stdout } = await reconcile('--apply');
    await stage.relay.untilPrinted(1);
    const [id] = /evt_\w{11}/.exec(stdout)!;
    const folder = mkdtempSync(join(tmpdir(), 'relay-reconcile-'));
    writeFileSync(
      join(folder, 'relay.yaml'),
      `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
rules: [{ name: found, match: { when: event.reconciled }, send: [{ to: console }] }]
`,
    );
    const told = await relay(['explain', id!, '--rules', folder, '--db', stage.relay.databasePath]);
    rmSync(folder, { recursive: true });
    expect(told.stdout).toMatch(/routed, found .* UTC in Narrative's job list: its webhook to production never came\n/);
    expect(told.stdout).toMatch(/✓ found +→ console/);
    expect(told.stdout).toContain("Its webhook never came: found in Narrative's job list 2 h after it happened");
  });

  test('asks for what its options say', async () => {
    const window = ['--from', '2026-03-01T18:00:00Z', '--until', new Date(Date.now() - 3_600_000).toISOString()];
    const refused = await reconcile(...window);
    expect(refused).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/\(400\): from: .*too long ago/) });
    const from = new Date(Date.now() - 7_200_000).toISOString();
    const some = ['--lookback', '90m', '--subscription', 'production', '--json'];
    const { status, stdout } = await reconcile('--from', from, '--until', window[3]!, ...some);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ from, until: window[3], lookback_s: 5_400, subscription: 'production' });
  });

  test('shows a hundred of many, and all of them as JSON', async () => {
    for (let n = 1; n <= 502; n++) await stage.lose({ id: `job-${n}` });
    const { stdout } = await reconcile();
    expect(stdout.match(/ job-\d+/g)).toHaveLength(100);
    expect(stdout).toMatch(/\nand 402 more: --json has them all\n502 states never arrived\./);
    const [id] = await runIds();
    const { status, stdout: json } = await reconcile('--follow', id!, '--json');
    expect(status).toBe(1);
    expect((JSON.parse(json) as { missed: unknown[] }).missed).toHaveLength(502);
  });

  test('keeps what Narrative says on its line, without codes that act on the terminal', async () => {
    await stage.lose({ id: `j\u001b[2Jgone\nsecond line ${'x'.repeat(100)}`, type: 'costs\u202e\ttype' });
    const [, row] = columnsOf((await reconcile()).stdout);
    expect(row![1]).toBe('costs type');
    expect(row![4]).toMatch(/^j\[2Jgone second line x+…$/);
    expect(row![4]).toHaveLength(60);
  });

  test('that fails says why, after what it found', async () => {
    refuseToken();
    const { status, stdout, stderr } = await reconcile();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^rec_\w{11} failed: .*401.* \(0 jobs looked at, 0 states missing\)\n$/);
  });
});

describe('runs that were begun before', () => {
  test('are listed', async () => {
    expect((await reconcile('--list')).stdout).toBe('Nothing was reconciled yet.\n');
    await stage.lose({ id: 'job-1' });
    await reconcile('--apply');
    refuseToken();
    await reconcile('--from', '1h');
    const { status, stdout } = await reconcile('--list');
    expect(status).toBe(0);
    const [newest, first] = await runIds();
    const utc = expect.stringMatching(/ UTC$/) as string;
    expect(columnsOf(stdout)).toEqual([
      ['id', 'status', 'asked for by', 'begun', 'window', 'jobs', 'missing', 'taken'],
      [newest, 'failed', 'operator', utc, utc, '0', '0', 'only looks'],
      [first, 'done', 'operator', utc, utc, '1', '1', '1'],
    ]);
  });

  test('can be followed to their end, and cancelled', async () => {
    holdUp();
    const watcher = await startWatcher('--from', '6h');
    const { id } = watcher;
    const follower = await startWatcher('--follow', id);
    const cancelled = await reconcile('--cancel', id);
    expect(cancelled).toMatchObject({ status: 0, stderr: '' });
    expect(cancelled.stdout).toBe(`${id} was cancelled: 0 jobs looked at, 0 states missing.\n`);
    for (const each of [watcher, follower]) {
      expect(await each.ended).toEqual({ status: 1, stdout: cancelled.stdout, stderr: '' });
    }
  });

  test('go on when their watcher is interrupted, who says how to come back', async () => {
    holdUp();
    const { id, child, ended } = await startWatcher('--from', '6h');
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    expect(stderr).toMatch(new RegExp(`${id} goes on in the relay\\..* --follow ${id}; .* --cancel ${id}\n$`));
    const [run] = JSON.parse((await reconcile('--list', '--json')).stdout) as { status: string }[];
    expect(run!.status).toBe('running');
  });

  test.each(['--follow', '--cancel'])('%s asks which one, and says where there is none of that id', async (option) => {
    for (const id of ['', '..', 'sil_1M7ZPRB9M00', 'rec_1/missed']) {
      expect(await reconcile(option, id)).toMatchObject({ status: 2, stderr: expect.stringContaining('is no reconciliation') });
    }
    const none = await reconcile(option, 'rec_00000000000');
    expect(none).toMatchObject({ status: 1, stderr: expect.stringContaining('no reconciliation of this id') });
  });
});

describe('what is refused', () => {
  test.each<[string[], RegExp]>([
    [['--from', 'yesterday'], /from: is no date and time/],
    [['--from', '6h', '--until', '2099-01-01T00:00:00Z'], /until: .*has not come yet/],
    [['--subscription', 'elsewhere'], /the rules have no elsewhere/],
    [['--follow', 'rec_1M7ZPRB9M00', '--apply'], /cannot be used with/],
    [['--list', '--from', '6h'], /cannot be used with/],
    [['--aply'], /Did you mean --apply\?/],
  ])('%j', async (args, message) => {
    const { status, stdout, stderr } = await reconcile(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('by a relay without a token for Narrative', async () => {
    const off = await startRelayUnderTest({ adminToken });
    const { status, stderr } = await relay(['reconcile'], { env: { ...env, RELAY_URL: off.url } }).finally(() => off.stop());
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/\(409\): .*NARRATIVE_API_TOKEN/) });
  });

  test('by a relay at which ten runs wait', async () => {
    holdUp();
    const headers = { authorization: `Bearer ${adminToken}` };
    const ask = () => fetch(`${stage.relay.url}/api/v1/reconciliations`, { method: 'POST', headers, body: '{"since":"6h"}' });
    for (let i = 0; i < 10; i++) await ask();
    const { status, stdout, stderr } = await reconcile();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('the relay refused (429): 10 runs are waiting');
  });

  test('while it is followed, when the relay goes away: the run does not', async () => {
    holdUp();
    const { id, goAway, ended } = await startWatcher('--from', '6h');
    goAway();
    const { status, stderr } = await ended;
    expect(status).toBe(3);
    expect(stderr).toMatch(new RegExp(`^no answer from a relay at .*\n${id} goes on in the relay\\.`));
  });
});

test('--help has examples', async () => {
  const { status, stdout } = await reconcile('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('relay reconcile --from 6h\n');
});

/** A command that follows a run of this id by now, through a door that can be shut. */
async function startWatcher(...args: string[]) {
  const door = createServer((request, response) => void passOn(request, response));
  const asked = new Promise<string>((resolve) => {
    door.on('request', ({ url = '' }: IncomingMessage) => {
      const [, id] = /\/reconciliations\/(rec_\w+)$/.exec(url) ?? [];
      if (id !== undefined) resolve(id);
    });
  });
  await once(door.listen(0, '127.0.0.1'), 'listening');
  const goAway = () => {
    door.close();
    door.closeAllConnections();
  };
  onTestFinished(goAway);
  const RELAY_URL = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, [resolve('src/cli/main.ts'), 'reconcile', ...args], {
    env: { ...env, RELAY_URL },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outputs = [text(child.stdout), text(child.stderr), once(child, 'close')] as const;
  const ended = Promise.all(outputs).then(([stdout, stderr, [status]]) => ({ status: status as number, stdout, stderr }));
  return { id: await asked, child, goAway, ended };
}

async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', headers } = request;
  const body = method === 'POST' ? await text(request) : undefined;
  const answer = await fetch(`${stage.relay.url}${request.url}`, {
    method,
    headers: { authorization: headers.authorization! },
    ...(body === undefined ? {} : { body }),
  });
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type')! }).end(await answer.text());
}

function columnsOf(table: string): string[][] {
  const lines = table.trimEnd().split('\n');
  return lines.map((line) => line.trimEnd().split(/ {2,}/));
}
