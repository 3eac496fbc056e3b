/**
 * Any HTTP endpoint: it gets the event's original bytes, signed as Standard Webhooks, so that it can check where they
 * come from and leave out what it already has (`webhook-id` is the event's id, the same in each attempt).
 */
import { parseJson, type JsonValue } from '../event/json.ts';
import type { Clock, Fetch, Hash } from '../ports.ts';
import type { AttemptOutcome, Content, Destination, Outgoing, Pace } from './destination.ts';
import { defaultTimeoutMs, hostOf, requestOnce, retryAfter, type RequestResult } from './http-client.ts';
import { encodeBase64, signStandardWebhook, standardWebhooksKey } from './standard-webhooks.ts';
import { isReservedHeader } from './reserved-headers.ts';
import { cleanText } from './text.ts';

export interface HttpConfig {
  name: string;
  /** http or https. `user:password@` in it is sent as Basic authorization. */
  url: string;
  method: 'POST' | 'PUT' | 'PATCH';
  /** Added to each request; `isReservedHeader` says which ones can't be. */
  headers: Record<string, string>;
  /** For the signature: `whsec_` and base64, or any text. Null: not signed. */
  secret: string | null;
  fallback: string | null;
  /** Null: no limit but the concurrency. */
  pace: Pace | null;
  /** 10 s by default. */
  timeoutMs?: number;
}

export interface HttpPorts {
  fetch: Fetch;
  clock: Clock;
  hash: Hash;
  /** The relay's, for `user-agent`. */
  version: string;
}

/** In a preview: whoever looks at it has the event, which may be of a megabyte and go to fifty destinations. */
const asItCame = "(the event's body, as it came)";

/** Throws, without quoting a secret, for a configuration that could never send. */
export function createHttpDestination(config: HttpConfig, ports: HttpPorts): Destination {
  const { name, method, fallback, pace } = config;
  const { url, authorization } = target(config);
  const own = { ...authorization, ...ownHeaders(config) };
  const key = config.secret === null ? null : standardWebhooksKey(config.secret);
  const timeoutMs = config.timeoutMs ?? defaultTimeoutMs;

  function headersOf({ attempt, content, incident }: Outgoing, message: Message) {
    // What the relay says about itself comes by no subscription.
    const subscription: Record<string, string> =
      content.kind === 'event' && content.received.narrative.kind !== 'relay'
        ? { 'x-narrative-relay-subscription': encodeURIComponent(content.received.subscription.toWellFormed()) }
        : {};
    const replay = content.kind === 'event' ? content.received.replay : null;
    return {
      'content-type': message.contentType,
      'user-agent': `narrative-relay/${ports.version}`,
      ...subscription,
      'x-narrative-relay-attempt': String(attempt),
      ...(incident === null ? {} : { 'x-narrative-relay-incident': incident.act }),
      // Its `webhook-id` is the replay's own, so that a receiver which has had the original takes it.
      ...(replay ? { 'narrative-relay-replay-of': replay.of } : {}),
      'webhook-id': message.id,
    };
  }

  return {
    name,
    type: 'http',
    paceKey: `http:${name}`,
    pace,
    concurrency: 8,
    fallback,

    preview(outgoing) {
      const message = messageOf(outgoing);
      const headers: Record<string, string> = {
        ...headersOf(outgoing, message),
        'webhook-timestamp': '(seconds, when sent)',
        ...(key ? { 'webhook-signature': 'v1,(made when sent)' } : {}),
      };
      for (const header of Object.keys(own)) headers[header] = '…';
      // A webhook's path and query are often its only secret.
      const shown = outgoing.content.kind === 'event' ? asItCame : readable(message.body);
      const body = { method, url: `${new URL(url).origin}/…`, headers, body: shown };
      return { format: 'http', body, problems: [] };
    },

    async send(outgoing, signal) {
      if (outgoing.incident?.act === 'count') return { kind: 'delivered', detail: 'not sent: a request can edit nothing' };
      const message = messageOf(outgoing);
      const { id, body } = message;
      const timestampS = Math.floor(ports.clock.now() / 1000);
      const signature: Record<string, string> = key
        ? { 'webhook-signature': signStandardWebhook(ports.hash, key, id, timestampS, body) }
        : {};
      const headers = { ...headersOf(outgoing, message), ...own, 'webhook-timestamp': String(timestampS), ...signature };
      const result = await requestOnce(ports.fetch, url, { method, headers, body }, { timeoutMs, signal });
      return outcomeOf(result, url, ports.clock.now());
    },
  };
}

