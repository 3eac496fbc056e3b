/**
 * A local HTTP server that plays Slack: the Web API's methods for posting, editing and reading channels, and incoming
 * webhooks, as strict as Slack about blocks, and able to fail in Slack's ways on demand. For the demo, tests, chaos and bench.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { applyFault, takesEffect, type Fault } from './faults.ts';
import { createSlackChannels, type ChannelMessage, type MessageMetadata } from './slack-channels.ts';
import { checkSlackMessage, type CheckOptions } from './slack-check.ts';
import { createSlackRooms, type SlackRefusal, type SlackRoom } from './slack-rooms.ts';
import { startServer } from './stand-in-server.ts';

export interface ReceivedMessage {
  kind: 'post' | 'update' | 'webhook';
  /** The channel as given; for a webhook `#<its name>`. */
  channel: string;
  /** Unique and increasing, as Slack's. */
  ts: string;
  text: string;
  blocks: Record<string, unknown>[];
  threadTs: string | null;
  /** A reply that the channel is to show too. */
  broadcast: boolean;
  metadata: MessageMetadata | null;
  receivedAtMs: number;
}

const apiMethods = [
  'auth.test',
  'chat.postMessage',
  'chat.update',
  'conversations.history',
  'conversations.info',
  'conversations.replies',
] as const;
type ApiMethod = (typeof apiMethods)[number];

export interface SlackRequest {
  method: ApiMethod | 'webhook';
  channel: string;
  fields: Record<string, unknown>;
}

/** `n` counts the requests from 1. Null: answer as Slack would. */
export type NextFault = (n: number, request: SlackRequest) => Fault | null;

export interface SlackStandIn {
  /** For SLACK_API_URL; ends with `/api/`. */
  url: string;
  /** The URL of the incoming webhook `name`, which exists from this call on. */
  webhookUrl(name: string): string;
  /** What was accepted, in order: each post and each edit. */
  readonly messages: ReceivedMessage[];
  /** What a channel shows now: its messages, oldest first, each with its thread. */
  channel(name: string): ChannelMessage[];
  /** Deletes a message and its thread, as a person can. */
  remove(channel: string, ts: string): void;
  /** Everything that the check found: refused blocks and escaping traps. Empty when all is well. */
  readonly problems: string[];
  /** Requests so far, whatever their answer. */
  readonly requests: number;
  /** Calls `listener` with each accepted message; returns how to stop. */
  on(listener: (message: ReceivedMessage) => void): () => void;
  /** Replaces the source of faults; null for none. */
  answerWith(next: NextFault | null): void;
  /** Drops open connections, hanging ones too. */
  close(): Promise<void>;
}

export interface SlackStandInOptions extends Pick<CheckOptions, 'mentions'> {
  /** Of the token. By default it may post, and read nothing. */
  scopes?: readonly string[];
  /** Channels that are private, archived or without the bot, by id. */
  rooms?: Readonly<Record<string, SlackRoom>>;
  /** 0 by default: any free port. */
  port?: number;
  faults?: NextFault;
}

