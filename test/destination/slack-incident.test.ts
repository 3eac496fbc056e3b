/** One incident in one channel, over real HTTP: what the channel shows, and what each of Slack's refusals leads to. */
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/demo/faults.ts';
import type { Outgoing } from '../../src/destination/destination.ts';
import { createSlackDestination } from '../../src/destination/slack.ts';
import { clock, delivery, incident, recovered } from './example-delivery.ts';
import {
  channel,
  count,
  createSlackStage,
  ended,
  isReply,
  mention,
  owners,
  recover,
  remind,
  render,
} from './slack-incident-stage.ts';

const stage = createSlackStage();
const { destination, send, opened, shown, failing } = stage;
const methods = () => stage.slack.messages.map(({ kind, threadTs }) => (threadTs === null ? kind : 'reply'));

describe('an incident', () => {
  test('is one message, edited to what is so, with its history in the thread', async () => {
    const root = await opened();
    expect(root).toEqual({ root: root.ts, configured: channel, channel, ts: root.ts });
    expect(await send(remind(root))).toEqual({
      kind: 'delivered',
      detail: 'posted to Slack',
      receipt: { channel, ts: expect.any(String) },
      parts: ['edit', 'reply'],
    });
    expect(await send(recover(root))).toMatchObject({ kind: 'delivered' });
    const [message, ...others] = shown();
    expect(others).toEqual([]);
    expect(message).toMatchObject({ ts: root.ts, edited: true, text: expect.stringMatching(/^✅ .* recovered after 42 min/) });
    expect(message!.replies.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^🔴 .* failed · .* — Failing since 09:12 UTC · 2nd failure — Out of memory/),
      '✅ datasets_deliver_data recovered after 42 min · dataset 10736',
    ]);
    expect(methods()).toEqual(['post', 'update', 'reply', 'update', 'reply']);
  });

  test('calls its owners when it opens and when it reminds, and at no other time', async () => {
    const root = await opened();
    await send(remind(root));
    await send(count(root));
    await send(recover(root));
    const [message] = shown();
    // An edit notifies nobody; without the mention they would look in vain for why they were called.
    expect([message!, ...message!.replies].map(({ text }) => text.includes(mention))).toEqual([true, true, false, false]);
  });

  test('shows its end in the channel too where the rule asks for it, and nothing else there', async () => {
    const root = await opened();
    await send({ ...remind(root), broadcast: true });
    await send({ ...recover(root), broadcast: true });
    expect(shown()[0]!.replies.map(({ broadcast }) => broadcast)).toEqual([false, true]);
  });

  test('that was over before it could be told calls nobody any more, and says so', async () => {
    await send({ incident: recovered({ act: 'open' }), message: { title: 'BROKEN {{ job.type }}' } });
    expect(shown()).toHaveLength(1);
    expect(shown()[0]!.text).toMatch(/^🔴 BROKEN datasets_deliver_data — Recovered after 42 min · 3 failures — /);
    expect(shown()[0]!.text).not.toContain(mention);
  });

  test('that another rule opens later goes on in the same message', async () => {
    const root = await opened();
    expect(await send({ root, incident: incident() })).toMatchObject({ kind: 'delivered' });
    expect(shown().map(({ replies }) => replies.length)).toEqual([1]);
  });

  test('that was never told of here begins with its reminder, or its end, without calling anybody for the latter', async () => {
    expect(await send(remind(null))).toMatchObject({ receipt: { root: expect.any(String) } });
    expect(await send(recover(null))).toMatchObject({ receipt: { root: expect.any(String) } });
    expect(shown().map(({ text, replies }) => [text.includes(mention), replies.length])).toEqual([
      [true, 0],
      [false, 0],
    ]);
  });

  test('whose channel was changed in the rules goes on in the new one', async () => {
    const root = await opened();
    expect(await send(recover(root), destination('C0OTHER'))).toMatchObject({ receipt: { configured: 'C0OTHER' } });
    expect(stage.slack.channel('C0OTHER')).toHaveLength(1);
    expect(shown()[0]).toMatchObject({ edited: false, replies: [] });
  });

  test('is edited where Slack says that it is, whatever the channel is called in the rules', async () => {
    const root = { ...(await opened()), configured: '#data-eng' };
    expect(await send(remind(root), destination('#data-eng'))).toMatchObject({ kind: 'delivered' });
    expect(shown()[0]).toMatchObject({ edited: true, replies: [{}] });
  });

  test('without one, is no receipt to edit by', async () => {
    expect(await send({})).toEqual({ kind: 'delivered', detail: 'posted to Slack', receipt: { channel, ts: shown()[0]!.ts } });
  });
});

