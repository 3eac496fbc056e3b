import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startPagerDutyStandIn, type PagerDutyStandIn } from '../../src/demo/pagerduty-stand-in.ts';
import { renderPagerDutyEvent } from '../../src/terminal/pagerduty.ts';
import { createPagerDutyDestination, type PagerDutyConfig } from '../../src/destination/pagerduty.ts';
import type { Outgoing, Severity } from '../../src/destination/destination.ts';
import { createTemplates } from '../../src/rules/template.ts';
import {
  clock,
  completedContent,
  delivery,
  eventContent,
  failedWith,
  incident,
  nodeHash,
  noSignal,
  notice,
  recovered,
  relayContent,
} from './example-delivery.ts';

const routingKey = 'FAKE0ROUTING0KEY0FOR0TESTS0ABCD1';
const { render } = createTemplates();
let pagerduty: PagerDutyStandIn;

beforeEach(async () => void (pagerduty = await startPagerDutyStandIn({ routingKeys: [routingKey] })));
afterEach(() => pagerduty.close());

function destination(config: Partial<PagerDutyConfig> = {}, eventsUrl = pagerduty.url) {
  return createPagerDutyDestination(
    { name: 'oncall', routingKey, region: 'us', fallback: null, pace: null, timeoutMs: 2_000, ...config },
    { fetch, clock, hash: nodeHash, render, eventsUrl },
  );
}

const send = (outgoing: Partial<Outgoing> = {}, to = destination()) => to.send(delivery(outgoing), noSignal);

describe('an alert', () => {
  test('says what broke, where and how badly, and passes a strict reading of the API', async () => {
    expect(await send()).toEqual({
      kind: 'delivered',
      detail: 'queued as narrative/datasets_deliver_data/10736',
      receipt: { dedup_key: 'narrative/datasets_deliver_data/10736' },
    });
    expect(pagerduty.problems).toEqual([]);
    expect(pagerduty.events[0]).toMatchObject({
      event_action: 'trigger',
      client: 'narrative-relay',
      payload: {
        summary: expect.stringMatching(/10736.*: Access denied to bucket$/),
        source: 'narrative/production',
        severity: 'critical',
        timestamp: '2026-03-02T09:12:00.5Z',
        component: 'dataset 10736',
        group: 'datasets_deliver_data',
        class: 'job.failed',
        custom_details: {
          Failure: '2026-03-02T09:11:59Z Access denied to bucket',
          'Job id': '2a5b9ad7-dc8f-47bb-8e62-843a38f8054c',
          'Event id': 'evt_1',
          Rule: 'deliveries-page',
        },
      },
    });
    expect(pagerduty.events[0]!.links).toContainEqual({
      href: 'https://example.com/jobs/2a5b9ad7-dc8f-47bb-8e62-843a38f8054c',
      text: 'Job',
    });
  });

  test('says each id once, and all of them where the rule leaves the default fields out', async () => {
    const count = (text: string) => JSON.stringify(pagerduty.events.at(-1)!.payload.custom_details).split(text).length - 1;
    await send();
    expect(count('2a5b9ad7')).toBe(1);
    await send({ message: { fields: { 'Job id': '' } } });
    expect(count('2a5b9ad7')).toBe(1);
  });

  test('changes nothing when it is sent again, byte by byte', async () => {
    const bodies: unknown[] = [];
    pagerduty.answerWith(({ body }, count) => {
      bodies.push(body);
      return count === 1 ? { kind: 'reset', after: true } : null;
    });
    expect(await send({ attempt: 1 })).toMatchObject({ kind: 'retry', reason: 'network' });
    expect(await send({ attempt: 2 })).toMatchObject({ kind: 'delivered' });
    expect(bodies[1]).toEqual(bodies[0]);
    expect(pagerduty.alerts()).toHaveLength(1);
  });

  test.each(['x'.repeat(300), 'a\u0000b', 'lone \ud800', 'a\u202eb'])(
    'has a dedup_key of its own for the awkward subject %j',
    async (subject) => {
      await send({ subject });
      await send({ subject });
      await send({ subject: `${subject}!` });
      expect(pagerduty.problems).toEqual([]);
      expect(pagerduty.alerts().map(({ triggers }) => triggers)).toEqual([2, 1]);
    },
  );

  test('becomes an error where the severity is none that PagerDuty knows', async () => {
    await send({ severity: 'Critical!' as Severity });
    expect(pagerduty.events[0]?.payload.severity).toBe('error');
  });

  test('stays inert and within limits whatever the event holds', async () => {
    const hostile = '<!channel> *x* `y` & <script>alert(1)</script> \u0000\u001b[31m \u202eevil 🚨\ud800\n\n__proto__';
    const message = { title: '{{ job.failures[0].message }}', fields: { ['__proto__']: '{{ job.id }}', Failure: 'mine' } };
    await send({ content: failedWith(hostile.repeat(100), hostile), message, links: { bad: 'javascript:alert(1)' } });
    expect(pagerduty.problems).toEqual([]);
    const { summary, custom_details: details } = pagerduty.events[0]!.payload;
    expect(summary.length).toBeLessThanOrEqual(1024);
    expect(JSON.stringify(pagerduty.events[0])).not.toMatch(/\\u0000|\\u001b|\u202e|\\ud800/);
    expect(details).toMatchObject({ Failure: 'mine', 'Failure (2)': expect.stringContaining('<!channel>') });
    expect(Object.keys(details!)).toContain('__proto__');
  });

  test('shortens 600 KB of details rather than lose the page', async () => {
    const stack = 'at com.example.Job🚨\n'.repeat(20_000);
    expect(await send({ content: failedWith('the first word', stack, stack) })).toMatchObject({ kind: 'delivered' });
    const details = pagerduty.events[0]!.payload.custom_details!;
    expect(details['Failure 2']).toMatch(/shortened\)$/);
    expect(details['Failure 2']!.toString().length).toBeGreaterThan(50_000);
    expect(details).toMatchObject({ Failure: expect.stringContaining('the first word'), Rule: 'deliveries-page' });
  });

  test('drops the last of very many details rather than lose the page', async () => {
    const fields = Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`field ${n}`, 'é'.repeat(100)]));
    expect(await send({ message: { fields } })).toMatchObject({ kind: 'delivered' });
    expect(pagerduty.events[0]!.payload.custom_details).toHaveProperty('field 0');
  });

  test('tells why it comes by a second way, and what the rule wanted to say', async () => {
    await send({
      note: 'could not be delivered to data-eng: channel_not_found',
      message: { text: 'Call {{ job.requested_by }}' },
    });
    expect(pagerduty.events[0]?.payload.custom_details).toMatchObject({
      Note: 'could not be delivered to data-eng: channel_not_found',
      Text: 'Call user 407',
    });
  });

  test('names the connector of an app event', async () => {
    const body = { eventType: 'facebook.audience.delivery.failed', context: { profileId: 'p1' }, payload: { error: 'expired' } };
    await send({ content: eventContent(JSON.stringify(body)) });
    expect(pagerduty.problems).toEqual([]);
    expect(pagerduty.events[0]?.payload).toMatchObject({ component: 'facebook', group: 'audience.delivery' });
  });
});

