/** How the process ends when it is asked to, and that there is only one of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'vitest';
import { startServer } from '../../src/demo/stand-in-server.ts';
import { readAccount } from './account.ts';
import { untilDrained } from './drained.ts';
import { prepareRelay, printingRules } from './prepare-relay.ts';
import { failedJob, post } from './signed-event.ts';

const slackRules = `version: 1
subscriptions: { production: { secrets: [{ env: NARRATIVE_WEBHOOK_SECRET }] } }
destinations: { data-eng: { type: slack, token: { env: SLACK_BOT_TOKEN }, channel: C0123ABCD } }
rules: [{ name: failures, match: { states: [failed] }, send: [{ to: data-eng }] }]
`;

/** A Slack that keeps each message's answer until it is told to give it. Its token may not read what was posted. */
async function startHoldingSlack({ onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const answers: (() => void)[] = [];
  const first = Promise.withResolvers<void>();
  const server = await startServer(0, (request, _body, response) => {
    const answer = (body: object) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url !== '/api/chat.postMessage') return void answer({ ok: false, error: 'missing_scope' });
    answers.push(() => answer({ ok: true, channel: 'C0123ABCD', ts: '1719830400.000001' }));
    first.resolve();
  });
  onTestFinished(() => server.close());
  return { url: `${server.url}/api/`, firstArrived: first.promise, answers };
}

function launchWithSlack(context: TestContext, slackApiUrl: string) {
  const secrets = { SLACK_BOT_TOKEN: 'xoxb-not-a-real-token', SLACK_API_URL: slackApiUrl };
  return prepareRelay(context, { rules: slackRules, secrets });
}

test.concurrent('SIGTERM lets a send under way end, takes no more connections, and exits with 0', async (context) => {
  const { expect } = context;
  const slack = await startHoldingSlack(context);
  const prepared = launchWithSlack(context, slack.url);
  const relay = prepared.launch();
  const url = await relay.ready;
  expect((await post(url, failedJob('held'))).status).toBe(202);
  await slack.firstArrived;

  const askedAt = performance.now();
  relay.signal('SIGTERM');
  await relay.says(/"msg":"stopping/);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
  await sleep(1_000); // What Slack takes over its answer: part of the story, nothing waits for it.
  slack.answers[0]!();
  expect(await relay.ended).toEqual({ code: 0, signal: null });
  expect(performance.now() - askedAt).toBeLessThan(10_000);
  expect(relay.output()).toContain('"msg":"stopped"');
  expect(readAccount(prepared.databasePath).deliveries).toMatchObject([{ destination: 'data-eng', status: 'delivered' }]);

  const again = prepared.launch();
  await again.ready;
  await untilDrained(prepared.databasePath, { stillMs: 5_000 });
  expect(slack.answers).toHaveLength(1);
});

test.concurrent(
  'SIGTERM waits 10 s for a destination that hangs, exits with 0, and the next start sends again',
  { timeout: 40_000 },
  async (context) => {
    const { expect } = context;
    const slack = await startHoldingSlack(context);
    const prepared = launchWithSlack(context, slack.url);
    const relay = prepared.launch();
    await post(await relay.ready, failedJob('hung'));
    await slack.firstArrived;
    const askedAt = performance.now();
    relay.signal('SIGTERM');
    expect(await relay.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - askedAt).toBeLessThan(11_500);
    expect(readAccount(prepared.databasePath).deliveries).toMatchObject([{ status: 'scheduled' }]);

    await prepared.launch().ready;
    await expect.poll(() => slack.answers.length, { timeout: 10_000 }).toBe(2);
    slack.answers[1]!();
    await untilDrained(prepared.databasePath, { stillMs: 5_000 });
  },
);

test.concurrent('a second signal ends it at once', async (context) => {
  const { expect } = context;
  const slack = await startHoldingSlack(context);
  const relay = launchWithSlack(context, slack.url).launch();
  await post(await relay.ready, failedJob('impatient'));
  await slack.firstArrived;
  const askedAt = performance.now();
  relay.signal('SIGINT');
  await relay.says(/"msg":"stopping/);
  relay.signal('SIGINT');
  expect(await relay.ended).toEqual({ code: 1, signal: null });
  expect(performance.now() - askedAt).toBeLessThan(5_000);
});

test.concurrent('a second process on the same database is refused and disturbs nothing', async (context) => {
  const { expect } = context;
  const prepared = prepareRelay(context, { rules: printingRules });
  const first = prepared.launch();
  const url = await first.ready;
  const second = prepared.launch();
  expect(await second.ended).toEqual({ code: 1, signal: null });
  expect(second.output()).toBe(
    `narrative-relay can't start: another narrative-relay process is using ${prepared.databasePath}. Stop it first, or give this one its own RELAY_DB.`,
  );
  expect((await post(url, failedJob('undisturbed'))).status).toBe(202);
  await untilDrained(prepared.databasePath, { stillMs: 5_000 });
  first.signal('SIGKILL');
  await first.ended;
  // The lock goes with the process, however that ends.
  await prepared.launch().ready;
});
