/** `relay silences` as a process of its own, against a relay that answers over HTTP. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silenceId } from '../../src/event/id.ts';
import { startRelayUnderTest, type RelayUnderTest } from '../http/relay-under-test.ts';
import { prepareRelay, printingRules } from '../runtime/prepare-relay.ts';
import { relay } from './relay-command.ts';

const token = 'operators-token-not-a-real-one';

let served: RelayUnderTest;
let env: Record<string, string>;

beforeEach(async () => {
  served = await startRelayUnderTest({ adminToken: token });
  env = { RELAY_URL: served.url, RELAY_ADMIN_TOKEN: token, USER: 'alex' };
});
afterEach(() => served.stop());

const silences = (...args: string[]) => relay(['silences', ...args], { env });
const add = (...args: string[]) => silences('add', '--for', '2h', '--reason', 'backfill', ...args);

interface Row {
  id: number;
  match: string;
  author: string;
  reason: string;
  from_at: number;
  until_at: number;
}
const stored = () => served.sql.query<Row>('SELECT * FROM silences ORDER BY id');

describe('add', () => {
  test('makes a silence of its options, by the one who calls it, and says until when', async () => {
    const conditions = ['--dataset', '10736', '10744', '--job-type', 'models_*', '--state', 'failed', '--kind', 'job'];
    const more = ['--subscription', 'production', '--requested-by', 'Ada, and friends', '--when', 'job.duration_s > 60'];
    const { status, stdout, stderr } = await add(...conditions, ...more);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [row] = stored();
    expect(row).toMatchObject({ reason: 'backfill', author: 'alex' });
    expect(row!.until_at - row!.from_at).toBe(7_200_000);
    expect(JSON.parse(row!.match)).toEqual({
      dataset_ids: ['10736', '10744'],
      job_types: ['models_*'],
      states: ['failed'],
      kind: 'job',
      subscriptions: ['production'],
      requested_by: ['Ada, and friends'],
      when: 'job.duration_s > 60',
    });
    expect(stdout).toMatch(
      /^✓ sil_\w{11} is active until \d{4}-\d\d-\d\d \d\d:\d\d UTC \((2 h|1 h 59 min)\): .*dataset_ids 10736, 10744/,
    );
  });

  test('takes every other condition, too', async () => {
    await add('--job', 'j1', '--job', 'j2', '--event-type', 'job.failed', '--app', '8', '--data-plane', 'dp');
    expect(JSON.parse(stored()[0]!.match)).toEqual({
      job_ids: ['j1', 'j2'],
      event_types: ['job.failed'],
      app_ids: ['8'],
      data_plane_ids: ['dp'],
    });
  });

  test('takes a whole match block, times, and another author', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const from = new Date(Date.now() + 3_600_000).toISOString();
    const match = '{"job_types": ["costs"], "not": {"states": ["failed"]}}';
    const times = ['--from', from, '--until', until];
    const { status, stdout } = await silences(
      'add',
      '--match',
      match,
      ...times,
      '--reason',
      'known',
      '--author',
      'sam',
      '--json',
    );
    expect(status).toBe(0);
    const answer = JSON.parse(stdout) as unknown;
    expect(answer).toMatchObject({ state: 'pending', from, until, author: 'sam', match: JSON.parse(match) as object });
  });

  test.each<[string, string[], RegExp]>([
    ['no condition', [], /say what to silence.*--match '\{\}' for everything/],
    ['a comma where values are separated by spaces', ['--state', 'failed,cancelled'], /Write --state failed cancelled/],
    ['a match block that is no JSON', ['--match', '{states: failed}'], /--match is not JSON: /],
    ['a match block and further conditions', ['--match', '{}', '--state', 'failed'], /--match is the whole of it/],
    ['both --for and --until', ['--dataset', '1', '--until', '2099-01-01T00:00Z'], /cannot be used with/],
    ['an expression with a slip', ['--when', 'job.stat == 1'], /match\.when: job has no "stat".*did you mean "state"/],
    ['an option with a slip', ['--datasets', '1'], /Did you mean --dataset\?/],
  ])('refuses %s', async (_what, args, message) => {
    const { status, stdout, stderr } = await add(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stored()).toEqual([]);
  });

  test('asks how long, why, and who', async () => {
    const some = ['--dataset', '1'];
    const [length, reason, author] = await Promise.all([
      silences('add', ...some, '--reason', 'r'),
      silences('add', ...some, '--for', '1h'),
      relay(['silences', 'add', ...some, '--for', '1h', '--reason', 'r'], { env: { ...env, USER: '' } }),
    ]);
    expect([length.status, reason.status, author.status]).toEqual([2, 2, 2]);
    expect(length.stderr).toMatch(/--for 2h, or --until/);
    expect(reason.stderr).toMatch(/--reason/);
    expect(author.stderr).toMatch(/--author NAME/);
  });
});

describe('list', () => {
  test('shows what is in force or about to be as a table, the latest first, and with --all what is over', async () => {
    expect((await silences('list')).stdout).toBe('No silence is in force. --all lists those that are over.\n');
    expect((await silences('list', '--all')).stdout).toBe('There are no silences.\n');
    await add('--dataset', '1');
    await silences('expire', idOf(0));
    await add('--dataset', '2', '--from', new Date(Date.now() + 3_600_000).toISOString());
    await add('--match', '{}');
    const { status, stdout } = await silences('list');
    expect(status).toBe(0);
    expect(columnsOf(stdout)).toEqual([
      ['id', 'state', 'when', 'match', 'reason', 'author'],
      [idOf(2), 'active', expect.stringMatching(/^until .* UTC \(.*\)$/), 'everything', 'backfill', 'alex'],
      [idOf(1), 'pending', expect.stringMatching(/^from .* UTC for 2 h$/), 'dataset_ids 2', 'backfill', 'alex'],
    ]);
    const all = columnsOf((await silences('list', '--all')).stdout);
    expect(all.at(-1)).toEqual([
      idOf(0),
      'expired',
      expect.stringMatching(/^ended .* UTC$/),
      'dataset_ids 1',
      'backfill',
      'alex',
    ]);
    expect(all).toHaveLength(4);
  });

  test('keeps what others wrote on its line, without codes that act on the terminal', async () => {
    await add('--dataset', '1', '--reason', `\u001b[2Jgone\nsecond line ${'x'.repeat(100)}`);
    const rows = columnsOf((await silences('list')).stdout);
    expect(rows[1]![4]).toMatch(/^\[2Jgone second line x+…$/);
    expect(rows[1]![4]).toHaveLength(60);
  });

  test('answers with JSON for scripts', async () => {
    await add('--dataset', '1');
    expect(JSON.parse((await silences('list', '--json')).stdout)).toEqual([
      expect.objectContaining({ id: idOf(0), state: 'active' }),
    ]);
  });
});

describe('expire', () => {
  test('ends a silence', async () => {
    await add('--dataset', '1');
    const { status, stdout } = await silences('expire', idOf(0));
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^✓ ${idOf(0)} is over since .* UTC: dataset_ids 1\n$`));
    expect(stored()[0]!.until_at).toBeLessThanOrEqual(Date.now());
  });

  test.each(['', ' ', '.', '..'])('asks which one, where %j is said', async (id) => {
    const { status, stdout, stderr } = await silences('expire', id);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/say which silence: its id, sil_…/);
  });

  test.each(['sil_00000000000', '../../healthz', 'x y'])('says that there is none called %j', async (id) => {
    const { status, stderr } = await silences('expire', id);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/refused \(404\): There is no silence of this id/),
    });
  });
});

describe('a relay that does not do it', () => {
  const list = (changes: Record<string, string>) => relay(['silences', 'list'], { env: { ...env, ...changes } });

  test('without a token the command says what to set', async () => {
    const { status, stderr } = await list({ RELAY_ADMIN_TOKEN: '' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/RELAY_ADMIN_TOKEN is not set.*RELAY_ADMIN_TOKEN_FILE/);
  });

  test('with another token than its own', async () => {
    const { status, stderr } = await list({ RELAY_ADMIN_TOKEN: 'another-token-not-a-real-one' });
    expect(status).toBe(1);
    expect(stderr).toBe("the relay refused (401): The token is not the relay's RELAY_ADMIN_TOKEN.\n");
  });

  test('when its operator API is off', async () => {
    const off = await startRelayUnderTest();
    const { status, stderr } = await list({ RELAY_URL: off.url }).finally(() => off.stop());
    expect(status).toBe(1);
    expect(stderr).toMatch(/refused \(403\): The operator API is off.*set RELAY_ADMIN_TOKEN/);
  });

  test('when nothing listens there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const { status, stderr } = await list({ RELAY_URL: `http://user:word@127.0.0.1:${port}/relay/` });
    expect(status).toBe(3);
    expect(stderr).toMatch(/no answer from a relay at http:\/\/127\.0\.0\.1:\d+\/relay: .*ECONNREFUSED.*RELAY_URL/);
    expect(stderr).not.toContain('word');
  });

  test('when something else answers, which gets no token by a redirect', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(request.url!);
      const moved = request.url!.startsWith('/moved/');
      response.writeHead(moved ? 302 : 200, moved ? { location: '/api/v1/silences' } : {}).end('<html>');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [page, moved] = await Promise.all([list({ RELAY_URL: url }), list({ RELAY_URL: `${url}/moved` })]);
    await new Promise((closed) => server.close(closed));
    expect([page.status, moved.status]).toEqual([3, 3]);
    expect(page.stderr).toMatch(/no relay's operator API/);
    expect(moved.stderr).toMatch(/redirects to \/api\/v1\/silences/);
    expect(seen.toSorted()).toEqual(['/api/v1/silences', '/moved/api/v1/silences']);
  });

  test('the token may stand in a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'narrative-relay-token-'));
    writeFileSync(join(folder, 'token'), `${token}\n`);
    const found = await list({ RELAY_ADMIN_TOKEN: '', RELAY_ADMIN_TOKEN_FILE: join(folder, 'token') });
    const missing = await list({ RELAY_ADMIN_TOKEN: '', RELAY_ADMIN_TOKEN_FILE: join(folder, 'nowhere') });
    rmSync(folder, { recursive: true });
    expect([found.status, missing.status]).toEqual([0, 2]);
    expect(missing.stderr).toMatch(/RELAY_ADMIN_TOKEN_FILE names a file that is empty or can't be read/);
  });
});

test('a relay that was started with the token takes it, and never shows it', async (context) => {
  const prepared = prepareRelay(context, { rules: printingRules, secrets: { RELAY_ADMIN_TOKEN: token, LOG_LEVEL: 'trace' } });
  const process = prepared.launch();
  const RELAY_URL = await process.ready;
  const args = ['silences', 'add', '--dataset', '1', '--for', '1h', '--reason', `slipped: ${token}`];
  expect((await relay(args, { env: { ...env, RELAY_URL } })).status).toBe(0);
  await process.says(/silence made.*\[redacted\]|\[redacted\].*silence made/);
  expect(process.output()).not.toContain(token);
});

test('--help has examples', async () => {
  const [top, adding] = await Promise.all([silences('--help'), silences('add', '--help')]);
  expect([top.status, adding.status]).toEqual([0, 0]);
  expect(top.stdout).toMatch(/add .*\n.*list .*\n.*expire /);
  expect(adding.stdout).toContain('relay silences add --dataset 10736 --for 2h');
});

/** The id of the n-th that was made. */
function idOf(n: number): string {
  return silenceId(stored()[n]!.id);
}

function columnsOf(table: string): string[][] {
  return table
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .trimEnd()
        .split(/ {2,}/)
        .map((cell) => cell.trim()),
    );
}