describe('a count', () => {
  test('edits, and replies without calling anybody', async () => {
    const root = await opened();
    expect(await send(count(root))).toMatchObject({ kind: 'delivered' });
    expect(shown()[0]).toMatchObject({ edited: true, text: expect.stringContaining('2nd failure'), replies: [{}] });
  });

  test('of the end only edits', async () => {
    const root = await opened();
    expect(await send(ended(root))).toMatchObject({ kind: 'delivered', detail: 'edited in Slack', parts: ['edit'] });
    expect(shown()[0]).toMatchObject({ text: expect.stringMatching(/^✅/), replies: [] });
  });

  test('without a message to edit asks nothing of Slack', async () => {
    expect(await send(count(null))).toEqual({ kind: 'delivered', detail: 'nothing to edit', parts: [] });
    expect(stage.slack.requests).toBe(0);
  });
});

describe('a message that can no longer be edited', () => {
  const refusals = ['message_not_found', 'cant_update_message', 'edit_window_closed', 'block_mismatch'];

  test.each(refusals)('(%s) is followed by a fresh one, which takes its place', async (code) => {
    const root = await opened();
    failing('chat.update', { kind: 'error', code });
    const outcome = await send(remind(root));
    const [, fresh] = shown();
    expect(outcome).toMatchObject({
      kind: 'delivered',
      receipt: { root: fresh!.ts, ts: fresh!.ts, configured: channel, channel },
      parts: ['post'],
    });
    expect(fresh!.text).toContain(mention);
    stage.slack.answerWith(null);
    await send(recover((outcome as { receipt: Record<string, string> }).receipt));
    expect(shown()[1]).toMatchObject({ edited: true, replies: [{}] });
  });

  test('because a person deleted it is followed by a fresh one even by a count, while it fails', async () => {
    const root = await opened();
    stage.slack.remove(channel, root.ts!);
    expect(await send(ended(root))).toMatchObject({ kind: 'delivered', detail: expect.stringContaining('message_not_found') });
    expect(shown()).toEqual([]);
    expect(await send(count(root))).toMatchObject({ kind: 'delivered', receipt: { root: expect.any(String) } });
    expect(shown()).toHaveLength(1);
    expect(shown()[0]!.text).not.toContain(mention);
  });

  test('but stands gets a count’s news in its thread: a fresh one for each would be what “repeat” is to prevent', async () => {
    const root = await opened();
    failing('chat.update', { kind: 'error', code: 'edit_window_closed' });
    expect(await send(count(root))).toMatchObject({ kind: 'delivered', parts: ['reply'] });
    expect(await send(ended(root))).toMatchObject({ kind: 'delivered', detail: expect.stringContaining('edit_window_closed') });
    expect(shown()).toMatchObject([{ edited: false, replies: [{}] }]);
    expect(shown()[0]!.replies).toHaveLength(1);
  });
});

describe('a thread that takes no reply', () => {
  const refusals = ['thread_not_found', 'cannot_reply_to_message', 'restricted_action_thread_locked'];

  test.each(refusals)('(%s) is followed by a fresh message, but not for a count', async (code) => {
    const root = await opened();
    failing('chat.postMessage', { kind: 'error', code }, isReply);
    expect(await send(count(root))).toMatchObject({ kind: 'delivered', detail: expect.stringContaining(code), parts: ['edit'] });
    expect(shown()).toHaveLength(1);
    expect(await send(recover(root))).toMatchObject({
      kind: 'delivered',
      receipt: { root: expect.any(String) },
      parts: ['edit', 'post'],
    });
    expect(shown()).toHaveLength(2);
  });
});

