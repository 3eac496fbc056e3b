/** What `relay doctor` says of Slack, asked over HTTP of one that is played. */
import { afterEach, expect, test } from 'vitest';
import { checkSlack } from '../../src/cli/doctor/slack.ts';
import {
  startSlackStandIn,
  type SlackRequest,
  type SlackStandIn,
  type SlackStandInOptions,
} from '../../src/demo/slack-stand-in.ts';
import { closedAddress, look } from './doctor-stage.ts';

const token = 'xoxb-fake-doctor-token';
const everything = ['chat:write', 'chat:write.public', 'channels:history', 'groups:history', 'channels:read', 'groups:read'];

let slack: SlackStandIn | null = null;
let asked: SlackRequest[] = [];
afterEach(async () => {
  await slack?.close();
  slack = null;
  asked = [];
});

const bot = (name: string, channel = 'C1', env = 'FAKE_TOKEN') =>
  `${name}: { type: slack, token: { env: ${env} }, channel: ${channel} }`;

/** What is told of the destinations, and never anything posted. */
async function told(options: SlackStandInOptions, destinations: string[], env: Record<string, string> = {}) {
  slack = await startSlackStandIn({
    ...options,
    faults: (n, request) => {
      asked.push(request);
      return options.faults?.(n, request) ?? null;
    },
  });
  const found = await look(checkSlack, { destinations, env: { SLACK_API_URL: slack.url, FAKE_TOKEN: token, ...env } });
  expect(slack.messages).toEqual([]);
  expect(JSON.stringify(found)).not.toContain(token);
  return found;
}

const methods = () => asked.map(({ method }) => method);

test('a bot that may do all it has to is in order, and each thing is said', async () => {
  const { lines, reached } = await told({ scopes: everything, rooms: { C1: { name: 'data-eng' } } }, [bot('data-eng')]);
  expect({ lines, reached }).toEqual({
    lines: [
      '✓ data-eng: token: works: relay in the workspace Example',
      '✓ data-eng: scopes: chat:write, so it may post and edit; chat:write.public, so also in public channels that it is not in',
      "✓ data-eng: clock: this machine's and Slack's agree",
      '✓ data-eng: channel: #data-eng: public, the bot is in it',
      '✓ data-eng: history: what it posted can be found again, so no message comes twice',
    ],
    reached: true,
  });
});

test('one token and one channel are asked for once, whatever they are called', async () => {
  const { lines } = await told({ scopes: everything }, [bot('one'), bot('two'), bot('three', 'C2')]);
  expect(methods()).toEqual(['auth.test', 'conversations.info', 'conversations.info']);
  expect(lines.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
    '✓ one, two, three: token',
    '✓ one, two, three: scopes',
    '✓ one, two, three: clock',
    '✓ one, two: channel',
    '✓ one, two: history',
    '✓ three: channel',
    '✓ three: history',
  ]);
});

test('a token that Slack refuses is a problem, and its channels are left alone', async () => {
  const { lines, todos, reached } = await told({ faults: () => ({ kind: 'error', code: 'token_revoked' }) }, [bot('data-eng')]);
  expect({ lines, todos, reached, asked: methods() }).toEqual({
    lines: ['✗ data-eng: token: Slack said token_revoked'],
    todos: ['check the token or webhook URL'],
    reached: true,
    asked: ['auth.test'],
  });
});

test('a token that cannot post is a problem', async () => {
  const { lines } = await told({ scopes: ['channels:read', 'channels:history'] }, [bot('data-eng')]);
  expect(lines).toContainEqual('✗ data-eng: scopes: without chat:write it can post nothing');
});

test.each([
  ['xoxp-fake-persons-token', /^! data-eng: token: it is that of a person, relay in the workspace Example/],
  ['xoxe.xoxb-1-fake-rotating-token', /^✗ data-eng: token: .* a rotating one: it ends within 12 hours/],
])('a token of another kind is told: %s', async (other, expected) => {
  const { lines } = await told(
    { faults: (_n, { method }) => (method === 'auth.test' ? { kind: 'status', status: 200, body: granted } : null) },
    [bot('data-eng')],
    { FAKE_TOKEN: other },
  );
  expect(lines[0]).toMatch(expected);
  expect(lines.join()).not.toContain(other);
});
const granted = JSON.stringify({ ok: true, user: 'relay', team: 'Example' });

test('a channel that is archived is a problem', async () => {
  const rooms = { C1: { name: 'old', archived: true } };
  const { lines } = await told({ scopes: everything, rooms }, [bot('data-eng')]);
  expect(lines).toContainEqual('✗ data-eng: channel: #old is archived: nothing can be posted there');
});

test('a private channel without the bot is a problem that says what to do', async () => {
  const rooms = { C1: { name: 'secret', private: true, member: false } };
  const { lines, todos } = await told({ scopes: everything, rooms }, [bot('data-eng')]);
  expect(lines.at(-1)).toBe('✗ data-eng: channel: Slack said channel_not_found');
  expect(todos).toContainEqual('check the channel id; a private channel needs the bot invited');
});

test('a private channel that can be seen without being in it takes no message by chat:write.public', async () => {
  const channel = { id: 'C1', name: 'secret', is_private: true, is_archived: false, is_member: false };
  const info = { kind: 'status', status: 200, body: JSON.stringify({ ok: true, channel }) } as const;
  const faults = (_n: number, { method }: SlackRequest) => (method === 'conversations.info' ? info : null);
  const { lines } = await told({ scopes: everything, faults }, [bot('data-eng')]);
  expect(lines).toContainEqual("✗ data-eng: channel: #secret: private, the bot is not in it, so it can't post there");
});

