/** A post that may have arrived: looked for by its metadata before it is made again. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../src/demo/faults.ts';
import { startSlackStandIn, type SlackRequest, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import type { Destination, Outgoing } from '../../src/destination/destination.ts';
import { createSlackDestination } from '../../src/destination/slack.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { delivery, incident, noSignal } from './example-delivery.ts';

const channel = 'C0123ABCD';
const scopes = ['chat:write', 'channels:history'];
const { render } = createTemplates();
let slack: SlackStandIn;
let asked: SlackRequest[];

/** The stand-in's times are those of the machine. */
const clock = { now: () => Date.now() };

async function start(options: Parameters<typeof startSlackStandIn>[0]): Promise<void> {
  slack = await startSlackStandIn(options);
  during(() => null);
}

/** Notes each request; `fault` decides about it. */
function during(fault: (request: SlackRequest) => Fault | null): void {
  asked = [];
  slack.answerWith((_n, request) => {
    asked.push(request);
    return fault(request);
  });
}

const methods = () => asked.map(({ method }) => method);
const isPost = ({ method }: SlackRequest) => method === 'chat.postMessage';
const isLookup = ({ method }: SlackRequest) => method.startsWith('conversations.');

beforeEach(() => start({ scopes }));
afterEach(async () => {
  await slack.close();
  if (slack.problems.length > 0) throw new Error(slack.problems.join('\n'));
});

function destination(): Destination {
  const config = { name: 'data-eng', fallback: null, pace: null, token: 'xoxb-fake-token-for-tests', channel, timeoutMs: 500 };
  return createSlackDestination(config, { fetch, clock, render, apiUrl: slack.url });
}

const send = (changes: Partial<Outgoing>, to = destination()) => to.send(delivery(changes), noSignal);
const unsure = (changes: Partial<Outgoing> = {}): Partial<Outgoing> => ({ attempt: 2, unsureSinceMs: Date.now(), ...changes });

/** A first attempt whose answer got lost. */
async function lost(fault: Fault, changes: Partial<Outgoing> = {}): Promise<void> {
  during((request) => (isPost(request) ? fault : null));
  expect(await send(changes)).toMatchObject({ kind: 'ambiguous' });
  during(() => null);
}

/** What people say meanwhile. */
async function chatter(messages: number): Promise<void> {
  const headers = { authorization: 'Bearer xoxb-fake-token-of-people', 'content-type': 'application/json' };
  const body = JSON.stringify({ channel, text: 'and then? '.repeat(250), unfurl_links: false, unfurl_media: false });
  for (let n = 0; n < messages; n++) await fetch(`${slack.url}chat.postMessage`, { method: 'POST', headers, body });
  during(() => null);
}

const arrived: Fault = { kind: 'reset', after: true };
const never: Fault = { kind: 'reset' };

describe('a message of which nobody knows whether it arrived', () => {
  test('is not posted again when it is there', async () => {
    await lost(arrived);
    expect(await send(unsure())).toEqual({
      kind: 'delivered',
      detail: 'found in Slack: an earlier attempt had posted it',
      receipt: { channel, ts: slack.channel(channel)[0]!.ts },
    });
    expect(methods()).toEqual(['conversations.history']);
    expect(slack.channel(channel)).toHaveLength(1);
  });

  test('is posted when it is not', async () => {
    await lost(never);
    expect(await send(unsure())).toMatchObject({ kind: 'delivered', detail: 'posted to Slack' });
    expect(methods()).toEqual(['conversations.history', 'chat.postMessage']);
    expect(slack.channel(channel)).toHaveLength(1);
  });

  test('is not mistaken for another’s', async () => {
    await send({ deliveryId: 'dlv_10' });
    await lost(never);
    expect(await send(unsure())).toMatchObject({ detail: 'posted to Slack' });
  });

  test('is an incident’s first message then too, to be edited later', async () => {
    await lost(arrived, { incident: incident() });
    const { ts } = slack.channel(channel)[0]!;
    expect(await send(unsure({ incident: incident() }))).toMatchObject({
      receipt: { root: ts, ts, channel, configured: channel },
    });
  });

  test('is found among many others, page by page', async () => {
    await lost(arrived);
    await chatter(230);
    expect(await send(unsure())).toMatchObject({ detail: expect.stringContaining('found') });
    expect(methods()).toEqual(['conversations.history', 'conversations.history', 'conversations.history']);
  });

  test('is posted again when so many came since that the search ends', async () => {
    await lost(arrived);
    await chatter(410);
    expect(await send(unsure())).toMatchObject({ detail: expect.stringContaining('may be there twice: not among') });
    expect(methods()).toHaveLength(5);
  });

  test('is looked for from a little before the attempt, since clocks differ, and no further back', async () => {
    await lost(arrived);
    expect(await send(unsure({ unsureSinceMs: Date.now() + 4 * 60_000 }))).toMatchObject({
      detail: expect.stringContaining('found'),
    });
    expect(await send(unsure({ unsureSinceMs: Date.now() + 6 * 60_000 }))).toMatchObject({ detail: 'posted to Slack' });
  });

  test('is not looked for at all when no attempt is in doubt', async () => {
    await send({ attempt: 2 });
    expect(methods()).toEqual(['chat.postMessage']);
  });
});