describe('what Slack’s answers to an edit mean', () => {
  const cases: [string, Fault, object][] = [
    [
      '429',
      { kind: 'status', status: 429, headers: { 'retry-after': '30' } },
      { kind: 'retry', reason: 'rate-limited', afterMs: 30_000 },
    ],
    ['500', { kind: 'status', status: 500 }, { kind: 'retry', reason: 'server-error' }],
    ['update_failed', { kind: 'error', code: 'update_failed' }, { kind: 'retry', reason: 'server-error' }],
    ['internal_error', { kind: 'error', code: 'internal_error' }, { kind: 'retry', reason: 'server-error' }],
    ['a connection that broke', { kind: 'reset', after: true }, { kind: 'retry', reason: 'network' }],
    ['a time-out', { kind: 'hang', after: true }, { kind: 'retry', reason: 'timeout' }],
    ['an answer cut off', { kind: 'status', status: 200, body: '{"ok":fal' }, { kind: 'retry', reason: 'network' }],
    ['a refused token', { kind: 'error', code: 'token_revoked' }, { kind: 'destination-broken', reason: 'credential' }],
  ];

  test.each(cases)('%s: never ambiguous, and no reply before it', async (_name, fault, expected) => {
    const root = await opened();
    failing('chat.update', fault);
    expect(await send(remind(root))).toMatchObject(expected);
    expect(shown()[0]!.replies).toEqual([]);
    stage.slack.answerWith(null);
    expect(await send({ ...remind(root), attempt: 2 })).toMatchObject({ kind: 'delivered' });
    expect(shown()[0]!.replies).toHaveLength(1);
  });

  test('blocks refused: edited as plain text, and so is the reply', async () => {
    const root = await opened();
    const edits: unknown[] = [];
    stage.slack.answerWith((_n, { method, fields }) => {
      if (method === 'chat.update') edits.push(fields.blocks);
      return Array.isArray(fields.blocks) && fields.blocks.length > 0 ? { kind: 'error', code: 'invalid_blocks' } : null;
    });
    expect(await send(remind(root))).toMatchObject({ kind: 'delivered', detail: expect.stringContaining('as plain text') });
    expect(shown()).toMatchObject([{ edited: true, blocks: [], replies: [{ blocks: [] }] }]);
    // Said outright: an edit that doesn't mention blocks can leave the old ones.
    expect(edits).toEqual([expect.arrayContaining([expect.anything()]), []]);
  });

  test('refused in every form, at the end of a count: rejected', async () => {
    const root = await opened();
    failing('chat.update', { kind: 'error', code: 'msg_too_long' });
    expect(await send(ended(root))).toMatchObject({ kind: 'rejected', reason: 'payload' });
  });

  test('a reply that may have arrived is ambiguous, one that surely has not is a retry', async () => {
    const root = await opened();
    failing('chat.postMessage', { kind: 'reset' });
    expect(await send(remind(root))).toMatchObject({ kind: 'ambiguous', reason: 'network' });
    failing('chat.postMessage', { kind: 'status', status: 429 });
    expect(await send(remind(root))).toMatchObject({ kind: 'retry', reason: 'rate-limited' });
  });
});

test('a preview shows the edit where there is a message to edit, else the post', async () => {
  const root = await opened();
  const preview = (changes: Partial<Outgoing>) =>
    destination().preview(delivery({ owners, ...changes })).body as Record<string, unknown>;
  expect(preview(remind(root))).toMatchObject({ channel, ts: root.ts, text: expect.stringContaining('2nd failure') });
  expect(preview(remind(null))).not.toHaveProperty('ts');
  expect(destination().preview(delivery({ owners, ...remind(root) })).reply).toMatchObject({ thread_ts: root.ts });
  expect(destination().preview(delivery({ owners, ...ended(root) }))).not.toHaveProperty('reply');
  expect(preview(remind(null))).toMatchObject({ channel, metadata: { event_payload: { delivery_id: 'dlv_2' } } });
});

describe('an incoming webhook', () => {
  const webhook = () =>
    createSlackDestination(
      { name: 'triage', fallback: null, pace: null, webhookUrl: stage.slack.webhookUrl('triage') },
      { fetch, clock, render },
    );

  test('posts plainly, calls when something is to be done, and has nothing to count with', async () => {
    for (const act of ['open', 'remind'] as const) await send({ incident: incident({ act }) }, webhook());
    expect(await send(recover(null), webhook())).toMatchObject({ kind: 'delivered' });
    expect(await send(count(null), webhook())).toMatchObject({ kind: 'delivered', detail: expect.stringContaining('not sent') });
    expect(stage.slack.messages.map(({ text }) => text.includes(mention))).toEqual([true, true, false]);
    expect(stage.slack.messages[2]!.text).toMatch(/^✅ .* recovered after 42 min/);
  });
});
