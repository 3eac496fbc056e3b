/** `relay simulate` as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { relay } from '../cli/relay-command.ts';
import { accepted, endpoint } from './stage.ts';

const story = `version: 1
jobs:
  - { at: 0s, type: materialize-view, dataset_id: 10736, queued: 1s, took: 1s, fails: "out of memory" }
`;

function scenario(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'relay-simulate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'story.yaml');
  writeFileSync(path, content);
  return path;
}

/** The command, running; `line` resolves with what the first group of the pattern is, in the first line that has it. */
function running(args: readonly string[], env: Record<string, string> = {}) {
  const command = spawn(process.execPath, [resolve('src/cli/main.ts'), 'simulate', '--port', '0', ...args], {
    env,
    stdio: 'pipe',
  });
  onTestFinished(() => void command.kill('SIGKILL'));
  const lines: string[] = [];
  const watchers: (() => void)[] = [];
  const reader = createInterface({ input: command.stdout }).on('line', (line) => {
    lines.push(line);
    for (const watch of watchers) watch();
  });
  const closed = once(reader, 'close');
  const stderr = text(command.stderr);
  return {
    lines,
    async line(pattern: RegExp): Promise<string> {
      for (;;) {
        const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
        if (found) return found[1] ?? found[0];
        await Promise.race([
          new Promise<void>((seen) => watchers.push(seen)),
          closed.then(async () => Promise.reject(new Error(`it ended without ${pattern}: ${lines.join('\n')}${await stderr}`))),
        ]);
      }
    },
    async end(signal: NodeJS.Signals) {
      const exit = once(command, 'close');
      command.kill(signal);
      const [status] = (await exit) as [number | null];
      return { status, stderr: await stderr };
    },
  };
}

test('plays a scenario to a relay, tells of each webhook, and ends well when all were taken', async () => {
  const receiver = await endpoint();
  const args = [
    'simulate',
    '--port',
    '0',
    '--scenario',
    scenario(story),
    '--speed',
    '100x',
    '--once',
    '--webhook-url',
    receiver.url,
  ];
  const { status, stdout, stderr } = await relay(args, { env: { NARRATIVE_WEBHOOK_SECRET: 'not-a-real-secret' } });
  expect([status, stderr]).toEqual([0, '']);
  expect(receiver.taken.map(({ json }) => json.type)).toEqual(['job.pending', 'job.running', 'job.failed']);
  expect(stdout).toContain('3 happenings in 1 s');
  expect(stdout).toMatch(/\d\d:\d\d:\d\d {2}materialize-view failed · dataset 10736 → accepted, 1 delivery\n/);
  expect(stdout).toMatch(/3 requests: 3 accepted\. Deliveries promised: 3\.\n$/);
  expect(stdout).not.toContain('not-a-real-secret');
});

test('ends with 1 when a webhook was given up', async () => {
  const receiver = await endpoint();
  receiver.answer(({ json }) => (json.type === 'job.running' ? { status: 500 } : accepted));
  const args = ['--scenario', scenario(story), '--speed', '100', '--once', '--attempts', '1', '--webhook-url', receiver.url];
  const { status, stdout } = await relay(['simulate', '--port', '0', ...args]);
  expect(status).toBe(1);
  expect(stdout).toContain('materialize-view running · dataset 10736 → given up after 1 attempt: HTTP 500');
});

test('ends with 1 when nobody was told of anything, and says what was asked for', async () => {
  const receiver = await endpoint();
  const deaf = `${story}subscriptions:\n  - { name: views, states: [cancelled], job_types: [costs] }\n  - { app_id: 8 }\n`;
  const args = ['--scenario', scenario(deaf), '--speed', '100x', '--webhook-url', receiver.url];
  const { status, stdout, stderr } = await relay(['simulate', '--port', '0', '--once', ...args]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^nobody was told of anything, no subscription asks for what happens in this scenario: .+filters/);
  expect(stderr).toMatch(/\n {2}views: cancelled of costs\n {2}[\da-f-]{36}: app 8 \(Facebook\)\n$/);
  expect(stdout).toMatch(/0 requests\. Deliveries promised: 0\.\n$/);
  const waiting = running(args);
  await waiting.line(/nobody was told of anything/);
  await waiting.line(/The scenario is over/);
});

