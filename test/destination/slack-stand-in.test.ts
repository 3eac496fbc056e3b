import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkSlackMessage } from '../../src/demo/slack-check.ts';
import { renderSlackMessage } from '../../src/terminal/slack.ts';
import { startSlackStandIn, type SlackStandIn } from '../../src/demo/slack-stand-in.ts';
import { composeAlert } from '../../src/destination/alert.ts';
import { slackEscape, slackMessage } from '../../src/destination/slack-message.ts';
import { createTemplates } from '../../src/rules/template.ts';
import { delivery } from './example-delivery.ts';
import { fixtureEvent } from './example-events.ts';

const silent = { unfurl_links: false, unfurl_media: false };
const section = (text: object) => ({ text: 'x', ...silent, blocks: [{ type: 'section', text }] });
const markup = (text: string) => section({ type: 'mrkdwn', text, verbatim: true });

describe('the check', () => {
  const field = { type: 'plain_text', text: 'x' };
  const refused: [string, object, string][] = [
    ['an empty text object', section({ type: 'plain_text', text: '' }), 'invalid_blocks'],
    ['a text object over 3000', section({ type: 'plain_text', text: 'x'.repeat(3_001) }), 'invalid_blocks'],
    [
      'a header over 150',
      { text: 'x', blocks: [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }] },
      'invalid_blocks',
    ],
    ['a header in mrkdwn', { text: 'x', blocks: [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }] }, 'invalid_blocks'],
    ['11 fields', { text: 'x', blocks: [{ type: 'section', fields: Array(11).fill(field) }] }, 'invalid_blocks'],
    [
      'a field over 2000',
      { text: 'x', blocks: [{ type: 'section', fields: [{ ...field, text: 'x'.repeat(2_001) }] }] },
      'invalid_blocks',
    ],
    ['11 context elements', { text: 'x', blocks: [{ type: 'context', elements: Array(11).fill(field) }] }, 'invalid_blocks'],
    ['51 blocks', { text: 'x', blocks: Array(51).fill({ type: 'divider' }) }, 'invalid_blocks'],
    ['an unknown block', { text: 'x', blocks: [{ type: 'marquee' }] }, 'invalid_blocks'],
    [
      'too much text in all',
      { text: 'x', blocks: Array(4).fill({ type: 'section', text: { ...field, text: 'x'.repeat(2_900) } }) },
      'msg_blocks_too_long',
    ],
    [
      'a link that is none',
      {
        text: 'x',
        blocks: [
          { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'link', url: 'javascript:x' }] }] },
        ],
      },
      'invalid_blocks',
    ],
    ['neither text nor blocks', {}, 'no_text'],
    ['a text over 4000', { text: 'x'.repeat(4_001) }, 'msg_too_long'],
    ['nested metadata', { text: 'x', metadata: { event_type: 'a', event_payload: { a: {} } } }, 'invalid_metadata_schema'],
  ];
  test.each(refused)('refuses %s', (_name, message, code) => {
    expect(checkSlackMessage({ ...silent, ...message }).error?.code).toBe(code);
  });

  const trapped: [string, object][] = [
    ['mrkdwn without verbatim', section({ type: 'mrkdwn', text: 'x' })],
    ['a mention', markup('<!channel>')],
    ['a mention of a person', markup('hi <@U123ABC>')],
    ['unknown markup', markup('List<String>')],
    ['a lone <', markup('a < b')],
    ['a bare &', markup('a & b')],
    ['a cut entity', markup('a &am')],
    ['a NUL', markup('a\0')],
    ['a bidi override', markup('a\u202eb')],
    ['a lone surrogate', markup('a\ud83d')],
    ['a mention in the top-level text', { ...silent, text: '<!here>' }],
    ['unfurling', { text: 'x' }],
    ['link_names', { ...silent, text: 'x', link_names: true }],
    ['a broadcast of what is no reply', { ...silent, text: 'x', reply_broadcast: true }],
  ];
  test.each(trapped)('sees the trap in %s', (_name, message) => {
    expect(checkSlackMessage(message as Record<string, unknown>)).toMatchObject({ error: null, traps: [expect.any(String)] });
  });

  test('lets good markup pass', () => {
    const good = '*a* &lt;b&gt; &amp; <https://example.com/x?a=1|label> <!date^1392734382^{date}|2014> 😀 שלום\u200f';
    expect(checkSlackMessage(markup(good))).toEqual({ error: null, traps: [] });
    expect(checkSlackMessage(markup('<!subteam^S0ABC>'), { mentions: 'allowed' }).traps).toEqual([]);
  });

  test('lets those mentions pass that are meant, and no other', () => {
    const { traps } = checkSlackMessage(markup('<!subteam^S0ABC|@data> <!channel>'), { mentions: ['<!subteam^S0ABC|@data>'] });
    expect(traps).toEqual([expect.stringContaining('mentions <!channel>')]);
  });

  test('knows that an edit has no unfurling', () => {
    expect(checkSlackMessage({ text: 'x' }, { request: 'edit' }).traps).toEqual([]);
  });
});

