/** `relay subscriptions create` as a process of its own, against the simulated Narrative over HTTP. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { targetOf } from '../../src/narrative/target.ts';
import { relay } from './relay-command.ts';
import { seed, startStage, url, type SubscriptionsStage } from './subscriptions-stage.ts';

let stage: SubscriptionsStage;
beforeEach(async () => {
  stage = await startStage();
});
afterEach(() => stage.stop());

const create = (...args: string[]) => stage.subscriptions('create', ...args);
const there = () => stage.narrative.subscriptions();
const production = 'subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }\n';
const rule = (name: string, match: string) => `  - { name: ${name}, match: ${match} }\n`;

/** Costs and forecasts that begin to run, and statistics that are complete: no one filter asks for exactly that. */
const uneven = `rules:\n${rule('a', '{ states: [running], job_types: [costs, forecast] }')}${rule('b', '{ kind: job, states: [completed], job_types: [upload-stats] }')}`;

const ofSecret = /^NARRATIVE_WEBHOOK_SECRET=([0-9a-f-]{36})$/m;

describe('by its options', () => {
  test('asks for what they say, and prints the secret once with where it goes', async () => {
    const filters = ['--state', 'failed,cancelled', '--job-type', 'costs', '--job-type', 'forecast'];
    const { status, stdout, stderr } = await create(...filters, '--name', 'money');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const filter = { jobIds: null, jobTypes: ['costs', 'forecast'], states: ['failed', 'cancelled'] };
    expect(there()).toMatchObject([{ name: 'money', kind: 'jobs', url, filter }]);
    expect(stdout).toMatch(ofSecret);
    expect(stdout.match(/[0-9a-f-]{36}/g)).toHaveLength(3);
    expect(stdout).toContain(
      `subscriptions:\n  production:\n    id: ${there()[0]!.id}\n    secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }]\n`,
    );
  });

  test('asks for everything, where they say nothing', async () => {
    await create('--url', 'https://elsewhere.example.com/hook');
    expect(there()).toMatchObject([
      { url: 'https://elsewhere.example.com/hook', filter: { jobIds: null, jobTypes: null, states: null } },
    ]);
  });

  test("asks for a connector's events", async () => {
    const { stdout } = await create('--app-id', '8');
    expect(there()).toMatchObject([{ kind: 'app', appId: '8', url }]);
    expect(stdout).toMatch(/created .*: app 8 \(Facebook\)[^]*^NARRATIVE_WEBHOOK_SECRET_APP_8=/m);
  });

  test('prints what it would ask for, and asks nothing', async () => {
    const env = { ...stage.env, NARRATIVE_API_TOKEN: '' };
    const [plain, json] = await Promise.all([
      relay(['subscriptions', 'create', '--state', 'failed', '--dry-run'], { env }),
      create('--state', 'failed', '--dry-run', '--json'),
    ]);
    expect(plain).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/"states": \[\s+"failed"\s+\][^]*Nothing was sent\./) as string,
    });
    expect(JSON.parse(json.stdout)).toEqual([
      { type: 'webhook_subscription_jobs', url, name: 'narrative-relay', states: ['failed'] },
    ]);
    expect(there()).toEqual([]);
  });

  test('prints what it made as JSON, with the secret unless that is in a file', async () => {
    const [printed, kept] = [
      await create('--state', 'failed', '--json'),
      await create('--state', 'running', '--json', '--write-env', 'new.env'),
    ];
    expect(JSON.parse(printed.stdout)).toMatchObject([
      { status: 'active', secret: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    ]);
    expect(JSON.parse(kept.stdout)).toMatchObject([{ status: 'active', filter: { states: ['running'] } }]);
    expect(kept.stdout).not.toContain('"secret"');
  });

  test.each<[string, string[], RegExp]>([
    ['a state with a slip', ['--state', 'fialed'], /no state "fialed": did you mean "failed"\?\n.*--force/],
    ['a job type of which nobody has heard', ['--job-type', 'dance'], /no job type "dance": it has costs, /],
    ['a list that is empty, which would be all', ['--state', ''], /empty name: write a,b or leave the option out/],
    ['a URL without TLS', ['--url', 'http://relay.example.com/'], /sends to https only, and this is http:\/\/relay.example.com/],
    ['a URL without a scheme', ['--url', 'relay.example.com'], /relay\.example\.com is no URL: write it whole/],
    ['--split without rules', ['--split'], /--split goes with --from-rules/],
    ['an app and a job type', ['--app-id', '8', '--job-type', 'costs'], /cannot be used with/],
    ['rules and a state', ['--from-rules', '--state', 'failed'], /cannot be used with/],
    ['a variable that is no name', ['--env-name', 'A-B'], /--env-name A-B: the name of a variable/],
    ['an app without an id, which would be jobs', ['--app-id='], /It is empty: give it a value, or leave the option out/],
    ['a name that is empty', ['--name='], /It is empty/],
    ['rules in a folder without a name', ['--from-rules='], /It is empty/],
    ['a URL that is empty', ['--url', ' '], /It is empty/],
    ['a folder of rules that does not exist', ['--from-rules', 'nowhere'], /nowhere does not exist/],
  ])('refuses %s', async (_what, args, message) => {
    const { status, stdout, stderr } = await create(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(there()).toEqual([]);
  });

  test('needs to know where Narrative reaches the relay', async () => {
    const { status, stderr } = await relay(['subscriptions', 'create'], { env: { ...stage.env, RELAY_PUBLIC_URL: '' } });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('set RELAY_PUBLIC_URL, or give --url') as string,
    });
  });

  test('takes plain HTTP only where both ends are this machine', async () => {
    const local = ['--url', 'http://127.0.0.1:1/webhooks/narrative'];
    expect((await create(...local)).status).toBe(0);
    const far = await relay(['subscriptions', 'create', '--dry-run', ...local], { env: { ...stage.env, NARRATIVE_API_URL: '' } });
    expect(far).toMatchObject({ status: 2, stderr: expect.stringContaining('https only') as string });
  });

  test('with --force leaves it to Narrative what it knows', async () => {
    const { status, stderr } = await create('--state', 'fialed', '--force');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^! .*did you mean "failed"\?\nNarrative answered 400/) as string,
    });
  });
});

