/** `relay doctor` as a process of its own, against a simulated Narrative over HTTP: each fault of settings, rules and Narrative is seen once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import type { SeedSubscription } from '../../src/simulator/timeline.ts';
import { closedAddress, lineOf } from './doctor-stage.ts';
import { relay } from './relay-command.ts';

const token = 'fake-api-token-0001';
const secret = 'fake-webhook-secret-0001';
const urlToken = 'fake-url-token-0001';
const publicUrl = 'http://127.0.0.1:8787';
const address = `${publicUrl}/webhooks/narrative`;

let narrative: Simulator;
let folder: string;
/** Where no relay is. */
let nobody: string;

beforeEach(async () => {
  const wait = async (ms: number) => void (await sleep(ms));
  const ports = { now: () => Date.now(), storyNow: () => Date.now(), wait, speed: 1 };
  narrative = await startSimulator({ token, retries: { maxAttempts: 1 }, ports });
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  nobody = await closedAddress();
});
afterEach(async () => {
  await narrative.close();
  rmSync(folder, { recursive: true });
});

const failuresOnly = '- { name: failures, match: { kind: job, states: [failed] }, send: [{ to: console }] }';

function writeRules({ subscription = '', rules = failuresOnly, more = '' } = {}): void {
  const secrets = 'secrets: [{ env: FAKE_SECRET }]';
  const text = `version: 1\nsubscriptions:\n  production: { ${subscription}${secrets} }\n${more}rules:\n  ${rules}\n`;
  writeFileSync(join(folder, 'relay.yaml'), text);
}

function subscribe(seed: Partial<SeedSubscription> = {}) {
  const all = { name: null, jobIds: null, jobTypes: null, states: ['failed', 'completed'], appId: null };
  return narrative.subscribe({ ...all, url: address, secret, kind: 'jobs', ...seed });
}

async function doctor(env: Record<string, string> = {}, ...flags: string[]) {
  const environment = {
    RELAY_RULES: folder,
    FAKE_SECRET: secret,
    NARRATIVE_API_URL: narrative.url,
    NARRATIVE_API_TOKEN: token,
    RELAY_PUBLIC_URL: publicUrl,
    RELAY_URL: nobody,
    RELAY_DB: join(folder, 'relay.db'),
    ...env,
  };
  const result = await relay(['doctor', ...flags], { env: environment });
  for (const hidden of [token, secret, urlToken]) expect(result.stdout + result.stderr).not.toContain(hidden);
  return result;
}

/** `✗ name: detail`, without what is all right, nor what has tests of its own. */
async function complaints(env: Record<string, string> = {}) {
  const { status, stdout } = await doctor(env, '--json');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  const areas = ['Settings', 'Rules', 'Narrative'];
  const told = findings.filter(({ area, verdict }) => areas.includes(area) && verdict !== 'ok').map(lineOf);
  return { status, told };
}

describe('relay doctor', () => {
  test('has a sign for each thing that is in order, by area, and exits 0', async () => {
    writeRules();
    const { id } = subscribe();
    const { status, stdout, stderr } = await doctor();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n\n').map((area) => area.split('\n')[0])).toEqual([
      'Settings',
      'Rules',
      'Narrative',
      'Relay',
      'Store',
      '✓ 0 problems, 1 warning, 1 not looked at',
    ]);
    expect(stdout).toContain(`✓ production: subscription  ${id} is active`);
    expect(stdout).toMatch(/✓ production: filters +asks for all that the rules need/);
    expect(stdout).toMatch(/✓ clock/);
  });

  test('tells what to do below what is wrong', async () => {
    writeRules();
    const { status, stdout } = await doctor();
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /✗ production: subscription +no subscription at Narrative delivers to .*\n +→ create one: relay subscriptions create/,
    );
    expect(stdout).toContain('✗ 1 problem, 1 warning, 1 not looked at');
  });

  test('explains itself with an example', async () => {
    const { status, stdout } = await relay(['doctor', '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}relay doctor\n/);
  });
});

