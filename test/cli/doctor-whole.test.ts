/** `relay doctor` as a process, over all that a relay has around it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSlackStandIn, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import type { Finding } from '../../src/finding.ts';
import { answerTo, jobBody } from '../http/narrative-event.ts';
import { startRelayUnderTest, type RelayUnderTest } from '../http/relay-under-test.ts';
import { closedAddress, rulesText } from './doctor-stage.ts';
import { relay } from './relay-command.ts';

const secrets = {
  FAKE_SECRET: 'fake-webhook-secret-0001',
  FAKE_TOKEN: 'xoxb-fake-whole-doctor-token',
  FAKE_KEY: 'FAKE0ROUTING0KEY0FAKE0ROUTING0KE',
  FAKE_SIGNING: 'fake-signing-secret-0001',
};
const adminToken = 'fake-operators-token-0001';
const rules = rulesText({
  destinations: [
    'data-eng: { type: slack, token: { env: FAKE_TOKEN }, channel: C0123ABCD, fallback: console }',
    'oncall: { type: pagerduty, routing_key: { env: FAKE_KEY } }',
    'airflow: { type: http, url: { env: FAKE_HOOK }, secret: { env: FAKE_SIGNING } }',
  ],
  rules: ['- { name: failures, match: { states: [failed] }, send: [{ to: console }, { to: data-eng }] }'],
});

let folder: string;
let slack: SlackStandIn;
let other: Server;
let served: RelayUnderTest;
let env: Record<string, string>;

beforeAll(async () => {
  slack = await startSlackStandIn({ scopes: ['chat:write', 'channels:history', 'channels:read'] });
  other = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const settings = { slackApiUrl: slack.url };
  served = await startRelayUnderTest({ rules, secrets: { ...secrets, FAKE_HOOK: otherUrl }, adminToken, settings });
  folder = mkdtempSync(join(tmpdir(), 'doctor-whole-'));
  writeFileSync(join(folder, 'relay.yaml'), rules);
  env = {
    ...secrets,
    RELAY_RULES: folder,
    RELAY_URL: served.url,
    RELAY_ADMIN_TOKEN: adminToken,
    RELAY_DB: served.databasePath,
    SLACK_API_URL: slack.url,
    PAGERDUTY_EVENTS_URL: otherUrl,
    FAKE_HOOK: `${otherUrl}/fake-hook-path`,
  };
});
afterAll(async () => {
  await served.stop();
  await slack.close();
  other.close();
  rmSync(folder, { recursive: true });
});

async function doctor(changes: Record<string, string> = {}, ...flags: string[]) {
  const posted = slack.messages.length;
  const result = await relay(['doctor', ...flags], { env: { ...env, ...changes } });
  for (const hidden of [...Object.values(secrets), adminToken, 'fake-hook-path']) {
    expect(result.stdout + result.stderr).not.toContain(hidden);
  }
  expect(slack.messages).toHaveLength(posted);
  return result;
}

test('all that is in order is told by area; what it did not look at says how that can be tried', async () => {
  const heard = new Promise<void>((resolve) => slack.on(() => resolve()));
  await answerTo(served, jobBody(), { headers: { 'x-narrative-secret': secrets.FAKE_SECRET } });
  await heard;
  const { status, stdout, stderr } = await doctor({}, '--thorough');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n\n').map((area) => area.split('\n')[0])).toEqual([
    'Settings',
    'Rules',
    'Narrative',
    'Slack',
    'PagerDuty',
    'HTTP destinations',
    'Relay',
    'Store',
    'Events and deliveries',
    // No token for Narrative.
    '✓ 0 problems, 1 warning, 1 not looked at',
  ]);
  expect(stdout).toMatch(/– oncall: valid .*\n +→ relay send-test oncall opens an incident/);
  expect(stdout).toMatch(/✓ damage +none found/);
  expect(stdout).toMatch(/✓ accepted +1 event: 1 delivered/);
});

test('a relay that does not run leaves the exit code alone; what should answer and does not makes it 3', async () => {
  const nobody = await closedAddress();
  expect(await doctor({ RELAY_URL: nobody })).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/! running .*ECONNREFUSED/),
  });
  for (const name of ['SLACK_API_URL', 'PAGERDUTY_EVENTS_URL', 'FAKE_HOOK']) {
    expect((await doctor({ [name]: nobody })).status, name).toBe(3);
  }
});

test('a problem makes it 1, and the database can be named', async () => {
  const path = join(folder, 'no-database.db');
  writeFileSync(path, 'x'.repeat(4_096));
  const { status, stdout } = await doctor({}, '--db', path, '--json');
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  expect({ status, ok }).toEqual({ status: 1, ok: false });
  expect(findings.filter(({ verdict }) => verdict === 'problem')).toEqual([
    expect.objectContaining({ area: 'Store', name: 'file' }),
  ]);
});

test('what has no secret yet is not asked for', async () => {
  const { stdout, status } = await doctor({ FAKE_TOKEN: '', FAKE_KEY: '' });
  expect(status).toBe(1);
  expect(stdout).toContain('– destinations         data-eng, oncall: not looked at until the secrets are set');
  expect(stdout.split('\n')).not.toContain('Slack');
});