export async function startSlackStandIn({
  port = 0,
  faults,
  mentions = 'forbidden',
  scopes = ['chat:write', 'chat:write.public'],
  rooms: kinds = {},
}: SlackStandInOptions = {}): Promise<SlackStandIn> {
  const messages: ReceivedMessage[] = [];
  const problems: string[] = [];
  const listeners = new Set<(message: ReceivedMessage) => void>();
  const webhooks = new Set<string>();
  const nextTs = createTimestamps();
  const channels = createSlackChannels(nextTs);
  const rooms = createSlackRooms(kinds, scopes);
  let nextFault = faults ?? null;
  let requests = 0;

  function record(kind: ReceivedMessage['kind'], { channel, fields }: SlackRequest, ts: string): ReceivedMessage {
    const message: ReceivedMessage = {
      kind,
      channel,
      ts,
      text: String(fields.text ?? ''),
      blocks: (fields.blocks ?? []) as Record<string, unknown>[],
      threadTs: typeof fields.thread_ts === 'string' ? fields.thread_ts : null,
      broadcast: fields.reply_broadcast === true,
      metadata: (fields.metadata as ReceivedMessage['metadata']) ?? null,
      receivedAtMs: Date.now(),
    };
    messages.push(message);
    for (const listener of listeners) listener(message);
    return message;
  }

  /** What Slack would refuse, as its error code; also notes what it would let pass and shouldn't. */
  function refusal(request: SlackRequest): { code: string; messages: string[] } | null {
    const { error, traps } = checkSlackMessage(request.fields, {
      mentions,
      request: request.method === 'chat.update' ? 'edit' : 'post',
    });
    for (const trap of traps) problems.push(`${request.method} to ${request.channel}: ${trap}`);
    if (error) problems.push(`${request.method} to ${request.channel}: ${error.code}: ${error.messages.join('; ')}`);
    return error;
  }

  function answerApi(request: SlackRequest & { method: ApiMethod }, token: string | null): Answer {
    const authError = tokenError(token);
    if (authError) return apiError(authError);
    if (request.method === 'auth.test') {
      return granted({ url: 'https://example.slack.com/', team: 'Example', user: 'relay', bot_id: 'B0RELAY' });
    }
    if (!/^#?[\w.-]{1,80}$/.test(request.channel)) return apiError('channel_not_found');
    switch (request.method) {
      case 'chat.postMessage':
      case 'chat.update': {
        const error = refusal(request);
        if (error) return apiError(error.code, error.messages);
        return request.method === 'chat.update' ? edit(request) : post(request);
      }
      case 'conversations.info': {
        const known = rooms.info(request.channel);
        return 'error' in known ? refused(known) : granted(known);
      }
      case 'conversations.history':
        return read(request, () => channels.history(request.channel));
      case 'conversations.replies':
        return read(request, () => channels.thread(request.channel, String(request.fields.ts ?? '')));
    }
  }

  function post(request: SlackRequest): Answer {
    const closed = rooms.postRefusal(request.channel);
    if (closed) return refused(closed);
    const posted = channels.post(request.channel, request.fields);
    if (posted === 'thread_not_found') return apiError(posted);
    const { ts, text } = record('post', request, posted.ts);
    return granted({ channel: request.channel, ts, message: { type: 'message', text, ts } });
  }

  function edit(request: SlackRequest): Answer {
    const ts = String(request.fields.ts ?? '');
    const error = channels.update(request.channel, ts, request.fields);
    if (error) return apiError(error);
    record('update', request, ts);
    return granted({ channel: request.channel, ts, text: request.fields.text });
  }

  function read({ channel, fields }: SlackRequest, messages: () => ChannelMessage[] | null): Answer {
    const closed = rooms.readRefusal(channel);
    if (closed) return refused(closed);
    const known = messages();
    if (known === null) return apiError('thread_not_found');
    const recent = known.filter(({ ts }) => Number(ts) > Number(fields.oldest ?? 0));
    const from = Number(fields.cursor ?? 0);
    const end = from + Math.min(Number(fields.limit ?? 100), 999);
    const withMetadata = String(fields.include_all_metadata) === 'true';
    return granted({
      messages: recent.slice(from, end).map(({ ts, text, blocks, metadata }) => ({
        type: 'message',
        ts,
        text,
        blocks,
        ...(withMetadata && metadata && { metadata }),
      })),
      has_more: end < recent.length,
      response_metadata: { next_cursor: end < recent.length ? String(end) : '' },
    });
  }

  function refused({ error, needed }: SlackRefusal): Answer {
    return json({ ok: false, error, ...(needed !== undefined && { needed, provided: scopes.join(',') }) });
  }

  /** Slack tells a token's scopes in a header of each answer. */
  function granted(body: object): Answer {
    const answer = json({ ok: true, ...body });
    return { ...answer, headers: { ...answer.headers, 'x-oauth-scopes': scopes.join(',') } };
  }

  function answerWebhook(request: SlackRequest): Answer {
    if (!webhooks.has(request.channel.slice(1))) return plain(404, 'no_service');
    const error = refusal(request);
    if (error) return plain(400, error.code);
    record('webhook', request, nextTs());
    return plain(200, 'ok');
  }

  function handle(incoming: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const request = parseRequest(incoming, body.toString('utf8'));
    if (request === 'unknown-method') return send(response, apiError('unknown_method'));
    if (request === 'invalid-payload') return send(response, plain(400, 'invalid_payload'));
    requests++;
    const { method } = request;
    const webhook = method === 'webhook';
    const answer = () =>
      method === 'webhook' ? answerWebhook(request) : answerApi({ ...request, method }, bearer(incoming.headers.authorization));
    const fault = nextFault?.(requests, request) ?? null;
    if (fault === null) return send(response, answer());
    if (takesEffect(fault)) answer();
    // A webhook's errors are plain text.
    if (fault.kind === 'error' && webhook) return send(response, plain(400, fault.code));
    applyFault(fault, incoming, response);
  }

  const server = await startServer(port, handle);
  return {
    url: `${server.url}/api/`,
    webhookUrl(name) {
      webhooks.add(name);
      return `${server.url}/services/${encodeURIComponent(name)}`;
    },
    messages,
    channel: channels.channel,
    remove: channels.remove,
    problems,
    get requests() {
      return requests;
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    answerWith(next) {
      nextFault = next;
    },
    close: server.close,
  };
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

function json(body: object): Answer {
  return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) };
}

function plain(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain' }, body };
}

function apiError(error: string, messages?: string[]): Answer {
  return json({ ok: false, error, ...(messages && { response_metadata: { messages } }) });
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

function tokenError(token: string | null): string | null {
  if (token === null) return 'not_authed';
  return /^xoxb-[\w-]{3,}$/.test(token) ? null : 'invalid_auth';
}

function bearer(header: string | undefined): string | null {
  return /^Bearer (.+)$/.exec(header ?? '')?.[1] ?? null;
}

function parseRequest(incoming: IncomingMessage, body: string): SlackRequest | 'unknown-method' | 'invalid-payload' {
  const path = incoming.url ?? '';
  const fields = parseFields(body, incoming.headers['content-type'] ?? '');
  if (path.startsWith('/services/')) {
    if (fields === null || incoming.method !== 'POST') return 'invalid-payload';
    return { method: 'webhook', channel: `#${decodeURIComponent(path.slice('/services/'.length))}`, fields };
  }
  const method = apiMethods.find((name) => path === `/api/${name}`);
  if (method === undefined) return 'unknown-method';
  return fields === null ? 'invalid-payload' : { method, channel: String(fields.channel ?? ''), fields };
}

/** JSON, or the form that the official client sends, in which objects, lists and booleans are text. */
function parseFields(body: string, contentType: string): Record<string, unknown> | null {
  try {
    if (contentType.includes('json')) return JSON.parse(body) as Record<string, unknown>;
    const form: Record<string, unknown> = {};
    for (const [key, value] of new URLSearchParams(body)) {
      form[key] = /^(blocks|attachments|metadata|unfurl_links|unfurl_media|reply_broadcast)$/.test(key)
        ? JSON.parse(value)
        : value;
    }
    return form;
  } catch {
    return null;
  }
}

/** `1719830400.000001`: seconds and microseconds, never twice the same. */
function createTimestamps(): () => string {
  let last = 0;
  return () => {
    last = Math.max(Date.now() * 1000, last + 1);
    return `${Math.floor(last / 1_000_000)}.${String(last % 1_000_000).padStart(6, '0')}`;
  };
}