describe('Narrative’s API', () => {
  beforeEach(() => writeRules());

  test('can’t be asked without a token, which is a warning', async () => {
    const { status, told } = await complaints({ NARRATIVE_API_TOKEN: '' });
    expect({ status, told }).toEqual({ status: 0, told: [expect.stringMatching(/^! token: no token is set/)] });
  });

  test('refuses the token', async () => {
    const { status, told } = await complaints({ NARRATIVE_API_TOKEN: 'fake-token-of-another' });
    expect(status).toBe(1);
    expect(told).toContainEqual(expect.stringMatching(/^✗ token: Narrative answered 401 .*webhook permissions/));
    expect(told.join()).not.toContain('fake-token-of-another');
  });

  test('refuses to tell of jobs', async () => {
    subscribe();
    narrative.misbehave({ kind: 'status', status: 403, retryAfterS: null, times: 9, path: '/jobs' });
    const { status, told } = await complaints();
    expect({ status, told }).toEqual({ status: 1, told: [expect.stringMatching(/^✗ jobs: .*403.*permission to read jobs/)] });
  });

  test('can’t be reached: exit code 3', async () => {
    const { status, told } = await complaints({ NARRATIVE_API_URL: await closedAddress() });
    expect(status).toBe(3);
    expect(told).toContainEqual(expect.stringMatching(/^✗ token: cannot reach 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/));
  });

  test('has a fault of its own in the middle: exit code 3', async () => {
    subscribe();
    narrative.misbehave({ kind: 'status', status: 500, retryAfterS: null, times: 9, path: '/webhooks/' });
    const { status, told } = await complaints();
    expect({ status, told }).toEqual({ status: 3, told: [expect.stringMatching(/^✗ production: deliveries: .*500/)] });
  });
});

