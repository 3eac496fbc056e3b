/** The news of an incident in Slack when its message can't be edited: told all the same, and by whom it is noticed. */
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/demo/faults.ts';
import type { Outgoing } from '../../src/destination/destination.ts';
import { incident, recovered } from './example-delivery.ts';
import { count, createSlackStage, ended, isReply, mention, recover, remind } from './slack-incident-stage.ts';

const stage = createSlackStage();
const { send, opened, shown, failing } = stage;

describe('an edit that the channel refuses', () => {
  const refusals = ['is_archived', 'channel_not_found', 'not_in_channel', 'restricted_action_read_only_channel'];

  test.each(refusals)('(%s) breaks no destination that takes posts: a fresh message follows', async (code) => {
    const root = await opened();
    failing('chat.update', { kind: 'error', code });
    for (const news of [remind(root), recover(root)]) {
      expect(await send(news)).toMatchObject({
        kind: 'delivered',
        detail: expect.stringMatching(`^posted to Slack; the message of the incident was not edited: Slack said ${code}`),
        receipt: { root: expect.any(String) },
      });
    }
    expect(shown()).toHaveLength(3);
  });

  test('is for a count no reason to notice anything: it goes to the thread, or nowhere at the end', async () => {
    const root = await opened();
    failing('chat.update', { kind: 'error', code: 'is_archived' });
    expect(await send(count(root))).toMatchObject({ kind: 'delivered', detail: expect.stringContaining('is_archived') });
    expect(await send(ended(root))).toMatchObject({
      kind: 'delivered',
      detail: expect.stringMatching(/^nothing to edit: Slack said/),
    });
    expect(shown()).toMatchObject([{ edited: false, replies: [{}] }]);
  });

  test.each(['remind', 'count'])('breaks the destination where the post of a %s is refused as well', async (act) => {
    const root = await opened();
    stage.slack.answerWith(() => ({ kind: 'error', code: 'is_archived' }));
    const outcome = await send(act === 'count' ? count(root) : remind(root));
    expect(outcome).toMatchObject({ kind: 'destination-broken', reason: 'channel' });
  });
});

describe('the news is not lost to an edit that fails', () => {
  const refusals = ['invalid_arguments', 'msg_too_long', 'moon_in_the_way'];
  const acts = { remind, recover, open: (root: Outgoing['root']) => ({ ...remind(root), incident: incident() }), count };
  const news = Object.entries(acts);

  test.each(refusals)('as %s: it is told in the thread, and says so', async (code) => {
    const root = await opened();
    failing('chat.update', { kind: 'error', code });
    for (const [, told] of news) {
      expect(await send(told(root))).toMatchObject({ kind: 'delivered', detail: expect.stringContaining(code) });
    }
    expect(shown()).toMatchObject([{ edited: false, replies: [{}, {}, {}, {}] }]);
  });

  test.each(refusals)('nor to a reply that is refused, too, with %s: it begins a message of its own', async (code) => {
    const root = await opened();
    stage.slack.answerWith((_n, request) =>
      request.method === 'chat.update' || isReply(request) ? { kind: 'error', code } : null,
    );
    expect(await send(remind(root))).toMatchObject({
      kind: 'delivered',
      detail: expect.stringMatching(/not edited: Slack .*; its thread took no reply: Slack /),
      receipt: { root: expect.any(String) },
    });
    expect(shown()).toHaveLength(2);
    expect(shown()[1]!.text).toContain(mention);
  });

  const passing: Fault[] = [
    { kind: 'error', code: 'update_failed' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 429 },
    { kind: 'reset' },
  ];

  test.each(passing)('for now (%o): it waits for three attempts, and is told with the fourth', async (fault) => {
    const root = await opened();
    failing('chat.update', fault);
    for (const [, told] of news) {
      expect(await send({ ...told(root), attempt: 3 })).toMatchObject({ kind: 'retry' });
    }
    expect(shown()[0]!.replies).toEqual([]);
    for (const [, told] of news) {
      expect(await send({ ...told(root), attempt: 4 })).toMatchObject({ kind: 'delivered' });
    }
    expect(shown()).toMatchObject([{ edited: false, replies: [{}, {}, {}, {}] }]);
  });

  test('nor is there a fresh message for a token that is refused, however often', async () => {
    const root = await opened();
    failing('chat.update', { kind: 'error', code: 'token_revoked' });
    expect(await send({ ...remind(root), attempt: 9 })).toMatchObject({ kind: 'destination-broken', reason: 'credential' });
    expect(shown()).toMatchObject([{ replies: [] }]);
  });

  test('while an end that is only counted is edited for longer, since nothing else tells it, and then lets the next news pass', async () => {
    const root = await opened();
    failing('chat.update', { kind: 'error', code: 'update_failed' });
    expect(await send({ ...ended(root), attempt: 11 })).toMatchObject({ kind: 'retry' });
    expect(await send({ ...ended(root), attempt: 12 })).toMatchObject({
      kind: 'delivered',
      detail: expect.stringMatching(/^not edited in 12 attempts/),
    });
    expect(shown()).toMatchObject([{ edited: false, replies: [] }]);
  });
});

describe('a rule’s own text', () => {
  const text = `${mention} see the runbook`;
  const blocksOf = (replies: { blocks: unknown }[]) => replies.map(({ blocks }) => JSON.stringify(blocks));

  test('is in the blocks of a reply that is to be noticed, and in no other, where it would call people', async () => {
    const root = await opened();
    const own = { owners: [], message: { text } };
    for (const told of [remind(root), { ...remind(root), incident: incident() }, count(root), recover(root)]) {
      await send({ ...told, ...own });
    }
    const { replies } = shown()[0]!;
    expect(blocksOf(replies).map((blocks) => blocks.includes(text))).toEqual([true, true, false, false]);
    expect(replies.map((reply) => reply.text.includes(mention))).toEqual([true, true, false, false]);
  });

  test('is no more in the reply about what was over before it could be told', async () => {
    const root = await opened();
    await send({ root, owners: [], message: { text }, incident: recovered({ act: 'open' }) });
    expect(blocksOf(shown()[0]!.replies)[0]).not.toContain(mention);
  });
});