test('ends well when a scenario wants all its webhooks lost', async () => {
  const lost = 'webhooks: { pending: { lost: true } }, only: [pending] }';
  const args = ['--scenario', scenario(`version: 1\njobs: [{ at: 0s, type: costs, ${lost}]\n`), '--once'];
  const { status, stderr } = await relay(['simulate', '--port', '0', ...args, '--webhook-url', 'http://127.0.0.1:9/']);
  expect([status, stderr]).toEqual([0, '']);
});

test('subscriptions of a scenario have the secret of the environment, also with a URL of their own', async () => {
  const receiver = await endpoint();
  const own = `${story}subscriptions:\n  - { url: '${receiver.url}' }\n  - { url: '${receiver.url}', secret: { env: HUSH } }\n`;
  const args = ['--scenario', scenario(own), '--speed', '100x', '--once', '--scheme', 'shared-secret'];
  const secretFile = scenario('not-a-real-secret-in-a-file\n');
  const proofs = async (more: string[], env: Record<string, string>) => {
    const before = receiver.taken.length;
    const { status, stdout } = await relay(['simulate', '--port', '0', ...args, ...more], {
      env: { HUSH_FILE: secretFile, ...env },
    });
    expect(status).toBe(0);
    expect(stdout).not.toContain('NARRATIVE_WEBHOOK_SECRET=');
    return [...new Set(receiver.taken.slice(before).map(({ headers }) => headers.authorization))].sort();
  };
  const fromFile = 'Bearer not-a-real-secret-in-a-file';
  expect(await proofs([], { NARRATIVE_WEBHOOK_SECRET: 'not-a-real-secret' })).toEqual(['Bearer not-a-real-secret', fromFile]);
  expect(await proofs(['--secret-env', 'MINE'], { MINE: 'another-unreal-secret' })).toEqual([
    'Bearer another-unreal-secret',
    fromFile,
  ]);
});

test('a forgery that is refused, as it should be, is no failure', async () => {
  const receiver = await endpoint();
  receiver.answer(() => ({ status: 401 }));
  const forgery = 'version: 1\nstrangers:\n  - { at: 0s, body: { hello: 1 }, signed_with: a-guess }\n';
  const args = ['--scenario', scenario(forgery), '--once', '--webhook-url', receiver.url];
  const { status, stdout } = await relay(['simulate', '--port', '0', ...args]);
  expect(status).toBe(0);
  expect(stdout).toContain('HTTP 401');
});

test('stays up without a scenario, says how to use it, and tells the tally when it is interrupted', async () => {
  const receiver = await endpoint();
  const command = running(['--webhook-url', receiver.url, '--app', '8', '--scheme', 'shared-secret']);
  const url = await command.line(/^ {2}NARRATIVE_API_URL=(.+)$/);
  const token = await command.line(/^ {2}NARRATIVE_API_TOKEN=(.+)$/);
  const secret = await command.line(/^ {2}NARRATIVE_WEBHOOK_SECRET=(.+)$/);
  await command.line(/curl .+\/simulator\/jobs/);
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const { status } = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(status).toBe(200);
  };
  await post('/simulator/jobs', { state: 'failed' });
  await command.line(/materialize-view failed \(simulate\) → accepted, 1 delivery/);
  await post('/simulator/apps', { app_id: 8, event_type: 'facebook.audience.delivery.failed' });
  await command.line(/facebook\.audience\.delivery\.failed .*\(simulate app 8\) → accepted/);
  expect(receiver.taken[0]?.headers.authorization).toBe(`Bearer ${secret}`);
  expect(await command.end('SIGINT')).toEqual({ status: 0, stderr: '' });
  expect(command.lines.at(-1)).toBe('2 requests: 2 accepted. Deliveries promised: 2.');
});

test('a scenario begins when somebody has subscribed', async () => {
  const receiver = await endpoint();
  const command = running(['--scenario', scenario(story), '--speed', '100x', '--token', 'another-token']);
  await command.line(/begins when there is a subscription/);
  const url = await command.line(/^ {2}NARRATIVE_API_URL=(.+)$/);
  const headers = { authorization: 'Bearer another-token' };
  const body = JSON.stringify({ type: 'webhook_subscription_jobs', url: receiver.url, states: ['failed'] });
  expect((await fetch(`${url}/webhooks`, { method: 'POST', headers, body })).status).toBe(200);
  await command.line(/The scenario is over/);
  expect(receiver.taken.map(({ json }) => json.type)).toEqual(['job.failed']);
  expect((await command.end('SIGTERM')).status).toBe(0);
});