interface Message {
  /** `webhook-id`. */
  id: string;
  body: Uint8Array<ArrayBuffer>;
  contentType: string;
}

function messageOf({ content, eventId, deliveryId }: Outgoing): Message {
  switch (content.kind) {
    case 'event':
      return { id: eventId, body: new Uint8Array(content.body), contentType: content.contentType || 'application/json' };
    case 'notice':
      // Not the event's id: a receiver that has had the event would take the notice for a copy of it.
      return { id: deliveryId, body: noticeBody(content), contentType: 'application/json' };
  }
}

/** `fields` and `links` where the notice has some. */
function noticeBody({ title, text, fields, links, occurredAtMs }: Content & { kind: 'notice' }): Uint8Array<ArrayBuffer> {
  const timestamp = new Date(occurredAtMs).toISOString();
  const notice = { type: 'relay.notice', title, text, ...(fields && { fields }), ...(links && { links }), timestamp };
  return new TextEncoder().encode(JSON.stringify(notice));
}

function target({ name, url: given }: HttpConfig): { url: string; authorization: Record<string, string> } {
  const url = URL.parse(given);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Error(`destination ${name}: the url must be a full http(s) URL, such as https://example.com/hooks/narrative`);
  }
  if (url.username === '' && url.password === '') return { url: url.href, authorization: {} };
  // fetch refuses URLs with credentials. Source: RFC 7617 for the header.
  const credentials = new TextEncoder().encode(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
  url.username = '';
  url.password = '';
  return { url: url.href, authorization: { authorization: `Basic ${encodeBase64(credentials)}` } };
}

function ownHeaders({ name, headers }: HttpConfig): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (isReservedHeader(header)) throw new Error(`destination ${name}: the relay sets the header ${header} itself; remove it`);
    try {
      new Headers([[header, value]]);
    } catch {
      const what = `the header ${JSON.stringify(header)} or its value has characters that HTTP does not allow`;
      throw new Error(`destination ${name}: ${what}; look for line breaks and letters outside Latin-1`);
    }
    own[header.toLowerCase()] = value;
  }
  return own;
}

function outcomeOf(result: RequestResult, url: string, nowMs: number): AttemptOutcome {
  switch (result.kind) {
    case 'answer':
      return answerOutcome(result, url, nowMs);
    case 'not-sent':
      return { kind: 'retry', reason: 'network', detail: result.detail };
    case 'unknown':
      return { kind: 'ambiguous', reason: result.reason, detail: result.detail };
  }
}

function answerOutcome(answer: Extract<RequestResult, { kind: 'answer' }>, url: string, nowMs: number): AttemptOutcome {
  const { status, headers } = answer;
  const detail = `${hostOf(url)} answered ${status}`;
  if (status >= 200 && status < 300) return { kind: 'delivered', detail };
  if (status >= 300 && status < 400) {
    const where = URL.parse(headers.get('location') ?? '', url)?.host ?? 'nowhere';
    return { kind: 'destination-broken', reason: 'channel', detail: `${detail}, a redirect to ${where}; set the final URL` };
  }
  switch (status) {
    case 401:
    case 403:
    case 407:
      return { kind: 'destination-broken', reason: 'credential', detail: `${detail}; check its secret and headers` };
    case 404:
    case 410:
      return { kind: 'destination-broken', reason: 'channel', detail: `${detail}; check its URL` };
    case 408:
      return { kind: 'retry', reason: 'timeout', detail };
    case 429:
      return { kind: 'retry', reason: 'rate-limited', detail, ...retryAfter(headers, nowMs) };
    case 425:
    case 503:
      return { kind: 'retry', reason: 'service-unavailable', detail, ...retryAfter(headers, nowMs) };
  }
  if (status >= 500) return { kind: 'retry', reason: 'server-error', detail, ...retryAfter(headers, nowMs) };
  return { kind: 'rejected', reason: 'payload', detail: `${detail}: it will not take this request` };
}

/** The body as JSON where it is JSON, else as text. */
function readable(body: Uint8Array): JsonValue {
  const text = new TextDecoder().decode(body);
  try {
    return parseJson(text);
  } catch {
    return cleanText(text);
  }
}