describe('the subscription', () => {
  test('named by an id that Narrative doesn’t have', async () => {
    writeRules({ subscription: 'id: 00000000-0000-4000-8000-00000000dead, ' });
    subscribe();
    const { status, told } = await complaints();
    expect({ status, told }).toEqual({
      status: 1,
      told: [expect.stringMatching(/^✗ production: subscription: .*has no subscription 00000000/)],
    });
  });

  test('is archived, and then nothing else about it matters', async () => {
    const { id } = subscribe({ url: 'https://old.example.com/hook', states: ['running'] });
    writeRules({ subscription: `id: ${id}, ` });
    await fetch(`${narrative.url}/webhooks/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    const { status, told } = await complaints();
    expect({ status, told }).toEqual({
      status: 1,
      told: [`✗ production: subscription: ${id} is archived: no events come, and none is ever made active again`],
    });
  });

  test('delivers elsewhere', async () => {
    const { id } = subscribe({ url: 'https://old.example.com/webhooks/narrative?key=fake-webhook-secret-0001' });
    writeRules({ subscription: `id: ${id}, ` });
    const { status, told } = await complaints();
    expect(status).toBe(1);
    expect(told).toEqual([
      expect.stringMatching(
        /^✗ production: address: it delivers to https:\/\/old\.example\.com\/webhooks\/narrative, which is none/,
      ),
    ]);
  });

  test('delivers over plain http', async () => {
    const { id } = subscribe({ url: 'http://relay.example.com/webhooks/narrative' });
    writeRules({ subscription: `id: ${id}, ` });
    const { told } = await complaints({ RELAY_PUBLIC_URL: 'http://relay.example.com' });
    expect(told).toEqual([
      expect.stringMatching(/^! public URL: /),
      expect.stringMatching(/^✗ production: address: http:\/\/relay\.example\.com\/webhooks\/narrative is not https/),
    ]);
  });

  test('delivers with a url-token that the relay doesn’t know, and the token is not shown', async () => {
    const { id } = subscribe({ url: `${address}/production/${urlToken}` });
    writeRules({ subscription: `id: ${id}, verify: { scheme: url-token }, ` });
    expect(await complaints()).toEqual({
      status: 1,
      told: ['✗ production: address: the token in its URL is none of the secrets of production: all its events are refused'],
    });
    expect(await complaints({ FAKE_SECRET: urlToken })).toEqual({ status: 0, told: [] });
  });

  test('can’t be known without id and public URL', async () => {
    writeRules();
    subscribe();
    const { status, told } = await complaints({ RELAY_PUBLIC_URL: '' });
    expect({ status, told }).toEqual({
      status: 0,
      told: [expect.stringMatching(/^! production: subscription: .*RELAY_PUBLIC_URL/)],
    });
  });

  test('can be told by its id alone, but for its address', async () => {
    const { id } = subscribe();
    writeRules({ subscription: `id: ${id}, ` });
    const { status, told } = await complaints({ RELAY_PUBLIC_URL: '' });
    expect({ status, told }).toEqual({ status: 0, told: [expect.stringMatching(/^– production: address: /)] });
  });

  test('asks for less than the rules need', async () => {
    writeRules();
    subscribe({ jobTypes: ['costs', 'forecast'] });
    const { status, told } = await complaints();
    expect(status).toBe(1);
    expect(told).toEqual([
      expect.stringMatching(/^✗ production: filters: .*never comes: completed, failed of all jobs but costs, forecast$/),
    ]);
  });

  test('asks for much more than the rules need', async () => {
    writeRules();
    subscribe({ states: null });
    const { status, told } = await complaints();
    expect(status).toBe(0);
    expect(told).toEqual([expect.stringMatching(/^! production: filters: asks for more than the rules need: .*running/)]);
  });

  test('has deliveries that failed, and none that arrived', async () => {
    writeRules();
    const nobody = await closedAddress();
    subscribe({ url: `${nobody}/webhooks/narrative` });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    await fetch(`${narrative.url}/simulator/jobs`, { method: 'POST', headers, body: '{"type":"costs","state":"failed"}' });
    const { status, told } = await complaints({ RELAY_PUBLIC_URL: nobody });
    expect(status).toBe(1);
    expect(told).toEqual([
      expect.stringMatching(/^✗ production: deliveries: Narrative counts 1 failed delivery, last .*none has ever succeeded$/),
    ]);
  });

  test('is there twice for the same events', async () => {
    writeRules();
    const [one, other] = [
      subscribe(),
      subscribe({ states: ['failed', 'running'], jobTypes: ['costs'], url: `${address}/production` }),
    ];
    const { status, told } = await complaints();
    expect(status).toBe(0);
    expect(told).toContainEqual(`! overlap: the same events come twice, by ${one.id} and ${other.id}`);
  });

  test('delivers to a name that the rules don’t have', async () => {
    writeRules();
    subscribe();
    const { id } = subscribe({ url: `${address}/staging`, states: ['running'] });
    const { status, told } = await complaints();
    expect({ status, told }).toEqual({
      status: 1,
      told: [expect.stringContaining(`✗ unknown name: ${id} delivers to ${address}/staging, and the rules have no`)],
    });
  });
});

test('silence is no sign of trouble where only failures come', async () => {
  const onlyFailures =
    '- { name: failures, match: { kind: job, states: [failed], job_types: [costs] }, send: [{ to: console }] }';
  writeRules({ rules: onlyFailures, more: 'watch: { no_events: 6h }\n' });
  const { id } = subscribe({ jobTypes: ['costs'] });
  expect((await complaints()).told).toEqual([
    expect.stringMatching(
      /^! no events: the rules take 6 h without an event for trouble .*nothing but failed, completed of costs comes here/,
    ),
  ]);
  await fetch(`${narrative.url}/webhooks/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  subscribe();
  expect((await complaints()).told).toEqual([]);
});

describe('app events', () => {
  const forFacebook = '- { name: facebook, match: { kind: app, app_ids: [8] }, send: [{ to: console }] }';

  test('that rules match need a subscription for the app', async () => {
    writeRules({ rules: `${failuresOnly}\n  ${forFacebook}` });
    subscribe();
    subscribe({ kind: 'app', appId: '11', states: null });
    const { status, told } = await complaints();
    expect({ status, told }).toEqual({
      status: 0,
      told: [expect.stringMatching(/^! app events: rules match events of app 8, and no subscription/)],
    });
    subscribe({ kind: 'app', appId: '8', states: null });
    expect((await complaints()).told).toEqual([]);
  });

  test('count only where they are delivered to a name that the rules have', async () => {
    writeRules({ rules: `${failuresOnly}\n  ${forFacebook}` });
    subscribe();
    subscribe({ kind: 'app', appId: '8', states: null, url: `${address}/nobody` });
    expect((await complaints()).told).toEqual([
      expect.stringMatching(/^✗ unknown name: /),
      expect.stringMatching(/^! app events: rules match events of app 8, and no subscription/),
    ]);
  });

  test('count only where they are delivered to this relay', async () => {
    const { id } = subscribe({ kind: 'app', appId: '8', states: null, url: 'https://old.example.com/webhooks/narrative/apps' });
    subscribe();
    writeRules({ more: `  apps: { id: ${id}, secrets: [{ env: FAKE_SECRET }] }\n`, rules: `${failuresOnly}\n  ${forFacebook}` });
    expect((await complaints()).told).toContainEqual(expect.stringMatching(/^! app events: rules match events of app 8/));
  });

  test('that are matched by the way are not missed', async () => {
    writeRules({ rules: '- { name: failures, match: { states: [failed] }, send: [{ to: console }] }' });
    subscribe();
    const { status, told } = await complaints();
    expect({ status, told }).toEqual({
      status: 0,
      told: [expect.stringMatching(/^– app events: no rule asks for connectors' events/)],
    });
  });
});

describe('several subscriptions in the rules', () => {
  const second = '  models: { secrets: [{ env: FAKE_SECRET }] }\n';

  test('may share the work, as long as nothing is left out', async () => {
    writeRules({ more: second });
    subscribe({ url: `${address}/production`, jobTypes: ['costs'] });
    subscribe({ url: `${address}/models`, jobTypes: ['models_deliver_model'] });
    expect(await complaints()).toEqual({
      status: 1,
      told: [
        expect.stringMatching(/^✗ all subscriptions: filters: .*completed, failed of all jobs but costs, models_deliver_model$/),
      ],
    });
  });

  test('must each have what rules want of that one alone', async () => {
    const ofModels =
      '- { name: m, match: { subscriptions: [models], states: [cancelled], job_types: [costs] }, send: [{ to: console }] }';
    writeRules({ more: second, rules: `${failuresOnly}\n  ${ofModels}` });
    subscribe({ url: `${address}/production`, states: ['failed', 'completed', 'cancelled'] });
    subscribe({ url: `${address}/models`, states: ['failed'], jobTypes: ['upload-stats'] });
    const { told } = await complaints();
    expect(told).toContainEqual(expect.stringMatching(/^✗ models: filters: .*cancelled of costs$/));
  });

  test('each have to ask for what only that one can bring, whatever others ask for', async () => {
    const ofModels =
      '- { name: m, match: { kind: job, subscriptions: [models], states: [failed], job_types: [costs] }, send: [{ to: console }] }';
    writeRules({ more: second, rules: `${failuresOnly}\n  ${ofModels}` });
    subscribe({ url: `${address}/production` });
    const { id } = subscribe({ url: `${address}/models`, states: ['completed'], jobTypes: ['costs'] });
    const { status, told } = await complaints();
    expect(status).toBe(1);
    expect(told).toContainEqual(expect.stringMatching(/^✗ models: filters: the rules need what it does .*: failed of costs$/));
    await fetch(`${narrative.url}/webhooks/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    subscribe({ url: `${address}/models`, jobTypes: ['costs'] });
    expect((await complaints()).told).toEqual([expect.stringMatching(/^! overlap: /)]);
  });
});

describe('before Narrative is asked', () => {
  test('wrong settings are told, and Narrative is left alone', async () => {
    writeRules();
    const { status, told } = await complaints({ PORT: 'eighty' });
    expect(status).toBe(1);
    expect(told).toEqual([expect.stringMatching(/^✗ environment: PORT/), expect.stringMatching(/^– token: /)]);
  });

  test('a setting that does not exist is a warning', async () => {
    writeRules();
    subscribe();
    expect((await complaints({ RELAY_PUBLIC_URI: 'x' })).told).toEqual([
      expect.stringMatching(/^! environment: RELAY_PUBLIC_URI/),
    ]);
  });

  test('rules that can’t be used are told, and the token is tried all the same', async () => {
    writeRules({ rules: '- { name: a, send: [{ to: nowhere }] }' });
    const { status, told } = await complaints();
    expect(status).toBe(1);
    expect(told).toEqual([
      expect.stringMatching(/^✗ check: 1 problem, first .*nowhere/),
      '– destinations: not looked at while the rules cannot be used',
      expect.stringMatching(/^– subscriptions: /),
    ]);
  });

  test('a folder that is not there is told', async () => {
    const { status, told } = await complaints({ RELAY_RULES: join(folder, 'missing') });
    expect(status).toBe(1);
    expect(told[0]).toMatch(/^✗ folder: .*does not exist/);
  });
});
