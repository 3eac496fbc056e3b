/** `relay subscriptions` as a process of its own, against the simulated Narrative over HTTP. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { subscriptionPage } from '../../src/cli/subscription-text.ts';
import type { SubscriptionDetail } from '../../src/narrative/api.ts';
import { subscription } from '../narrative/some-subscription.ts';
import { relay } from './relay-command.ts';
import { seed, startStage, url, type SubscriptionsStage } from './subscriptions-stage.ts';

let stage: SubscriptionsStage;
beforeEach(async () => {
  stage = await startStage({ retries: { maxAttempts: 1 } });
});
afterEach(() => stage.stop());

const rulesOf = (names: string[]) =>
  `subscriptions: { ${names.map((name) => `${name}: { secrets: [{ env: FAKE_SECRET }] }`).join(', ')} }\n`;

describe('list', () => {
  test('shows what each tells of and where it sends, the archived ones last', async () => {
    stage.narrative.subscribe(seed({ name: 'old' }));
    const [old] = stage.narrative.subscriptions();
    await stage.subscriptions('archive', old!.id, '--yes');
    const some = stage.narrative.subscribe(
      seed({ name: 'some', states: ['failed', 'completed'], jobTypes: ['costs', 'forecast'] }),
    );
    const app = stage.narrative.subscribe(seed({ name: null, kind: 'app', appId: '8' }));
    const { status, stdout, stderr } = await stage.subscriptions('list');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [head, ...rows] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd().split(/ {2,}/));
    expect(head).toEqual(['id', 'name', 'status', 'tells of', 'url', 'created']);
    const created = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/) as string;
    expect(rows).toEqual([
      [some.id, 'some', 'active', 'failed, completed of costs, forecast', url, created],
      [app.id, 'active', 'app 8 (Facebook)', url, created],
      [old!.id, 'old', 'archived', 'every state of all jobs', url, created],
    ]);
    const active = await stage.subscriptions('list', '--active');
    expect(active.stdout).not.toContain(old!.id);
    expect(active.stdout).toContain(some.id);
  });

  test('says which are those of the rules', async () => {
    const staging = stage.narrative.subscribe(seed({ url: `${url}/staging` }));
    const other = stage.narrative.subscribe(seed({ url: 'https://elsewhere.example.com/' }));
    const { stdout } = await stage.subscriptions('list', '--rules', stage.rules(rulesOf(['staging', 'production'])));
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toContain('in the rules');
    expect(rows.find(([id]) => id === staging.id)).toContain('staging');
    expect(rows.find(([id]) => id === other.id)).not.toContain('production');
  });

  test('prints JSON without secrets, and hides the token in a URL from the eye', async () => {
    await stage.stop();
    // In this spelling each answer holds the secret.
    stage = await startStage({ spelling: 'camelCase' });
    const made = stage.narrative.subscribe(seed({ url: `${url}/production/fake-url-token` }));
    const [json, text] = await Promise.all([stage.subscriptions('list', '--json'), stage.subscriptions('list')]);
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: made.id, kind: 'jobs', status: 'active', filter: { states: null } }]);
    expect(json.stdout).not.toContain(made.secret);
    expect(text.stdout).toContain(`${url}/production/…`);
  });

  test('shows nothing of other systems’ URLs that can be a secret, but for --json', async () => {
    const hook = 'https://hooks.example.com/services/T0/fakefakefakefakefakefake?key=fake-key';
    const { id } = stage.narrative.subscribe(seed({ url: hook }));
    const [list, shown, json] = await Promise.all([
      stage.subscriptions('list'),
      stage.subscriptions('show', id),
      stage.subscriptions('show', id, '--json'),
    ]);
    expect(list.stdout).toContain('https://hooks.example.com/services/T0/…');
    expect(list.stdout + shown.stdout).not.toContain('fake');
    expect(JSON.parse(json.stdout)).toMatchObject({ url: hook });
  });

  test('says so, where there is none', async () => {
    expect((await stage.subscriptions('list')).stdout).toBe(
      'There is no subscription: "relay subscriptions create" makes one.\n',
    );
  });
});

describe('show', () => {
  /** Answers with each of these in turn. */
  async function receiver(...statuses: number[]) {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(statuses.shift() ?? 500).end('{"status":"accepted"}'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
  }

  const failing = {
    atMs: 0,
    burst: null,
    note: null,
    kind: 'job' as const,
    job: { job_id: 'j1', state: 'failed', type: 'costs', updated_at: '2026-01-05T09:00:00' },
    webhook: { delayMs: 0, againAfterMs: null, lost: false },
  };

  test.each([
    ['all failed', [500, 500], ['failed        2, last 2', 'none has ever succeeded', 'should answer 405']],
    ['the last one failed', [200, 500], ['delivered     1, last 2', 'failed        1, last 2', 'none has succeeded since']],
    ['others arrived since', [500, 200], ['1 delivery failed, and since then others have arrived', 'relay reconcile']],
  ])('renders the statistics, and warns where %s', async (_what, statuses, expected) => {
    const { url, close } = await receiver(...statuses);
    const { id } = stage.narrative.subscribe(seed({ url }));
    await stage.narrative.happen(failing);
    await stage.narrative.happen(failing);
    const { status, stdout } = await stage.subscriptions('show', id);
    close();
    expect(status).toBe(0);
    expect(expected.filter((text) => !stdout.includes(text))).toEqual([]);
    expect(stdout).toContain('events sent   2, last 2');
  });

  test('warns of nothing where nothing failed', async () => {
    const { id } = stage.narrative.subscribe(seed());
    const { stdout } = await stage.subscriptions('show', id);
    expect(stdout).toMatch(/tells of {6}every state of all jobs/);
    expect(stdout).not.toMatch(/[!✗]/);
  });

  test('says what it means to be archived', async () => {
    const { id } = stage.narrative.subscribe(seed());
    await stage.subscriptions('archive', id, '--yes');
    const { status, stdout } = await stage.subscriptions('show', id);
    expect(status).toBe(0);
    expect(stdout).toMatch(/It is archived: it gets no events any more, and can't be made active again/);
  });

  test('prints all of it as JSON', async () => {
    const { id } = stage.narrative.subscribe(seed());
    const { stdout } = await stage.subscriptions('show', id, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ id, eventsSent: 0, deliveries: { failed: 0, lastFailedAt: null } });
  });
});

