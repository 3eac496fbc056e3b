/** Secrets are used and never shown: not in a log, a metric, a readiness report or an answer, whatever goes wrong. */
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'vitest';
import { startHttpReceiver } from '../../src/demo/http-receiver.ts';
import { startPagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { startSlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { createVisitor } from '../console/visitor.ts';
import { prepareRelay, printingRules, untilStatus } from './prepare-relay.ts';
import { failedJob, post, secret } from './signed-event.ts';

const urlToken = 'url-token-9f3c-not-a-real-one';
const planted = {
  NARRATIVE_WEBHOOK_SECRET: secret,
  OLD_WEBHOOK_SECRET: 'old-webhook-secret-not-real "with quotes"',
  URL_TOKEN: urlToken,
  SLACK_BOT_TOKEN: 'xoxb-4242-not-a-real-token',
  PAGERDUTY_ROUTING_KEY: 'SECRETROUTINGKEYNOTAREALONE00000',
  AIRFLOW_HOOK_SECRET: 'airflow-secret-not-a-real-one',
  AIRFLOW_AUTHORIZATION: 'Basic bm90OmEtcmVhbC1wYXNzd29yZA==',
};

const rules = `version: 1
subscriptions:
  production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }, { env: OLD_WEBHOOK_SECRET }] }
  by-url: { verify: { scheme: url-token }, secrets: [{ env: URL_TOKEN }] }
destinations:
  data-eng: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: C0123ABCD }
  triage: { type: slack, webhook_url: { env: SLACK_TRIAGE_WEBHOOK } }
  oncall: { type: pagerduty, routing_key: { env: PAGERDUTY_ROUTING_KEY } }
  airflow:
    type: http
    url: { env: AIRFLOW_HOOK_URL }
    secret: { env: AIRFLOW_HOOK_SECRET }
    headers: { Authorization: { env: AIRFLOW_AUTHORIZATION } }
rules:
  - name: failures
    match: { states: [failed] }
    send: [{ to: data-eng }, { to: triage }, { to: oncall }, { to: airflow }]
`;

async function startStandIns({ onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const slack = await startSlackStandIn();
  const pagerDuty = await startPagerDutyStandIn();
  const airflow = await startHttpReceiver({ secret: planted.AIRFLOW_HOOK_SECRET });
  onTestFinished(async () => {
    await Promise.all([slack.close(), pagerDuty.close(), airflow.close()]);
  });
  return { slack, pagerDuty, airflow };
}

test('no planted secret shows up anywhere, when all goes well and when everything goes wrong', async (context) => {
  const { expect } = context;
  const { slack, pagerDuty, airflow } = await startStandIns(context);
  const secrets = {
    ...planted,
    SLACK_TRIAGE_WEBHOOK: slack.webhookUrl('T000-secret-path-of-a-webhook'),
    AIRFLOW_HOOK_URL: `${airflow.url}/hooks/secret-path-of-airflow?token=secret-query-of-airflow`,
  };
  const places = { SLACK_API_URL: slack.url, PAGERDUTY_EVENTS_URL: pagerDuty.url, LOG_LEVEL: 'trace' };
  const prepared = prepareRelay(context, { rules, secrets: { ...secrets, ...places } });
  const relay = prepared.launch();
  const url = await relay.ready;
  const said: string[] = [];
  let sent = 0;
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(url + path, init);
    said.push(JSON.stringify([...answer.headers]), await answer.text());
    return answer.status;
  };
  const send = (path: string, headers: Record<string, string> = {}, body: Uint8Array | string = failedJob(`event-${++sent}`)) =>
    ask(path, { method: 'POST', headers, body });

  // All goes well: each destination takes one.
  expect(await send(`/webhooks/narrative/by-url/${urlToken}`)).toBe(202);
  await expect.poll(() => [slack.messages.length, pagerDuty.events.length, airflow.requests.length]).toEqual([2, 1, 1]);

  // Requests that are wrong in every way, each with a secret where it could be quoted.
  expect(await send(`/webhooks/narrative/by-url/${urlToken}x`)).toBe(401);
  expect(await send(`/webhooks/narrative/nowhere/${urlToken}`)).toBe(404);
  expect(await send(`/webhooks/narrative/by-url/${urlToken}/more`)).toBe(404);
  expect(await send(`/${urlToken}`)).toBe(404);
  expect(await ask(`/webhooks/narrative/by-url/${urlToken}`)).toBe(405);
  expect(await send(`/webhooks/narrative/by-url/${urlToken}`, {}, `{"broken": "${secret}"`)).toBe(400);
  expect(await send('/webhooks/narrative', { authorization: `Basic ${secret}` })).toBe(401);
  expect(await send('/webhooks/narrative', { 'x-narrative-signature': secret })).toBe(401);
  expect(await send('/webhooks/narrative', { authorization: `Bearer ${planted.OLD_WEBHOOK_SECRET}` })).toBe(401);

  // Destinations that fail, quoting what they were sent.
  slack.answerWith((_count, { method }) =>
    method === 'webhook'
      ? { kind: 'status', status: 403, body: `invalid_token ${secrets.SLACK_TRIAGE_WEBHOOK}` }
      : { kind: 'error', code: 'invalid_auth' },
  );
  const errors = [`Invalid routing key ${planted.PAGERDUTY_ROUTING_KEY}`, `from ${planted.AIRFLOW_AUTHORIZATION}`];
  const refusal = JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors });
  pagerDuty.answerWith(() => ({ kind: 'status', status: 400, body: refusal }));
  airflow.answerWith(() => ({ kind: 'status', status: 302, headers: { location: secrets.AIRFLOW_HOOK_URL } }));
  expect((await post(url, failedJob('all-fail'))).status).toBe(202);
  await expect
    .poll(async () => ((await untilStatus(`${url}/readyz`, 200)) as { parked: unknown[] }).parked.length, { timeout: 10_000 })
    .toBe(4);
  await ask('/readyz');
  await ask('/metrics');
  airflow.answerWith(() => ({ kind: 'reset' }));
  prepared.writeRules(`${rules}oops: 1\n`);
  await relay.says(/"msg":"changed rules refused/);
  await ask('/readyz');
  prepared.writeRules(`# again\n${rules}`);
  await relay.says(/"msg":"rules reloaded"/);
  await relay.says(/ECONNRESET|the connection to .* broke/);
  await ask('/readyz');
  await ask('/metrics');
  relay.signal('SIGTERM');
  await relay.ended;

  // What the store keeps of attempts can be asked for one day, too.
  const stored = readFileSync(prepared.databasePath, 'latin1');
  const everything = [relay.output(), ...said, stored].join('\n');
  const showing = Object.entries({ ...secrets, path: 'secret-path-of-', query: 'secret-query-of-' }).filter(([, value]) =>
    [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)].some((form) => everything.includes(form)),
  );
  expect(showing.map(([name]) => name)).toEqual([]);
  expect(relay.output()).toContain('destination is broken');
});