test('one that is interrupted before its end says so', async () => {
  const receiver = await endpoint();
  const long = scenario(story.replace('took: 1s', 'took: 9h'));
  const command = running(['--scenario', long, '--once', '--webhook-url', receiver.url]);
  await command.line(/materialize-view running/);
  expect(await command.end('SIGINT')).toEqual({ status: 130, stderr: '' });
});

test('with --json, standard output has a line of JSON for each webhook and nothing else', async () => {
  const receiver = await endpoint();
  const args = ['--scenario', scenario(story), '--speed', '100x', '--once', '--json', '--webhook-url', receiver.url];
  const { status, stdout, stderr } = await relay(['simulate', '--port', '0', ...args]);
  expect(status).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatchObject({
    sent_at: expect.stringMatching(/^\d{4}-.+Z$/),
    event_id: receiver.taken[2]?.json.id,
    what: 'materialize-view failed · dataset 10736',
    outcome: 'answered',
    answer: 'accepted',
  });
  expect(stderr).toContain('NARRATIVE_API_URL=');
});

test('a token that may be a real one is taken from the environment, and not printed', async () => {
  const command = running([], { NARRATIVE_API_TOKEN: 'not-a-real-token' });
  const url = await command.line(/^ {2}NARRATIVE_API_URL=(.+)$/);
  await command.line(/curl .+\$NARRATIVE_API_TOKEN/);
  expect((await fetch(`${url}/jobs`, { headers: { authorization: 'Bearer not-a-real-token' } })).status).toBe(200);
  expect(command.lines.join('\n')).not.toContain('not-a-real-token');
});

test('a token that no header can carry is refused, wherever it comes from; one in a file is taken', async () => {
  const { status, stderr } = await relay(['simulate', '--port', '0'], { env: { NARRATIVE_API_TOKEN: 'two words' } });
  expect(stderr).toMatch(/^NARRATIVE_API_TOKEN is set to what no header can carry: .+--token/);
  expect(status).toBe(2);
  const command = running([], { NARRATIVE_API_TOKEN_FILE: scenario('not-a-real-token\n') });
  const url = await command.line(/^ {2}NARRATIVE_API_URL=(.+)$/);
  expect((await fetch(`${url}/jobs`, { headers: { authorization: 'Bearer not-a-real-token' } })).status).toBe(200);
});

test('several apps may be named, each by itself or together', async () => {
  const receiver = await endpoint();
  const command = running(['--webhook-url', receiver.url, '--app', '7', '8', '--app', '11']);
  await command.line(/simulate app 11 sends to/);
  const subscribed = command.lines.flatMap((line) => /^Subscription (.+) sends to/.exec(line)?.[1] ?? []);
  expect(subscribed).toEqual(['simulate', 'simulate app 7', 'simulate app 8', 'simulate app 11']);
});

test.each([
  [2, ['--once'], /--scenario FILE/],
  [2, ['--secret-env', 'NO_SUCH_SECRET'], /NO_SUCH_SECRET is not set/],
  [2, ['--app', '8'], /--webhook-url http/],
  [2, ['--scheme', 'url-token', '--header', 'X-Signature'], /--header has no meaning/],
  [2, ['--scheme', 'shared-secret', '--encoding', 'hex'], /--encoding has no meaning/],
  [2, ['--scheme', 'rot13'], /url-token/],
  [2, ['--speed', 'fast'], /such as 60x/],
  [2, ['--token='], /--token.*Give a token/],
  [2, ['--host='], /--host.*empty/],
  [2, ['--webhook-url=http://127.0.0.1/', '--app='], /--app.*empty/],
  [2, ['--secret-env='], /--secret-env.*empty/],
  [2, ['--port', '65536'], /0 to 65535/],
  [2, ['--webhook-url', 'relay.example.com'], /http\(s\) URL/],
  [2, ['--scenario', 'no-such-file.yaml'], /can't be read.*no-such-file\.yaml/],
  [1, ['--host', '192.0.2.1'], /can't listen on 192\.0\.2\.1.*--host/],
] as const)('ends with %i for %j', async (exitCode, args, message) => {
  const { status, stderr } = await relay(['simulate', '--port', '0', ...args]);
  expect(stderr).toMatch(message);
  expect(status).toBe(exitCode);
});

test('a scenario with a mistake is refused with its place', async () => {
  const path = scenario(story.replace('fails:', 'fial:'));
  const { status, stderr } = await relay(['simulate', '--port', '0', '--scenario', path]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/story\.yaml:3:\d+ .*fial/);
});