test('a change goes to the change endpoint, without severity and dedup_key', async () => {
  expect(await send({ change: true })).toEqual({ kind: 'delivered', detail: 'queued as a change event' });
  expect(pagerduty.problems).toEqual([]);
  expect(pagerduty.events).toEqual([]);
  expect(pagerduty.changes[0]?.payload.summary).toContain('10736');
});

test('each notice is an alert of its own, the same in each attempt', async () => {
  await send({ content: notice, rule: null, deliveryId: 'dlv_8' });
  await send({ content: notice, rule: null, deliveryId: 'dlv_8', attempt: 2 });
  await send({ content: notice, rule: null, deliveryId: 'dlv_9' });
  expect(pagerduty.problems).toEqual([]);
  expect(pagerduty.alerts().map(({ dedupKey }) => dedupKey)).toEqual(['narrative-relay/dlv_8', 'narrative-relay/dlv_9']);
  expect(pagerduty.events[0]?.payload).toMatchObject({ summary: 'destination data-eng is broken', source: 'narrative-relay' });
});

describe('an incident', () => {
  const over: Partial<Outgoing> = { content: completedContent(), incident: recovered() };

  test('is one alert: opened, reminded of and resolved by the same key', async () => {
    await send({ incident: incident() });
    await send({ incident: incident({ act: 'remind', failures: 2 }) });
    expect(pagerduty.alerts()).toMatchObject([{ state: 'open', triggers: 2 }]);
    expect(await send(over)).toEqual({
      kind: 'delivered',
      detail: 'resolve queued as narrative/datasets_deliver_data/10736',
      receipt: { dedup_key: 'narrative/datasets_deliver_data/10736' },
    });
    expect(pagerduty.problems).toEqual([]);
    expect(pagerduty.resolves).toEqual([
      { routing_key: routingKey, event_action: 'resolve', dedup_key: 'narrative/datasets_deliver_data/10736' },
    ]);
    expect(pagerduty.alerts()).toMatchObject([{ state: 'resolved', triggers: 2 }]);
  });

  test('tells since when, how often, and where the runbook is', async () => {
    const owners = [{ mention: '<@U0ANNA>', runbook: 'https://wiki.example.com/deliveries' }];
    await send({ incident: incident({ failures: 3, firstSaid: 'disk full' }), owners });
    expect(pagerduty.problems).toEqual([]);
    expect(pagerduty.events[0]!.payload.custom_details).toMatchObject({
      Since: '2026-03-02T09:12:00.000Z',
      Failures: '3',
      'First failure': 'disk full',
    });
    expect(pagerduty.events[0]!.links![0]).toEqual({ href: 'https://wiki.example.com/deliveries', text: 'Runbook' });
    expect(JSON.stringify(pagerduty.events)).not.toContain('U0ANNA');
  });

  test('that a notice opens is resolved by a notice', async () => {
    const subject = 'expect/nightly';
    await send({ content: notice, subject, incident: incident(), deliveryId: 'dlv_8' });
    await send({ content: notice, subject, incident: recovered(), deliveryId: 'dlv_9' });
    expect(pagerduty.problems).toEqual([]);
    expect(pagerduty.alerts()).toMatchObject([{ dedupKey: 'narrative/expect/nightly', state: 'resolved' }]);
  });

  test('of which PagerDuty knows nothing is resolved without harm', async () => {
    const heard: unknown[] = [];
    pagerduty.onResolve((_resolve, alert) => heard.push(alert));
    expect(await send(over)).toMatchObject({ kind: 'delivered' });
    expect(pagerduty.problems).toEqual([]);
    expect(pagerduty.alerts()).toEqual([]);
    expect(heard).toEqual([null]);
  });

  test('is resolved again after a time-out: that is never ambiguous', async () => {
    pagerduty.answerWith((_request, count) => (count === 1 ? { kind: 'hang', after: true } : null));
    expect(await send(over, destination({ timeoutMs: 40 }))).toMatchObject({ kind: 'retry', reason: 'timeout' });
    expect(await send(over)).toMatchObject({ kind: 'delivered' });
  });

  test('of changes says with a change that it is over', async () => {
    await send({ ...over, change: true });
    expect(pagerduty.problems).toEqual([]);
    expect(pagerduty.resolves).toEqual([]);
    expect(pagerduty.changes[0]!.payload.summary).toBe('datasets_deliver_data recovered after 42 min · dataset 10736');
  });

  test.each([{ change: false }, { change: true }])('counts in silence (%j)', async (kind) => {
    const sent = await send({ ...kind, incident: incident({ act: 'count' }) });
    expect(sent).toEqual({ kind: 'delivered', detail: 'not sent: PagerDuty edits nothing' });
    expect([pagerduty.events, pagerduty.changes, pagerduty.resolves]).toEqual([[], [], []]);
  });

  test('is previewed as it is resolved', () => {
    expect(destination().preview(delivery(over)).body).toEqual({
      routing_key: '…BCD1',
      event_action: 'resolve',
      dedup_key: 'narrative/datasets_deliver_data/10736',
    });
  });
});