describe('a reply', () => {
  async function opened(): Promise<Record<string, string>> {
    const outcome = await send({ deliveryId: 'dlv_0', incident: incident() });
    return (outcome as { receipt: Record<string, string> }).receipt;
  }
  const remind = (root: Record<string, string>) => ({ root, incident: incident({ act: 'remind', failures: 2 }) });

  test('is looked for in its thread', async () => {
    const root = await opened();
    await lost(arrived, remind(root));
    expect(await send(unsure(remind(root)))).toMatchObject({ kind: 'delivered', detail: expect.stringContaining('found') });
    expect(methods()).toEqual(['chat.update', 'conversations.replies']);
    expect(slack.channel(channel)[0]!.replies).toHaveLength(1);
  });

  test('that did not arrive is posted there', async () => {
    const root = await opened();
    await lost(never, remind(root));
    expect(await send(unsure(remind(root)))).toMatchObject({ detail: 'posted to Slack' });
    expect(slack.channel(channel)[0]!.replies).toHaveLength(1);
  });

  test('whose thread is gone is looked for in the channel, where the first attempt would have put it', async () => {
    const root = await opened();
    slack.remove(channel, root.ts!);
    await lost(arrived, remind(root));
    const [fresh] = slack.channel(channel);
    expect(await send(unsure(remind(root)))).toMatchObject({ receipt: { root: fresh!.ts } });
    expect(methods()).toEqual(['chat.update', 'conversations.history']);
    expect(slack.channel(channel)).toHaveLength(1);
  });

  test('whose thread goes while it is looked for begins a message of its own', async () => {
    const root = await opened();
    await lost(never, remind(root));
    during(({ method }) => {
      if (method === 'conversations.replies') slack.remove(channel, root.ts!);
      return null;
    });
    expect(await send(unsure(remind(root)))).toMatchObject({
      detail: 'posted to Slack; its thread took no reply: Slack said thread_not_found',
      receipt: { root: expect.any(String) },
    });
    expect(methods()).toEqual([
      'chat.update',
      'conversations.replies',
      'chat.postMessage',
      'conversations.history',
      'chat.postMessage',
    ]);
  });
});

describe('a token that may not read', () => {
  test('posts again, says why it may be there twice, and asks only once', async () => {
    await slack.close();
    await start({});
    const to = destination();
    expect(await send(unsure(), to)).toMatchObject({
      kind: 'delivered',
      detail: "posted to Slack; it may be there twice: the token can't read the channel's history (missing_scope)",
    });
    expect(await send(unsure(), to)).toMatchObject({ kind: 'delivered', detail: expect.stringContaining('missing_scope') });
    expect(methods()).toEqual(['conversations.history', 'chat.postMessage', 'chat.postMessage']);
  });

  test.each(['not_in_channel', 'not_allowed_token_type', 'channel_not_found'])(
    'here (%s) posts, and asks again',
    async (code) => {
      during((request) => (isLookup(request) ? { kind: 'error', code } : null));
      const to = destination();
      expect(await send(unsure(), to)).toMatchObject({ kind: 'delivered', detail: expect.stringContaining(code) });
      await send(unsure(), to);
      expect(methods().filter((method) => method === 'conversations.history')).toHaveLength(2);
    },
  );
});

describe('a lookup that fails', () => {
  const cases: [string, Fault, object][] = [
    ['429', { kind: 'status', status: 429, headers: { 'retry-after': '20' } }, { reason: 'rate-limited', afterMs: 20_000 }],
    ['ratelimited', { kind: 'error', code: 'ratelimited' }, { reason: 'rate-limited' }],
    ['500', { kind: 'status', status: 500 }, { reason: 'server-error' }],
    ['internal_error', { kind: 'error', code: 'internal_error' }, { reason: 'server-error' }],
    ['a broken connection', { kind: 'reset' }, { reason: 'network' }],
    ['a time-out', { kind: 'hang' }, { reason: 'timeout' }],
    ['an answer that breaks off', { kind: 'status', status: 200, body: '{"ok":true,"messages":[{"ts' }, { reason: 'network' }],
    ['a sign-in page', { kind: 'html' }, { reason: 'service-unavailable' }],
  ];

  test.each(cases)('(%s) posts nothing and is tried again', async (_name, fault, expected) => {
    during((request) => (isLookup(request) ? fault : null));
    expect(await send(unsure())).toMatchObject({
      kind: 'retry',
      detail: expect.stringMatching(/^looking for the message: /),
      ...expected,
    });
    expect(slack.messages).toEqual([]);
  });
});