describe('the stand-in', () => {
  let slack: SlackStandIn;
  beforeEach(async () => {
    slack = await startSlackStandIn();
  });
  afterEach(() => slack.close());

  async function call(method: string, fields: object, token = 'xoxb-fake-token'): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' };
    const response = await fetch(slack.url + method, { method: 'POST', headers, body: JSON.stringify(fields) });
    return (await response.json()) as Record<string, unknown>;
  }

  test('gives each message a ts of its own, edits by it, and tells listeners', async () => {
    const heard: string[] = [];
    const stop = slack.on(({ kind, text }) => heard.push(`${kind} ${text}`));
    const first = await call('chat.postMessage', { channel: 'C1', text: 'one', ...silent });
    const second = await call('chat.postMessage', { channel: 'C1', text: 'two', ...silent });
    expect(Number(second.ts)).toBeGreaterThan(Number(first.ts));
    expect(await call('chat.update', { channel: 'C1', ts: first.ts, text: 'one, edited', ...silent })).toMatchObject({
      ok: true,
      ts: first.ts,
    });
    expect(await call('chat.update', { channel: 'C1', ts: '1.000001', text: 'x', ...silent })).toMatchObject({
      error: 'message_not_found',
    });
    stop();
    await call('chat.postMessage', { channel: 'C1', text: 'unheard', ...silent });
    expect(heard).toEqual(['post one', 'post two', 'update one, edited']);
    expect(slack.messages).toHaveLength(4);
  });

  test('shows what a channel shows now: edited messages and their threads', async () => {
    const { ts } = await call('chat.postMessage', { channel: 'C1', text: 'one', ...silent });
    await call('chat.postMessage', { channel: 'C1', text: 'a reply', thread_ts: ts, ...silent });
    await call('chat.postMessage', { channel: 'C1', text: 'over', thread_ts: ts, reply_broadcast: true, ...silent });
    await call('chat.postMessage', { channel: 'C2', text: 'elsewhere', ...silent });
    await call('chat.update', { channel: 'C1', ts, text: 'one, edited' });
    expect(slack.channel('C1')).toMatchObject([
      {
        ts,
        text: 'one, edited',
        edited: true,
        replies: [
          { text: 'a reply', edited: false, broadcast: false },
          { text: 'over', broadcast: true },
        ],
      },
    ]);
    expect(slack.messages.map(({ kind, threadTs, broadcast }) => [kind, threadTs, broadcast])).toEqual([
      ['post', null, false],
      ['post', ts, false],
      ['post', ts, true],
      ['post', null, false],
      ['update', null, false],
    ]);
    expect(slack.problems).toEqual([]);
  });

  test('knows no thread and no edit of what is not in that channel, or was deleted', async () => {
    const { ts } = await call('chat.postMessage', { channel: 'C1', text: 'one', ...silent });
    const reply = (channel: string, thread_ts: unknown) => call('chat.postMessage', { channel, text: 'x', thread_ts, ...silent });
    expect(await reply('C2', ts)).toEqual({ ok: false, error: 'thread_not_found' });
    expect(await call('chat.update', { channel: 'C2', ts, text: 'x' })).toEqual({ ok: false, error: 'message_not_found' });
    slack.remove('C1', ts as string);
    expect(await reply('C1', ts)).toMatchObject({ error: 'thread_not_found' });
    expect(slack.channel('C1')).toEqual([]);
  });

  test('lets a token read only with the scope for it, and metadata only when asked for', async () => {
    expect(await call('conversations.history', { channel: 'C1' })).toEqual({
      ok: false,
      error: 'missing_scope',
      needed: 'channels:history',
      provided: 'chat:write,chat:write.public',
    });
    await slack.close();
    slack = await startSlackStandIn({ scopes: ['chat:write', 'groups:history'] });
    const metadata = { event_type: 'a', event_payload: { delivery_id: 'dlv_1' } };
    const { ts } = await call('chat.postMessage', { channel: 'C1', text: 'one', metadata, ...silent });
    await call('chat.postMessage', { channel: 'C1', text: 'two', thread_ts: ts, ...silent });
    await call('chat.postMessage', { channel: 'C1', text: 'three', ...silent });
    const texts = async (method: string, fields: object) =>
      ((await call(method, { channel: 'C1', ...fields })).messages as { text: string }[]).map(({ text }) => text);
    expect(await texts('conversations.history', {})).toEqual(['three', 'one']);
    expect(await texts('conversations.history', { oldest: ts })).toEqual(['three']);
    expect(await texts('conversations.replies', { ts })).toEqual(['one', 'two']);
    expect(await call('conversations.replies', { channel: 'C1', ts: '1.000001' })).toMatchObject({ error: 'thread_not_found' });
    const first = await call('conversations.history', { channel: 'C1', limit: 1 });
    expect(first).toMatchObject({ has_more: true, messages: [{ text: 'three' }] });
    const { next_cursor: cursor } = first.response_metadata as { next_cursor: string };
    const second = await call('conversations.history', { channel: 'C1', limit: 1, cursor, include_all_metadata: true });
    expect(second).toMatchObject({
      has_more: false,
      messages: [{ text: 'one', metadata }],
      response_metadata: { next_cursor: '' },
    });
    expect(JSON.stringify(await call('conversations.history', { channel: 'C1' }))).not.toContain('metadata":{"event');
  });

  test('lets into channels, and tells of them, as who is in them and the scopes allow', async () => {
    const rooms = {
      C1: { name: 'data-eng' },
      C2: { member: false },
      C3: { private: true },
      C4: { private: true, member: false },
      C5: { archived: true },
    };
    const answers = async (method: string, fields: object = {}) => {
      const each = Object.keys(rooms).map((channel) => call(method, { channel, ...fields }));
      return (await Promise.all(each)).map(({ error }) => error ?? 'ok');
    };
    const message = { text: 'one', ...silent };
    await slack.close();
    slack = await startSlackStandIn({ rooms, scopes: ['chat:write', 'channels:history', 'channels:read'] });
    expect(await answers('chat.postMessage', message)).toEqual([
      'ok',
      'not_in_channel',
      'ok',
      'channel_not_found',
      'is_archived',
    ]);
    expect(await answers('conversations.history')).toEqual(['ok', 'not_in_channel', 'missing_scope', 'missing_scope', 'ok']);
    expect(await answers('conversations.info')).toEqual(['ok', 'ok', 'missing_scope', 'missing_scope', 'ok']);
    await slack.close();
    slack = await startSlackStandIn({ rooms, scopes: ['chat:write', 'chat:write.public', 'groups:history', 'groups:read'] });
    expect(await answers('chat.postMessage', message)).toEqual(['ok', 'ok', 'ok', 'channel_not_found', 'is_archived']);
    expect((await answers('conversations.history'))[3]).toBe('channel_not_found');
    expect((await answers('conversations.info')).slice(2, 4)).toEqual(['ok', 'channel_not_found']);
    expect(await call('conversations.info', { channel: 'C3' })).toMatchObject({
      channel: { id: 'C3', name: 'c3', is_private: true, is_archived: false, is_member: true },
    });
  });

  test('tells the token’s scopes as Slack does', async () => {
    const response = await fetch(`${slack.url}auth.test`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-fake-token' },
    });
    expect(response.headers.get('x-oauth-scopes')).toBe('chat:write,chat:write.public');
  });

  test('refuses like Slack, and remembers why', async () => {
    expect(await call('auth.test', {}, 'nonsense')).toEqual({ ok: false, error: 'invalid_auth' });
    expect(await call('auth.test', {})).toMatchObject({ ok: true });
    expect(await call('chat.nosuch', {})).toMatchObject({ error: 'unknown_method' });
    const refusal = await call('chat.postMessage', { channel: 'C1', text: 'x', ...silent, blocks: [{ type: 'section' }] });
    expect(refusal).toMatchObject({
      ok: false,
      error: 'invalid_blocks',
      response_metadata: { messages: [expect.stringContaining('neither text nor fields')] },
    });
    expect(slack.messages).toEqual([]);
    expect(slack.problems).toHaveLength(1);
  });

  test('knows only the webhooks that were made', async () => {
    const post = (url: string, body: string) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const url = slack.webhookUrl('triage');
    expect(await (await post(url, JSON.stringify({ text: 'hello', ...silent }))).text()).toBe('ok');
    expect(await (await post(url, 'no json')).text()).toBe('invalid_payload');
    expect((await post(`${url}x`, '{"text":"x"}')).status).toBe(404);
    expect(slack.messages).toMatchObject([{ kind: 'webhook', channel: '#triage', text: 'hello' }]);
  });
});

