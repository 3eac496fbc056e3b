/** What is shown as sent, beside what Slack and PagerDuty really got: over real HTTP, after all of it is over. */
import { expect, test } from 'vitest';
import { startPagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { startSlackStandIn, type SlackRequest } from '../../src/demo/slack-stand-in.ts';
import { stringifyJson, type JsonValue } from '../../src/event/json.ts';
import type { DeliveryDetailView } from '../../src/operate/shapes/views.ts';
import { answerTo } from '../http/narrative-event.ts';
import { startRelayUnderTest } from '../http/relay-under-test.ts';

const adminToken = 'preview-test-operator-token-not-real';
const routingKey = 'FAKE0ROUTING0KEY0FOR0TESTS0ABCD1';

const rules = `version: 1
subscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }
defaults: { links: { job: 'https://example.com/jobs/{{ job.id }}' } }
destinations:
  chat: { type: slack, token: { env: FAKE_SLACK_TOKEN }, channel: C0123ABCD, pace: 100/s }
  pager: { type: pagerduty, routing_key: { env: FAKE_ROUTING_KEY }, pace: 100/s }
  gone: { type: slack, token: { env: FAKE_SLACK_TOKEN }, channel: C0GONE000, pace: 100/s, fallback: chat }
rules:
  - name: incidents
    match: { states: [failed], job_types: [costs] }
    repeat: 1s
    recover: true
    send: [{ to: chat, broadcast: true }, { to: pager, severity: critical }]
  - { name: unended, match: { states: [failed], job_types: [views] }, repeat: 12h, send: [{ to: chat }] }
  - name: storms
    match: { states: [failed], job_types: [storm] }
    group: { wait: 1s, every: 1s }
    recover: true
    send: [{ to: chat }, { to: pager }]
  - { name: plain, match: { states: [cancelled] }, send: [{ to: chat }, { to: pager, change: true }] }
  - { name: broken, match: { states: [running] }, send: [{ to: gone }] }
`;

let made = 0;

function job(type: string, dataset: number, state: string, message = 'Access denied'): string {
  const at = new Date(Date.UTC(2026, 2, 2, 9, 12) + ++made * 1_000).toISOString();
  const failures = state === 'failed' ? [{ message, timestamp: at }] : [];
  const data = { job_id: `job-${made}`, state, type, input: { dataset_id: dataset }, updated_at: at, failures };
  return JSON.stringify({ id: `whe-${made}`, type: `job.${state}`, created_at: at, data });
}

/** Requests as they are compared: in no order, since destinations and subjects have none between them. */
const inAnyOrder = (requests: readonly unknown[]) => requests.map((each) => stringifyJson(sorted(each))).toSorted();

function sorted(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, sorted(part)]));
}

test('each message that was delivered is shown as it was sent: opened, reminded, over, edited, grouped, plain, replayed, a notice', async ({
  onTestFinished,
}) => {
  const asked: SlackRequest[] = [];
  const slack = await startSlackStandIn();
  slack.answerWith((_n, request) => {
    const isGone = request.channel === 'C0GONE000';
    if (request.method.startsWith('chat.') && !isGone) asked.push(request);
    return isGone ? { kind: 'error', code: 'channel_not_found' } : null;
  });
  const pagerDuty = await startPagerDutyStandIn({ routingKeys: [routingKey] });
  const relay = await startRelayUnderTest({
    rules,
    secrets: { FAKE_SLACK_TOKEN: 'xoxb-fake-token-for-tests', FAKE_ROUTING_KEY: routingKey },
    adminToken,
    settings: { slackApiUrl: slack.url, pagerDutyEventsUrl: pagerDuty.url },
  });
  onTestFinished(async () => {
    await relay.stop();
    await Promise.all([slack.close(), pagerDuty.close()]);
  });

  const api = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> => {
    const response = await fetch(`${relay.url}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${adminToken}` } });
    expect(response.ok, await response.clone().text()).toBe(true);
    return (await response.json()) as Record<string, unknown>;
  };
  const rows = () =>
    relay.sql.query<{ id: string; act: string | null; type: string; notice: number; status: string; destination: string }>(
      `SELECT spec ->> '$.incident.act' AS act, notice IS NOT NULL AS notice, status, destination FROM deliveries`,
    );
  const until = async (what: string, holds: (all: ReturnType<typeof rows>) => boolean): Promise<void> => {
    const end = Date.now() + 15_000;
    while (!holds(rows())) {
      if (Date.now() > end) throw new Error(`waited in vain until ${what}: ${JSON.stringify(rows())}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const delivered = (all: ReturnType<typeof rows>, act: string | null, notice = 0) =>
    all.filter((row) => row.act === act && row.notice === notice && row.status === 'delivered').length;
  const happens = (...event: Parameters<typeof job>) => answerTo(relay, job(...event));

  await happens('costs', 1, 'failed', 'Out of memory');
  await until('it is opened', (all) => delivered(all, 'open') === 2);
  await happens('costs', 1, 'failed', 'Disk full');
  await until('it is reminded of', (all) => delivered(all, 'remind') === 2);
  await happens('costs', 1, 'completed');
  await until('it is over', (all) => delivered(all, 'recover') === 2);
  await happens('views', 7, 'failed');
  await happens('views', 7, 'failed');
  await happens('views', 7, 'completed');
  await until('the message alone is brought up to date', (all) => delivered(all, 'count') === 1);

  for (const dataset of [1, 2, 3]) await happens('storm', dataset, 'failed', `executor ${dataset} lost`);
  await until('the storm is told', (all) => delivered(all, 'open', 1) === 2);
  await happens('storm', 4, 'failed', 'executor 4 lost');
  await until('more of it is told', (all) => delivered(all, 'remind', 1) === 2);
  for (const dataset of [1, 2, 3, 4]) await happens('storm', dataset, 'completed');
  await until('the storm is over', (all) => delivered(all, 'recover', 1) === 2);

  const { event_id: plain } = await happens('costs', 5, 'cancelled');
  await until('it is told', (all) => delivered(all, null) === 2);
  await api(`/events/${plain as string}/replay`, { method: 'POST' });
  await until('its replay is told', (all) => delivered(all, null) === 4);
  await happens('costs', 6, 'running');
  await until('the broken destination is told of', (all) => delivered(all, null, 1) === 1);

  const { deliveries } = (await api('/deliveries?status=delivered')) as { deliveries: { id: string }[] };
  const shown = (await Promise.all(deliveries.map(({ id }) => api(`/deliveries/${id}`)))) as DeliveryDetailView[];
  expect(new Set(shown.map(({ preview_of }) => preview_of))).toEqual(new Set(['sent']));
  const requestsOf = (type: 'slack' | 'pagerduty') =>
    shown
      .filter((delivery) => delivery.type === type)
      .flatMap(({ preview }) => [preview!.body, ...(preview!.reply === undefined ? [] : [preview!.reply])]);
  const pages = [...pagerDuty.events, ...pagerDuty.resolves, ...pagerDuty.changes];
  expect(inAnyOrder(requestsOf('pagerduty'))).toEqual(inAnyOrder(pages.map((page) => ({ ...page, routing_key: '…BCD1' }))));
  expect(inAnyOrder(requestsOf('slack'))).toEqual(inAnyOrder(asked.map(({ fields }) => fields)));
  expect(slack.problems).toEqual([]);
});