test('what the relay says about itself is an alert like any other', async () => {
  const subject = 'relay/destination-parked/data-eng';
  await send({ content: relayContent(), subject, incident: incident() });
  await send({ content: relayContent({ about: null }), subject: 'relay/backlog' });
  expect(pagerduty.problems).toEqual([]);
  expect(pagerduty.events[0]!.payload).toMatchObject({
    summary: 'destination data-eng takes nothing: channel_not_found',
    source: 'narrative-relay',
    component: 'data-eng',
    group: 'destination-parked',
    class: 'relay.destination-parked',
  });
  expect(pagerduty.events[1]!.payload).not.toHaveProperty('component');
});

describe('an answer', () => {
  test.each([
    [408, { kind: 'retry', reason: 'timeout' }],
    [429, { kind: 'retry', reason: 'rate-limited', afterMs: 30_000 }],
    [500, { kind: 'retry', reason: 'server-error' }],
    [503, { kind: 'retry', reason: 'service-unavailable' }],
    [401, { kind: 'destination-broken', reason: 'credential' }],
    [403, { kind: 'destination-broken', reason: 'credential' }],
    [404, { kind: 'destination-broken', reason: 'channel' }],
    [302, { kind: 'destination-broken', reason: 'channel' }],
    [400, { kind: 'rejected', reason: 'unknown-answer' }],
    [200, { kind: 'retry', reason: 'unknown-answer' }],
  ])('of %i has its own outcome', async (status, outcome) => {
    pagerduty.answerWith(() => ({ kind: 'status', status }));
    expect(await send()).toMatchObject(outcome);
  });

  test('of 429 with a longer Retry-After waits for as long as that says', async () => {
    pagerduty.answerWith(() => ({ kind: 'status', status: 429, headers: { 'retry-after': '95' } }));
    expect(await send()).toMatchObject({ kind: 'retry', afterMs: 95_000 });
  });

  test('that calls the event invalid rejects it, with the reason', async () => {
    pagerduty.answerWith(() => ({ kind: 'error', code: "'payload.summary' is too long" }));
    expect(await send()).toEqual({
      kind: 'rejected',
      reason: 'payload',
      detail: "PagerDuty answered 400: Event object is invalid; 'payload.summary' is too long",
    });
  });

  test('that does not know the routing key breaks the destination, not the event', async () => {
    const outcome = await send({}, destination({ routingKey: 'FAKE0OTHER0KEY00000000000000WXYZ' }));
    expect(outcome).toMatchObject({ kind: 'destination-broken', reason: 'credential' });
  });

  test('that never comes is tried again; only a change may then arrive twice and counts as ambiguous', async () => {
    pagerduty.answerWith(() => ({ kind: 'hang', after: true }));
    const hasty = destination({ timeoutMs: 40 });
    expect(await send({}, hasty)).toMatchObject({ kind: 'retry', reason: 'timeout' });
    expect(await send({ change: true }, hasty)).toMatchObject({ kind: 'ambiguous', reason: 'timeout' });
  });

  test('that cannot come, since nothing listens, is a retry for changes too', async () => {
    const closed = await startPagerDutyStandIn();
    await closed.close();
    expect(await send({ change: true }, destination({}, closed.url))).toMatchObject({ kind: 'retry', reason: 'network' });
  });

  test('of a sign-in page is not taken for success', async () => {
    pagerduty.answerWith(() => ({ kind: 'html' }));
    expect(await send()).toMatchObject({ kind: 'retry', reason: 'unknown-answer' });
    expect(await send({ change: true })).toMatchObject({ kind: 'ambiguous', reason: 'unknown-answer' });
  });
});