describe('beside others', () => {
  test('refuses what would tell of the same twice, unless forced', async () => {
    const { id } = stage.narrative.subscribe(seed({ states: ['failed'] }));
    const refused = await create('--job-type', 'costs');
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(`${id}[^]*with --force`)]);
    expect(there()).toHaveLength(1);
    expect((await create('--job-type', 'costs', '--force')).status).toBe(0);
  });

  test.each([
    ['is archived', {}, true, []],
    ['tells of other states', { states: ['completed'] }, false, ['--state', 'failed']],
    ['tells of other types', { jobTypes: ['costs'] }, false, ['--job-type', 'forecast']],
    ['sends elsewhere', { url: `${url}/staging` }, false, []],
    ['tells of an app', { kind: 'app' as const, appId: '8' }, false, []],
  ])('creates one, where the other %s', async (_what, over, archived, args) => {
    const { id } = stage.narrative.subscribe(seed(over));
    if (archived) await stage.subscriptions('archive', id, '--yes');
    expect((await create(...args)).status).toBe(0);
    expect(there()).toHaveLength(2);
  });
});

describe('from the rules', () => {
  test('asks for what they match, and says what comes in vain', async () => {
    const { status, stdout } = await create('--from-rules', stage.rules(production + uneven));
    expect(status).toBe(0);
    const filter = { jobIds: null, jobTypes: ['costs', 'forecast', 'upload-stats'], states: ['running', 'completed'] };
    expect(there()).toMatchObject([{ name: 'narrative-relay production', url, filter }]);
    expect(stdout).toContain(
      'It asks for more than the rules need: running of upload-stats; completed of costs, forecast. --split makes 2 subscriptions',
    );
  });

  test('asks for no more than they match, with several', async () => {
    const args = ['--from-rules', stage.rules(production + uneven), '--split', '--write-env', 'new.env'];
    const { status, stdout } = await create(...args);
    expect(status).toBe(0);
    expect(there().map(({ name, filter }) => [name, filter.states, filter.jobTypes])).toEqual([
      ['narrative-relay production (1 of 2)', ['running'], ['costs', 'forecast']],
      ['narrative-relay production (2 of 2)', ['completed'], ['upload-stats']],
    ]);
    const lines = readFileSync(join(stage.folder, 'new.env'), 'utf8').trim().split('\n');
    expect(lines.map((line) => line.split('=')[0])).toEqual(['NARRATIVE_WEBHOOK_SECRET', 'NARRATIVE_WEBHOOK_SECRET_2']);
    expect(stdout).toContain('secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }, { env: NARRATIVE_WEBHOOK_SECRET_2 }]');
    expect(stdout).not.toContain('more than the rules need');
  });

  test('keeps its remarks out of the JSON', async () => {
    const folder = stage.rules(production + uneven);
    for (const flags of [['--json', '--dry-run'], ['--json']]) {
      const { status, stdout, stderr } = await create('--from-rules', folder, ...flags);
      expect([status, JSON.parse(stdout)]).toMatchObject([0, [{ url }]]);
      expect(stderr).toContain('It asks for more than the rules need');
    }
  });

  test('is for one of their subscriptions, by its own URL', async () => {
    const two = 'subscriptions: { eu: { secrets: [{ env: A }] }, us: { secrets: [{ env: B }] } }\n';
    const folder = stage.rules(
      `${two}rules:\n${rule('a', '{ states: [failed], subscriptions: [eu] }')}${rule('b', '{ states: [running], subscriptions: [us] }')}`,
    );
    const unsaid = await create('--from-rules', folder);
    expect([unsaid.status, unsaid.stderr]).toEqual([2, expect.stringContaining('with --subscription (eu, us)')]);
    const slip = await create('--from-rules', folder, '--subscription', 'euu');
    expect([slip.status, slip.stderr]).toEqual([2, expect.stringContaining('no subscription "euu": did you mean "eu"?')]);
    const { stdout } = await create('--from-rules', folder, '--subscription', 'us');
    expect(there()).toMatchObject([{ url: `${url}/us`, filter: { states: ['running'] } }]);
    expect(stdout).toContain('  us:\n');
  });

  test('says that silence is no sign of trouble, where little is asked for and the rules watch for it', async () => {
    const folder = stage.rules(`${production}watch: { no_events: 6h }\nrules:\n${rule('a', '{ states: [cancelled] }')}`);
    const warning =
      /^! The rules take 6 h without an event for trouble \(watch\.no_events\), and nothing but .*\n {2}Make no_events longer/m;
    expect((await create('--from-rules', folder, '--dry-run')).stdout).toMatch(warning);
    const env = { ...stage.env, RELAY_RULES: folder };
    const byHand = (state: string) =>
      relay(['subscriptions', 'create', '--state', state, '--dry-run'], { env, cwd: stage.folder });
    expect((await byHand('failed')).stdout).toMatch(warning);
    expect((await byHand('failed,completed')).stdout).not.toContain('no_events');
  });

  test("tells of connectors' events that still need a subscription", async () => {
    const folder = stage.rules(
      `${production}rules:\n${rule('a', '{ app_ids: [8, 11] }')}${rule('b', '{ kind: job, states: [failed] }')}`,
    );
    stage.narrative.subscribe(seed({ kind: 'app', appId: '11' }));
    const { stdout } = await create('--from-rules', folder);
    expect(stdout).toContain('The rules match events of app 8 (Facebook), too: relay subscriptions create --app-id 8\n');
    expect(stdout).not.toContain('--app-id 11');
  });

  test('has nothing to ask for, where they match no job event', async () => {
    const folder = stage.rules(`${production}rules:\n${rule('a', '{ kind: app }')}`);
    const { status, stderr } = await create('--from-rules', folder);
    expect([status, stderr]).toEqual([2, expect.stringContaining('no job event, only those of connectors')]);
  });
});

