import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../src/demo/faults.ts';
import { startSlackStandIn, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import type { AttemptOutcome, Destination } from '../../src/destination/destination.ts';
import { createSlackDestination, type SlackConfig } from '../../src/destination/slack.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { clock, delivery, noSignal, notice, nowMs } from './example-delivery.ts';
import { changedJob, fixtureEvent } from './example-events.ts';

const token = 'xoxb-fake-token-for-tests';
const { render } = createTemplates();
let slack: SlackStandIn;

beforeEach(async () => {
  slack = await startSlackStandIn();
});
afterEach(() => slack.close());

function destination(config: Partial<SlackConfig> = {}, apiUrl = slack.url): Destination {
  const complete = { name: 'data-eng', fallback: null, pace: null, token, channel: 'C0123ABCD', ...config } as SlackConfig;
  return createSlackDestination(complete, { fetch, clock, render, apiUrl });
}

function webhook(url = slack.webhookUrl('triage')): Destination {
  return createSlackDestination({ name: 'triage', fallback: null, pace: null, webhookUrl: url }, { fetch, clock, render });
}

/** The outcome of one send while Slack behaves like this. */
async function sendDuring(fault: Fault, to = destination()): Promise<AttemptOutcome> {
  slack.answerWith(() => fault);
  return to.send(delivery(), noSignal);
}

describe('a message by bot token', () => {
  test('arrives whole, once, clean, with a receipt for later edits', async () => {
    const outcome = await destination().send(delivery({ content: fixtureEvent('job-failed-kb') }), noSignal);
    expect(slack.problems).toEqual([]);
    expect(slack.messages).toHaveLength(1);
    const [message] = slack.messages;
    expect(message).toMatchObject({ kind: 'post', channel: 'C0123ABCD', metadata: { event_payload: { delivery_id: 'dlv_1' } } });
    expect(message?.metadata?.event_type).toBe('narrative_relay_delivery');
    expect(outcome).toEqual({ kind: 'delivered', detail: 'posted to Slack', receipt: { channel: 'C0123ABCD', ts: message?.ts } });
  });

  test('arrives for any text at all, and for the relay’s own notices', async () => {
    const hostile = '<!channel> & \0 \u202e \ud83d `*_ '.repeat(20_000);
    for (const content of [changedJob({ type: hostile, failures: [{ message: hostile, value: hostile }] }), notice]) {
      expect(await destination().send(delivery({ content }), noSignal)).toMatchObject({ kind: 'delivered' });
    }
    expect(slack.problems).toEqual([]);
  });

  test('is previewed as it is sent, without the token', async () => {
    const { format, body, problems } = destination().preview(delivery());
    expect({ format, problems }).toEqual({ format: 'slack', problems: [] });
    expect(body).toMatchObject({ channel: 'C0123ABCD', unfurl_links: false, unfurl_media: false });
    expect(JSON.stringify(body)).not.toContain(token);
    await destination().send(delivery(), noSignal);
    expect((body as { blocks: object[] }).blocks).toEqual(slack.messages[0]?.blocks);
  });

  test('reports template errors in the preview and sends all the same', async () => {
    const outgoing = delivery({ message: { title: '{{ job.type | nosuch }}' } });
    expect(destination().preview(outgoing).problems).toEqual([
      expect.stringContaining('template error in rule deliveries-page (title)'),
    ]);
    expect(await destination().send(outgoing, noSignal)).toMatchObject({ kind: 'delivered' });
    expect(JSON.stringify(slack.messages[0]?.blocks)).toContain('template error in rule deliveries-page');
  });
});

describe('what Slack’s answers mean', () => {
  const cases: [string, Fault, Partial<AttemptOutcome>][] = [
    [
      '429 with Retry-After',
      { kind: 'status', status: 429, headers: { 'retry-after': '30' } },
      { kind: 'retry', reason: 'rate-limited', afterMs: 30_000 },
    ],
    ['ratelimited in a body', { kind: 'error', code: 'ratelimited' }, { kind: 'retry', reason: 'rate-limited' }],
    [
      'a quota that is used up',
      { kind: 'error', code: 'message_limit_exceeded' },
      { kind: 'retry', reason: 'rate-limited', afterMs: 300_000 },
    ],
    ['500', { kind: 'status', status: 500, body: 'oops' }, { kind: 'retry', reason: 'server-error' }],
    [
      '503 with Retry-After',
      { kind: 'status', status: 503, headers: { 'retry-after': '7' } },
      { kind: 'retry', reason: 'service-unavailable', afterMs: 7_000 },
    ],
    ['service_unavailable', { kind: 'error', code: 'service_unavailable' }, { kind: 'retry', reason: 'service-unavailable' }],
    ['an HTML page at 200', { kind: 'html' }, { kind: 'retry', reason: 'service-unavailable' }],
    [
      'a redirect',
      { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1:9/' } },
      { kind: 'retry', reason: 'unknown-answer' },
    ],
    ['a code that nobody knows', { kind: 'error', code: 'moon_in_the_way' }, { kind: 'retry', reason: 'unknown-answer' }],
    ['internal_error', { kind: 'error', code: 'internal_error' }, { kind: 'ambiguous', reason: 'server-error' }],
    [
      'fatal_error with a 500',
      { kind: 'status', status: 500, body: '{"ok":false,"error":"fatal_error"}' },
      { kind: 'ambiguous', reason: 'server-error' },
    ],
    ['a connection reset after the send', { kind: 'reset' }, { kind: 'ambiguous', reason: 'network' }],
    ['an answer cut off', { kind: 'status', status: 200, body: '{"ok":fal' }, { kind: 'ambiguous', reason: 'network' }],
    ['a refused token', { kind: 'error', code: 'token_revoked' }, { kind: 'destination-broken', reason: 'credential' }],
    ['a missing channel', { kind: 'error', code: 'channel_not_found' }, { kind: 'destination-broken', reason: 'channel' }],
    [
      'a restricted channel',
      { kind: 'error', code: 'restricted_action_read_only_channel' },
      { kind: 'destination-broken', reason: 'channel' },
    ],
  ];

  test.each(cases)('%s', async (_name, fault, expected) => {
    const outcome = await sendDuring(fault);
    expect(outcome).toMatchObject(expected);
    expect('afterMs' in outcome).toBe('afterMs' in expected);
    expect(slack.requests).toBe(1);
    expect((outcome as { detail: string }).detail).not.toContain(token);
  });

  test('429 without Retry-After leaves the delay to the outbox', async () => {
    expect(await sendDuring({ kind: 'status', status: 429 })).toEqual({
      kind: 'retry',
      reason: 'rate-limited',
      detail: 'Slack answered 429: too many messages',
    });
  });

  test('a Retry-After that is a date counts from now', async () => {
    const headers = { 'retry-after': new Date(nowMs + 90_000).toUTCString() };
    expect(await sendDuring({ kind: 'status', status: 429, headers })).toMatchObject({ afterMs: 90_000 });
  });

  test('an answer that is longer than what is read of it still counts', async () => {
    const body = `{"ok":true,"channel":"C1","message":{"text":"${'x'.repeat(100_000)}"}}`;
    expect(await sendDuring({ kind: 'status', status: 200, body })).toMatchObject({ kind: 'delivered' });
  });

  test('a missing scope is named', async () => {
    const body = '{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"incoming-webhook"}';
    expect(await sendDuring({ kind: 'status', status: 200, body })).toEqual({
      kind: 'destination-broken',
      reason: 'credential',
      detail:
        'Slack said missing_scope (needs chat:write; has incoming-webhook): add the scope to the Slack app and reinstall it',
    });
  });

  test('a token that Slack does not know breaks the destination', async () => {
    expect(await destination({ token: 'nonsense' }).send(delivery(), noSignal)).toMatchObject({
      kind: 'destination-broken',
      reason: 'credential',
    });
  });
});

describe('a message that Slack refuses', () => {
  test('is posted as plain text at once', async () => {
    slack.answerWith((n) => (n === 1 ? { kind: 'error', code: 'invalid_blocks' } : null));
    const outcome = await destination().send(delivery(), noSignal);
    expect(outcome).toMatchObject({
      kind: 'delivered',
      detail: expect.stringContaining('as plain text, because Slack refused the blocks (invalid_blocks)'),
    });
    expect(slack.messages).toMatchObject([{ blocks: [], text: expect.stringContaining('Dataset: 10736') }]);
    expect(slack.problems).toEqual([]);
  });

  test('is posted without metadata when it is the metadata', async () => {
    slack.answerWith((n) => (n === 1 ? { kind: 'error', code: 'metadata_too_large' } : null));
    expect(await destination().send(delivery(), noSignal)).toMatchObject({ kind: 'delivered' });
    expect(slack.messages[0]?.metadata).toBeNull();
  });

  test('twice is rejected, with both reasons', async () => {
    slack.answerWith((n) => ({ kind: 'error', code: n === 1 ? 'invalid_blocks' : 'msg_too_long' }));
    const outcome = await destination().send(delivery(), noSignal);
    expect(outcome).toMatchObject({
      kind: 'rejected',
      reason: 'payload',
      detail: expect.stringMatching(/invalid_blocks.*msg_too_long/),
    });
    expect(slack.requests).toBe(2);
  });

  test('and whose plain form meets another trouble is tried again later', async () => {
    slack.answerWith((n) =>
      n === 1 ? { kind: 'error', code: 'invalid_blocks' } : { kind: 'status', status: 429, headers: { 'retry-after': '3' } },
    );
    expect(await destination().send(delivery(), noSignal)).toMatchObject({
      kind: 'retry',
      reason: 'rate-limited',
      afterMs: 3_000,
    });
  });
});

describe('when there is no answer', () => {
  test('a refused connection was surely not sent', async () => {
    const closed = slack.url;
    await slack.close();
    const outcome = await destination({}, closed).send(delivery(), noSignal);
    expect(outcome).toMatchObject({ kind: 'retry', reason: 'network', detail: expect.stringContaining('ECONNREFUSED') });
    slack = await startSlackStandIn();
  });

  test('a time-out may have been posted', async () => {
    const outcome = await sendDuring({ kind: 'hang', after: true }, destination({ timeoutMs: 150 }));
    expect(outcome).toMatchObject({ kind: 'ambiguous', reason: 'timeout' });
    expect(slack.messages).toHaveLength(1);
  });

  test('stopping the relay ends the request', async () => {
    const stopping = new AbortController();
    slack.answerWith(() => {
      queueMicrotask(() => stopping.abort());
      return { kind: 'hang' };
    });
    expect(await destination().send(delivery(), stopping.signal)).toMatchObject({ kind: 'ambiguous', reason: 'network' });
    expect(await destination().send(delivery(), stopping.signal)).toMatchObject({ kind: 'retry', reason: 'network' });
    expect(slack.requests).toBe(1);
  });
});

describe('an incoming webhook', () => {
  test('takes the same message', async () => {
    expect(await webhook().send(delivery({ content: fixtureEvent('app-failed') }), noSignal)).toMatchObject({
      kind: 'delivered',
    });
    expect(slack.messages).toMatchObject([
      { kind: 'webhook', channel: '#triage', text: expect.stringContaining('Facebook audience delivery failed') },
    ]);
    expect(slack.problems).toEqual([]);
  });

  const cases: [number, string, Partial<AttemptOutcome>][] = [
    [404, 'channel_not_found', { kind: 'destination-broken', reason: 'channel' }],
    [410, 'channel_is_archived', { kind: 'destination-broken', reason: 'channel' }],
    [403, 'action_prohibited', { kind: 'destination-broken', reason: 'channel' }],
    [403, 'invalid_token', { kind: 'destination-broken', reason: 'credential' }],
    [404, 'no_service', { kind: 'destination-broken', reason: 'credential' }],
    [500, 'rollup_error', { kind: 'retry', reason: 'server-error' }],
    [500, 'something_else', { kind: 'retry', reason: 'server-error' }],
    [400, 'invalid_payload', { kind: 'rejected', reason: 'payload' }],
    [200, '<html>Sign in</html>', { kind: 'retry', reason: 'service-unavailable' }],
    [400, 'moon_in_the_way', { kind: 'retry', reason: 'unknown-answer' }],
  ];

  test.each(cases)('understands %i %s', async (status, body, expected) => {
    const outcome = await sendDuring({ kind: 'status', status, body }, webhook());
    expect(outcome).toMatchObject(expected);
  });

  test('keeps Slack’s Retry-After', async () => {
    const fault: Fault = { kind: 'status', status: 429, headers: { 'retry-after': '12' } };
    expect(await sendDuring(fault, webhook())).toMatchObject({ kind: 'retry', reason: 'rate-limited', afterMs: 12_000 });
  });

  test('never shows its URL: not in details, keys or previews', async () => {
    const url = slack.webhookUrl('T000-secret-path');
    const secret = webhook(url);
    expect(secret.paceKey).toBe('slack:webhook:triage');
    expect(JSON.stringify(secret.preview(delivery()))).not.toContain('secret-path');
    expect(JSON.stringify(await sendDuring({ kind: 'reset' }, secret))).not.toContain('secret-path');
    const broken = webhook('http://127.0.0.1:1/services/T000-secret-path');
    expect(JSON.stringify(await broken.send(delivery(), noSignal))).not.toContain('secret-path');
  });

  test('does not follow a redirect', async () => {
    let followed = 0;
    const elsewhere = createServer((_request, response) => void (followed++, response.end('ok')));
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as { port: number };
    const fault: Fault = { kind: 'status', status: 307, headers: { location: `http://127.0.0.1:${port}/` } };
    expect(await sendDuring(fault, webhook())).toMatchObject({ kind: 'retry', reason: 'unknown-answer' });
    expect(followed).toBe(0);
    await new Promise((resolve) => elsewhere.close(resolve));
  });
});

test('two names for one channel share a budget of 1 a second, bursts of 5, unless told otherwise', () => {
  const [one, two] = [destination({ name: 'one' }), destination({ name: 'two', pace: { perSecond: 10, burst: 10 } })];
  expect(one.paceKey).toBe(two.paceKey);
  expect(one.pace).toEqual({ perSecond: 1, burst: 5 });
  expect(two.pace).toEqual({ perSecond: 10, burst: 10 });
});