test('the routing key shows nowhere but in the request', async () => {
  const oncall = destination();
  const preview = oncall.preview(delivery());
  expect(preview.body).toMatchObject({ routing_key: '…BCD1' });
  pagerduty.answerWith((_, count) => ({
    kind: 'error',
    code: count === 1 ? `unknown routing key ${routingKey}` : `no ${routingKey}`,
  }));
  const outcomes = [await send(), await send()];
  expect(JSON.stringify([preview, oncall, outcomes])).not.toContain(routingKey);
});

test('the preview is what is sent, but for the key', async () => {
  await send();
  expect(destination().preview(delivery()).body).toEqual({ ...pagerduty.events[0], routing_key: '…BCD1' });
});

test('two names for one key share its pace', () => {
  expect(destination({ name: 'a' }).paceKey).toBe(destination({ name: 'b' }).paceKey);
  expect(destination().paceKey).not.toBe(destination({ routingKey: 'FAKE0OTHER0KEY00000000000000WXYZ' }).paceKey);
  expect(destination().pace).toEqual({ perSecond: 2, burst: 20 });
  expect(destination({ pace: { perSecond: 1, burst: 1 } }).pace).toEqual({ perSecond: 1, burst: 1 });
});

test.each([
  ['us', 'https://events.pagerduty.com/v2/enqueue'],
  ['eu', 'https://events.eu.pagerduty.com/v2/enqueue'],
] as const)('events of the %s region go to its own host', async (region, expected) => {
  const urls: string[] = [];
  const recording = async (url: unknown) => {
    urls.push(String(url));
    return new Response('{}', { status: 202 });
  };
  const config = { name: 'oncall', routingKey, region, fallback: null, pace: null };
  await createPagerDutyDestination(config, { fetch: recording, clock, hash: nodeHash, render }).send(delivery(), noSignal);
  expect(urls).toEqual([expected]);
});

test('the demo draws what is resolved by what it was about, or by its key', async () => {
  const options = { width: 60, color: false };
  const resolve = { event_action: 'resolve' as const, dedup_key: 'narrative/materialize-view/10744' };
  expect(renderPagerDutyEvent(resolve, options).split('\n')).toEqual([
    expect.stringMatching(/^┏━ PagerDuty · resolved ━+$/),
    '┃ narrative/materialize-view/10744',
    '┗━',
  ]);
  await send();
  const drawn = renderPagerDutyEvent({ ...resolve, payload: pagerduty.alerts()[0]!.last.payload }, options);
  expect(drawn).toContain('┃ datasets_deliver_data failed');
  expect(drawn).not.toContain('Job id');
});

test('the demo draws an event within the width that it is given', async () => {
  await send({ content: failedWith(`no room ${'for this very long message '.repeat(30)}`) });
  const drawn = renderPagerDutyEvent(pagerduty.events[0]!, { width: 60, color: false });
  expect(drawn).toContain('PagerDuty · CRITICAL');
  expect(drawn).toContain('more lines');
  const links = /https?:/;
  const tooWide = drawn.split('\n').filter((line) => line.length > 60 && !links.test(line));
  expect(tooWide).toEqual([]);
  expect(renderPagerDutyEvent(pagerduty.events[0]!, { width: 60, color: true })).toContain('\u001b[');
});