test('a public channel without the bot is one by chat:write.public alone, and then nothing is found again', async () => {
  const rooms = { C1: { name: 'data-eng', member: false } };
  const may = await told({ scopes: everything, rooms }, [bot('data-eng')]);
  expect(may.lines.slice(3)).toEqual([
    '✓ data-eng: channel: #data-eng: public, the bot is not in it, and posts there by chat:write.public',
    expect.stringMatching(/^! data-eng: history: the bot is not in #data-eng, .* one message may come twice$/),
  ]);
  await slack!.close();
  const scopes = everything.filter((scope) => scope !== 'chat:write.public');
  const mayNot = await told({ scopes, rooms }, [bot('data-eng')]);
  expect(mayNot.lines).toContainEqual("✗ data-eng: channel: #data-eng: public, the bot is not in it, so it can't post there");
  expect(mayNot.todos.join()).toContain('/invite');
});

test('a private channel takes groups:history to be read, not channels:history', async () => {
  const scopes = ['chat:write', 'channels:history', 'groups:read'];
  const { lines } = await told({ scopes, rooms: { C1: { name: 'secret', private: true } } }, [bot('data-eng')]);
  expect(lines.slice(3)).toEqual([
    '✓ data-eng: channel: #secret: private, the bot is in it',
    expect.stringMatching(/^! data-eng: history: without groups:history the bot can't find again .*may come twice$/),
  ]);
});

test('without a scope to look, the channel is looked at as the relay looks for messages, for a time that has not come', async () => {
  const scopes = ['chat:write', 'channels:history'];
  const { lines } = await told({ scopes, rooms: { C1: {}, C2: { private: false, member: false } } }, [
    bot('data-eng'),
    bot('elsewhere', 'C2'),
  ]);
  expect(methods()).toEqual(['auth.test', 'conversations.history', 'conversations.history']);
  for (const { fields } of asked.slice(1)) expect(Number(fields.oldest)).toBeGreaterThan(Date.now() / 1000 + 3_600);
  expect(lines.slice(3)).toEqual([
    '✓ data-eng: channel: C1: the bot is in it',
    '✓ data-eng: history: what it posted can be found again, so no message comes twice',
    "✗ elsewhere: channel: C2: the bot is not in it, so it can't post there",
    expect.stringMatching(/^! elsewhere: history: the bot is not in C2/),
  ]);
});

test('with no scope to look by, that is said, and what it costs', async () => {
  const { lines, todos } = await told({}, [bot('data-eng')]);
  expect(methods()).toEqual(['auth.test']);
  expect(lines.slice(3)).toEqual([
    "– data-eng: channel: C1 can't be looked at without channels:read (or groups:read, where it is private)",
    expect.stringMatching(/^! data-eng: history: without channels:history or groups:history .* may come twice$/),
  ]);
  expect(todos).toContainEqual('relay send-test data-eng posts a message there');
});

test('with the scope to read public channels alone, a private one takes the other', async () => {
  const { lines } = await told({ scopes: ['chat:write', 'channels:history'], rooms: { C1: { private: true } } }, [
    bot('data-eng'),
  ]);
  expect(lines.slice(3)).toEqual([
    expect.stringMatching(/^– data-eng: channel: C1 can't be looked at/),
    expect.stringMatching(/^! data-eng: history: without groups:history the bot/),
  ]);
});

test('a channel by its name cannot be looked at, nor messages found in it', async () => {
  const { lines } = await told({ scopes: everything }, [bot('data-eng', '"#alerts"')]);
  expect(lines.at(-1)).toMatch(/^! data-eng: channel: "#alerts" is a name, /);
});

test('an incoming webhook is not tried, and said how it can be', async () => {
  const { lines, todos } = await told({}, ['triage: { type: slack, webhook_url: { env: FAKE_HOOK } }'], {
    FAKE_HOOK: 'https://hooks.slack.com/services/T0/B0/fake-webhook-path',
  });
  expect({ lines, todos }).toEqual({
    lines: ['– triage: webhook: an incoming webhook can only be tried by a message'],
    todos: ['relay send-test triage posts a message by it'],
  });
  expect(asked).toEqual([]);
});

test('a Slack that gives no answer was not reached; nor one that is busy, or something else', async () => {
  const nobody = await look(checkSlack, {
    destinations: [bot('data-eng')],
    env: { SLACK_API_URL: `${await closedAddress()}/api/`, FAKE_TOKEN: token },
  });
  expect(nobody).toMatchObject({
    lines: [expect.stringMatching(/^✗ data-eng: token: cannot reach .*ECONNREFUSED/)],
    reached: false,
  });
  const busy = await told({ faults: () => ({ kind: 'error', code: 'service_unavailable' }) }, [bot('data-eng')]);
  expect(busy).toMatchObject({ lines: ['✗ data-eng: token: Slack said service_unavailable'], reached: false });
  await slack!.close();
  const other = await told({ faults: () => ({ kind: 'status', status: 502 }) }, [bot('data-eng')]);
  expect(other.lines).toEqual([
    expect.stringMatching(/^✗ data-eng: token: what answered auth\.test \(HTTP 502\) is not Slack's API/),
  ]);
  expect(other.reached).toBe(false);
});

test('a destination whose token is not set is not asked with anything else', async () => {
  const { lines } = await told({}, [bot('data-eng', 'C1', 'FAKE_TOKEN_THAT_IS_NOT_SET')]);
  expect({ lines, asked }).toEqual({ lines: [], asked: [] });
});