test.concurrent('a secret that is not set ends the start, naming the variable and the place', async (context) => {
  const { expect } = context;
  const prepared = prepareRelay(context, { rules: printingRules, secrets: { NARRATIVE_WEBHOOK_SECRET: '' } });
  const relay = prepared.launch();
  expect(await relay.ended).toEqual({ code: 1, signal: null });
  expect(relay.output()).toMatch(/relay\.yaml:2:\d+ .*NARRATIVE_WEBHOOK_SECRET/);
});

test.concurrent('a secret in the wrong variable ends the start without being shown', async (context) => {
  const { expect } = context;
  const secrets = { ...planted, SLACK_TRIAGE_WEBHOOK: planted.SLACK_BOT_TOKEN, AIRFLOW_HOOK_URL: 'http://127.0.0.1:9/' };
  const relay = prepareRelay(context, { rules, secrets }).launch();
  expect(await relay.ended).toEqual({ code: 1, signal: null });
  expect(relay.output()).toMatch(/relay\.yaml:7:\d+ .*SLACK_TRIAGE_WEBHOOK/);
  for (const value of Object.values(planted)) expect(relay.output()).not.toContain(value);
});

test('nor in a page of the console or an answer of the operator API, even where an event quotes each of them', async (context) => {
  const { expect } = context;
  const { slack, pagerDuty, airflow } = await startStandIns(context);
  const secrets = {
    ...planted,
    RELAY_ADMIN_TOKEN: 'operators-token-not-a-real-one',
    SLACK_TRIAGE_WEBHOOK: slack.webhookUrl('T000-secret-path-of-a-webhook'),
    AIRFLOW_HOOK_URL: `${airflow.url}/hooks/secret-path-of-airflow?token=secret-query-of-airflow`,
  };
  const places = { SLACK_API_URL: slack.url, PAGERDUTY_EVENTS_URL: pagerDuty.url, LOG_LEVEL: 'trace' };
  const relay = prepareRelay(context, { rules, secrets: { ...secrets, ...places } }).launch();
  const url = await relay.ready;
  airflow.answerWith(() => ({ kind: 'status', status: 422 }));
  const quoted = Object.values(secrets).join(' and ');
  expect((await post(url, failedJob(`quotes ${quoted}`, `it said ${'x'.repeat(380)} ${quoted}`))).status).toBe(202);
  await relay.says(/"outcome":"rejected"/);

  const said: string[] = [];
  const api = { authorization: `Bearer ${secrets.RELAY_ADMIN_TOKEN}` };
  const visitor = createVisitor(url);
  await visitor.get('/console/sign-in');
  await visitor.submit('/console/sign-in', { token: secrets.RELAY_ADMIN_TOKEN });
  const lists = [
    'events',
    'deliveries',
    'incidents',
    'destinations',
    'rules',
    'stats',
    'silences',
    'reconciliations',
    'openapi.json',
  ];
  const waiting = [...lists.map((list) => `/api/v1/${list}`), '/console', '/metrics', '/readyz'];
  const asked = new Set(waiting);
  for (const path of waiting) {
    const { status, headers, text } = await visitor.get(path, path.startsWith('/api') ? api : {});
    expect([path, status]).toEqual([path, 200]);
    said.push(JSON.stringify([...headers]), text);
    for (const next of [...linksIn(text), ...detailsIn(path, text)])
      if (asked.size < 200 && !asked.has(next)) asked.add(waiting[waiting.push(next) - 1]!);
  }
  // Each kind of page was seen.
  for (const seen of [
    /^\/console\/events\/evt_/,
    /^\/console\/deliveries\/dlv_/,
    /^\/console\/incidents\/inc_/,
    /^\/api\/v1\/events\/evt_/,
  ]) {
    expect([...asked].some((path) => seen.test(path))).toBe(true);
  }
  const everything = [relay.output(), ...said].join('\n');
  expect(everything).toContain('[redacted]');
  // Whole, or what a cut could leave of it. A URL is no secret up to its path.
  const beginningOf = (value: string) => value.slice(0, 12 + Math.max(0, value.indexOf('secret-path')));
  const showing = Object.entries(secrets).filter(([, value]) =>
    [beginningOf(value), encodeURIComponent(value)].some((form) => everything.includes(form)),
  );
  expect(showing.map(([name]) => name)).toEqual([]);
});

/** Pages that a page links to; what streams without an end is left out. */
function linksIn(text: string): string[] {
  const links = [...text.matchAll(/href="(?<path>\/console[^"#]*)"/g)].map(({ groups }) =>
    groups!.path!.replaceAll('&amp;', '&'),
  );
  return links.filter((path) => !path.includes('/tail'));
}

/** What a list of the API lists. */
function detailsIn(path: string, text: string): string[] {
  if (!/^\/api\/v1\/(events|deliveries|incidents)$/.test(path)) return [];
  return [...new Set([...text.matchAll(/"id":"(?<id>[a-z]{3}_\w+)"/g)].map(({ groups }) => `${path}/${groups!.id}`))];
}