describe('for a subscription that is verified by a url-token', () => {
  const token = 'fake/url token+0001';
  const inUrl = 'fake%2Furl%20token%2B0001';
  let folder: string;
  beforeEach(() => {
    const eu = 'eu: { verify: { scheme: url-token }, secrets: [{ env: EU_TOKEN }] }';
    const us = 'us: { secrets: [{ env: FAKE_SECRET }] }';
    folder = stage.rules(`subscriptions: { ${eu}, ${us} }\nrules:\n${rule('a', '{ kind: job, states: [failed] }')}`);
  });
  const run = (env: Record<string, string>, ...flags: string[]) =>
    relay(['subscriptions', 'create', '--subscription', 'eu', ...flags], {
      env: { ...stage.env, RELAY_RULES: folder, ...env },
      cwd: stage.folder,
    });

  test('makes the URL with the token of the rules, and shows it nowhere', async () => {
    const results = [
      await run({ EU_TOKEN: token }, '--dry-run'),
      await run({ EU_TOKEN: token }, '--dry-run', '--json'),
      await run({ EU_TOKEN: token }),
      await run({ EU_TOKEN: token }, '--json', '--force'),
      await run({ EU_TOKEN: token }),
      await run({ EU_TOKEN: token }, '--state', 'fialed', '--force'),
    ];
    expect(results.map(({ status }) => status)).toEqual([0, 0, 0, 0, 1, 1]);
    expect(there().map((one) => one.url)).toEqual([`${url}/eu/${inUrl}`, `${url}/eu/${inUrl}`]);
    expect(targetOf(there()[0]!.url, 'https://relay.example.com')).toEqual({ kind: 'named', name: 'eu', token });
    for (const { stdout, stderr } of results) {
      expect(stdout + stderr).not.toContain(token);
      expect(stdout + stderr).not.toContain(inUrl);
    }
  });

  test('leaves the rules as they are, and says that the secret of Narrative is not needed', async () => {
    const { stdout } = await run({ EU_TOKEN: token });
    expect(stdout).toContain(`  eu:\n    id: ${there()[0]!.id}\n    verify: { scheme: url-token }`);
    expect(stdout).toContain("Narrative's secret is not needed for it");
    expect(stdout).not.toContain('NARRATIVE_WEBHOOK_SECRET');
  });

  test('has no secret for a file', async () => {
    const { status, stderr } = await run({ EU_TOKEN: token }, '--write-env', 'new.env');
    expect([status, stderr]).toEqual([2, expect.stringContaining('leave --write-env out') as string]);
    expect([there(), existsSync(join(stage.folder, 'new.env'))]).toEqual([[], false]);
  });

  test('needs the token', async () => {
    const { status, stderr } = await run({});
    expect([status, stderr]).toEqual([1, expect.stringMatching(/URL of eu ends in its token[^]*EU_TOKEN is not set/) as string]);
    expect(there()).toEqual([]);
  });

  test('does not show it, where Narrative repeats the URL that it refuses', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part));
      request.on('end', () => {
        const { url: refused } = JSON.parse(body || '{}') as { url?: string };
        const answer = request.method === 'GET' ? [] : { error: `"${refused}" may not be called` };
        response.writeHead(request.method === 'GET' ? 200 : 400, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { status, stderr } = await run({ EU_TOKEN: token, NARRATIVE_API_URL: `http://127.0.0.1:${port}` });
    server.close();
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${url}/eu/…`) as string]);
    expect(stderr).not.toContain('fake');
  });
});

describe('with --write-env', () => {
  const path = () => join(stage.folder, 'new.env');

  test('writes the secret into a new file that only its owner can read, and nowhere else', async () => {
    const { status, stdout } = await create('--write-env', 'new.env', '--env-name', 'HOOK');
    expect(status).toBe(0);
    const written = readFileSync(path(), 'utf8');
    expect(written).toMatch(/^\nHOOK=[0-9a-f-]{36}\n$/);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(stdout).not.toContain(written.trim().slice('HOOK='.length));
    expect(stdout).toContain('In new.env, which only you can read: HOOK.');
  });

  test('can be appended to a file that has no line break at its end', async () => {
    await create('--write-env', 'new.env');
    const appended = `RELAY_PUBLIC_URL=https://relay.example.com${readFileSync(path(), 'utf8')}`;
    expect(parseEnv(appended)).toEqual({
      RELAY_PUBLIC_URL: 'https://relay.example.com',
      NARRATIVE_WEBHOOK_SECRET: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  test('overwrites nothing, and creates nothing then', async () => {
    writeFileSync(path(), 'OTHER=fake\n');
    const { status, stderr } = await create('--write-env', 'new.env');
    expect([status, stderr]).toEqual([2, expect.stringContaining('new.env exists, and no file is overwritten')]);
    expect([readFileSync(path(), 'utf8'), there()]).toEqual(['OTHER=fake\n', []]);
  });

  test('leaves no file behind, where Narrative refuses', async () => {
    const { status } = await create('--write-env', 'new.env', '--state', 'fialed', '--force');
    expect([status, existsSync(path())]).toEqual([1, false]);
  });

  test('creates nothing, where the file has no place', async () => {
    const { status, stderr } = await create('--write-env', 'nowhere/new.env');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/nowhere\/new\.env can't be made \(ENOENT\)/)]);
    expect(there()).toEqual([]);
  });

  test('prints the secret rather than lose it, where the file takes no byte', async () => {
    const command = [process.execPath, resolve('src/cli/main.ts'), 'subscriptions', 'create', '--write-env', 'new.env'];
    const child = spawn('/bin/sh', ['-c', 'ulimit -f 0 && exec "$@"', 'sh', ...command], {
      env: { ...stage.env, NODE_DISABLE_COMPILE_CACHE: '1' },
      cwd: stage.folder,
      stdio: 'pipe',
    });
    const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect(status).toBe(1);
    expect(stdout).toMatch(ofSecret);
    expect(stderr).toMatch(/new\.env can't be written \(EFBIG.*The secret is printed instead/);
    expect([there().length, existsSync(path())]).toEqual([1, false]);
  });
});

test('tells the first secret, where the second subscription of two is refused', async () => {
  const costs = rule('a', '{ states: [running], job_types: [costs] }');
  const unheardOf = rule('b', '{ kind: job, states: [failed], job_types: [dance] }');
  const folder = stage.rules(`${production}rules:\n${costs}${unheardOf}`);
  const { status, stdout, stderr } = await create('--from-rules', folder, '--split', '--force');
  expect([status, stderr]).toEqual([1, expect.stringContaining('Narrative answered 400')]);
  expect(there()).toMatchObject([{ filter: { states: ['running'] } }]);
  expect(stdout).toMatch(ofSecret);
});

test('says which subscription to archive, where Narrative tells no secret', async () => {
  const id = '3fa85f64-5717-4562-b3fc-2c963f66afa6';
  const server = createServer((request, response) => {
    const answer = request.method === 'GET' ? [] : { id, url, type: 'webhook_subscription_jobs', status: 'active' };
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = { ...stage.env, NARRATIVE_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const { status, stdout, stderr } = await relay(['subscriptions', 'create'], { env });
  server.close();
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(
    `did not tell its secret: nothing can prove its events. Archive it: relay subscriptions archive ${id}`,
  );
});