describe('a message on a terminal', () => {
  const { alert } = composeAlert(delivery({ content: fixtureEvent('job-failed-kb') }), slackEscape, createTemplates().render);
  const { text, blocks } = slackMessage(alert);
  const message = {
    kind: 'post' as const,
    channel: 'data-eng',
    ts: '1.000001',
    text,
    blocks,
    threadTs: null,
    metadata: null,
    receivedAtMs: 0,
  };

  test('shows title, facts, trace and links beside a bar, within the width', () => {
    const shown = renderSlackMessage(message, { width: 100, color: false });
    for (const part of [
      '#data-eng',
      '🔴 datasets_deliver_data failed · dataset 10736',
      'Started by',
      'Example User',
      'Caused by: java.io.IOException',
      'Job https://example.com/jobs/',
    ]) {
      expect(shown).toContain(part);
    }
    for (const line of shown.split('\n')) {
      expect(line).toMatch(/^┃/);
      expect(line.length).toBeLessThanOrEqual(101);
    }
  });

  test('says that it was edited, and stands below its thread’s message, within the width', () => {
    const options = { width: 60, color: false };
    expect(renderSlackMessage({ ...message, kind: 'update' }, options).split('\n', 1)[0]).toMatch(/ · edited$/);
    const reply = renderSlackMessage({ ...message, threadTs: '1.000001', broadcast: true }, options).split('\n');
    expect(reply[0]).toMatch(/ · in thread, also sent to the channel$/);
    expect(reply.every((line) => line.startsWith('    ┃'))).toBe(true);
    const facts = reply.filter((line) => !line.includes('https:')).slice(1);
    expect(Math.max(...facts.map((line) => line.length))).toBeLessThanOrEqual(61);
  });

  test('is coloured only when asked to be', () => {
    expect(renderSlackMessage(message, { width: 100, color: false })).not.toContain('\x1b');
    expect(renderSlackMessage(message, { width: 100, color: true })).toContain('\x1b[31m┃');
  });

  test('reads markup as a person would see it', () => {
    const read = (text: string) => renderSlackMessage({ ...message, blocks: [], text }, { width: 100, color: false });
    expect(read('🔴 a &lt;b&gt; &amp; <https://example.com|the page>')).toContain('🔴 a <b> & the page');
    expect(read('*Failing since <!date^1772442720^{time}|09:12 UTC>*')).toContain('┃ Failing since 09:12 UTC');
    expect(read('<!here> <@U0ANNA> <!subteam^S0DATA> <!subteam^S0DATA|@data>')).toContain('@here @U0ANNA @S0DATA @data');
  });
});