test('does not claim an order where Narrative tells no times', () => {
  const page = (deliveries: SubscriptionDetail['deliveries']) => subscriptionPage(subscription({ deliveries }), null);
  const untimed = { lastFailedAt: null, lastSuccessfulAt: null };
  expect(page({ failed: 2, successful: 3, ...untimed })).toContain(
    '! 2 deliveries failed; whether others have arrived since is not said.',
  );
  expect(page({ failed: 2, successful: 0, ...untimed })).toContain('none has ever succeeded');
  expect(page({ failed: 0, successful: 0, ...untimed })).not.toMatch(/[!✗]/);
});

describe('archive', () => {
  const statuses = () => stage.narrative.subscriptions().map(({ status }) => status);

  test('ends several at once, and leaves alone what is ended', async () => {
    const [one, other] = [stage.narrative.subscribe(seed()), stage.narrative.subscribe(seed())];
    const first = await stage.subscriptions('archive', one.id, '--yes');
    expect(first).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`${one.id} (all): every state of all jobs`) as string,
    });
    expect(statuses()).toEqual(['archived', 'active']);
    const again = await stage.subscriptions('archive', one.id, other.id, '--yes');
    expect(again.status).toBe(0);
    expect(again.stdout).toMatch(/was archived already\n.*is archived\n/);
    expect(statuses()).toEqual(['archived', 'archived']);
  });

  test('asks first, so that without a terminal it needs --yes', async () => {
    const { id } = stage.narrative.subscribe(seed());
    const { status, stderr } = await stage.subscriptions('archive', id);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('add --yes') as string });
    expect(statuses()).toEqual(['active']);
  });

  test('touches none where one of the ids is a slip', async () => {
    const { id } = stage.narrative.subscribe(seed());
    const { status, stderr } = await stage.subscriptions('archive', id, 'no-such-id', '--yes');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('has no subscription no-such-id') as string,
    });
    expect(statuses()).toEqual(['active']);
  });

  test('prints what it ended as JSON', async () => {
    const { id } = stage.narrative.subscribe(seed());
    const { stdout } = await stage.subscriptions('archive', id, '--yes', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ id, status: 'archived' }]);
  });
});

describe('each command', () => {
  const commands = [['list'], ['show', 'some-id'], ['create'], ['archive', 'some-id', '--yes']];

  test.each(commands)('%s says what is wrong with the connection', async (...args) => {
    const run = (over: Record<string, string>) =>
      relay(['subscriptions', ...args], { env: { ...stage.env, ...over }, cwd: stage.folder });
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const [noToken, wrongToken, unreachable, help] = await Promise.all([
      run({ NARRATIVE_API_TOKEN: '' }),
      run({ NARRATIVE_API_TOKEN: 'another-fake-token' }),
      run({ NARRATIVE_API_URL: `http://127.0.0.1:${port}` }),
      relay(['subscriptions', args[0]!, '--help']),
    ]);
    expect([noToken.status, noToken.stderr]).toEqual([
      2,
      expect.stringMatching(/^NARRATIVE_API_TOKEN is not set\. Make a token/),
    ]);
    expect([wrongToken.status, wrongToken.stderr]).toEqual([1, expect.stringMatching(/401.*needs webhook permissions/)]);
    expect([unreachable.status, unreachable.stderr]).toEqual([3, expect.stringContaining(`127.0.0.1:${port}`)]);
    expect([help.status, help.stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`Examples?:\\n  relay subscriptions ${args[0]}`)),
    ]);
  });

  test('says that there is no such subscription', async () => {
    const { status, stderr } = await stage.subscriptions('show', 'no-such-id');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('Narrative has no subscription no-such-id') as string,
    });
  });
});
