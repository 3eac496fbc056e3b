/** The way from "why was I alerted?" to the message, and from the message to what it was about, where failures were told together. */
import type { TestContext } from 'vitest';
import { expect, test } from 'vitest';
import { startSlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { answerTo } from '../http/narrative-event.ts';
import { startRelayUnderTest } from '../http/relay-under-test.ts';
import { adminToken, signedIn } from './events-visitor.ts';
import { strangersOnPage } from './markup.ts';

const rules = `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
destinations: { chat: { type: slack, token: { env: FAKE_SLACK_TOKEN }, channel: C0123ABCD, pace: 100/s } }
rules: [{ name: storms, match: { states: [failed] }, group: { wait: 1s, every: 1h }, recover: true, send: [{ to: chat }] }]
`;

async function storm({ onTestFinished }: TestContext) {
  const slack = await startSlackStandIn();
  const relay = await startRelayUnderTest({
    rules,
    secrets: { FAKE_SLACK_TOKEN: 'xoxb-fake-token-for-tests' },
    adminToken,
    settings: { slackApiUrl: slack.url },
  });
  onTestFinished(async () => {
    await relay.stop();
    await slack.close();
  });
  const ids: string[] = [];
  for (const dataset of [1, 2, 3]) {
    const data = {
      job_id: `j-${dataset}`,
      state: 'failed',
      type: 'costs',
      input: { dataset_id: dataset },
      failures: [{ message: 'lost' }],
    };
    const { event_id: id } = await answerTo(relay, JSON.stringify({ id: `w-${dataset}`, type: 'job.failed', data }));
    ids.push(id as string);
  }
  const told = () => relay.sql.query("SELECT 1 FROM deliveries WHERE status = 'delivered'").length > 0;
  while (!told()) await new Promise((resolve) => setTimeout(resolve, 5));
  return { relay, ids, operator: await signedIn(relay) };
}

const hrefs = (markup: string, kind: string) =>
  [...markup.matchAll(new RegExp(`href="(/console/${kind}/\\w+)"`, 'g'))].map(([, path]) => path!);

test('a failure leads to the message that told of it, that to all that failed, and their incident back to it', async (context) => {
  const { ids, operator } = await storm(context);
  const event = await operator.get(`/console/events/${ids[0]}`);
  expect(event.text).toMatch(/! grouped storms grouped: told in dlv_\w+_1 , with 2 more/);
  const [message] = hrefs(event.markup, 'deliveries');

  const delivery = await operator.get(message!);
  expect(delivery.status).toBe(200);
  expect(delivery.text).toMatch(/The message as it looked .* 3 failures .* What failed together/);
  expect(hrefs(delivery.markup, 'events').toSorted()).toEqual(expect.arrayContaining(ids.map((id) => `/console/events/${id}`)));
  expect(strangersOnPage(delivery.markup)).toEqual([]);

  const incident = await operator.get(hrefs(delivery.markup, 'incidents')[0]!);
  expect(hrefs(incident.markup, 'deliveries')).toEqual([message]);
  expect(incident.text).toContain('Last told in dlv_');
  expect(incident.text).not.toContain('All events of');
});

test('a number that is of a message in the relay’s own words leads there: that is what older records name', async (context) => {
  const { relay, operator } = await storm(context);
  const { markup } = await operator.get('/console/deliveries');
  const delivery = hrefs(markup, 'deliveries').find((path) => /dlv_\w+_1$/.test(path));
  const number = /dlv_(\w+)_1$/.exec(delivery!)![1]!;
  const answer = await operator.fetch(`/console/events/evt_${number}`, { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, delivery]);
  // That of an event that is gone leads nowhere.
  relay.sql.query('UPDATE deliveries SET notice = NULL');
  expect((await operator.fetch(`/console/events/evt_${number}`, { redirect: 'manual' })).status).toBe(404);
});
