/** PagerDuty through its Events API v2. */
import { hex } from '../event/idempotency.ts';
import { isObject, parseJson, type JsonValue } from '../event/json.ts';
import type { Clock, Fetch, Hash } from '../ports.ts';
import type { RenderTemplate } from '../rules/template.ts';
import type { AttemptOutcome, Destination, Outgoing, Pace } from './destination.ts';
import { defaultTimeoutMs, requestOnce, retryAfter, type RequestResult } from './http-client.ts';
import { buildChange, buildResolve, buildTrigger, dedupKey as dedupKeyOf } from './pagerduty-event.ts';
import { oneLine, truncate } from './text.ts';

export interface PagerDutyConfig {
  name: string;
  /** The integration key: 32 characters. */
  routingKey: string;
  /** The account's service region. */
  region: 'us' | 'eu';
  fallback: string | null;
  /** Null: 120 a minute, bursts of 20, which is about what one key is allowed. */
  pace: Pace | null;
  /** 10 s by default. */
  timeoutMs?: number;
}

export interface PagerDutyPorts {
  fetch: Fetch;
  clock: Clock;
  hash: Hash;
  render: RenderTemplate;
  /** Instead of the region's own base URL (the setting PAGERDUTY_EVENTS_URL). */
  eventsUrl?: string;
}

export const pagerDutyBases = { us: 'https://events.pagerduty.com', eu: 'https://events.eu.pagerduty.com' };
const defaultPace: Pace = { perSecond: 2, burst: 20 };
/** PagerDuty sends no Retry-After with its 429. */
const minRateLimitedMs = 30_000;

export function createPagerDutyDestination(config: PagerDutyConfig, ports: PagerDutyPorts): Destination {
  const { name, routingKey, fallback } = config;
  const base = (ports.eventsUrl ?? pagerDutyBases[config.region]).replace(/\/+$/, '');
  const timeoutMs = config.timeoutMs ?? defaultTimeoutMs;

  function build(outgoing: Outgoing, key: string) {
    if (outgoing.change) return buildChange(outgoing, key, ports);
    return outgoing.incident?.act === 'recover' ? buildResolve(outgoing, key, ports) : buildTrigger(outgoing, key, ports);
  }

  return {
    name,
    type: 'pagerduty',
    paceKey: `pagerduty:${hex(ports.hash.sha256(routingKey)).slice(0, 12)}`,
    pace: config.pace ?? defaultPace,
    concurrency: 4,
    fallback,

    preview(outgoing) {
      const { event, problems } = build(outgoing, maskedKey(routingKey));
      return { format: 'pagerduty', body: { ...event } as unknown as JsonValue, problems };
    },

    async send(outgoing, signal) {
      if (outgoing.incident?.act === 'count') return { kind: 'delivered', detail: 'not sent: PagerDuty edits nothing' };
      const { event } = build(outgoing, routingKey);
      const path = outgoing.change ? '/v2/change/enqueue' : '/v2/enqueue';
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) };
      const result = await requestOnce(ports.fetch, base + path, init, { timeoutMs, signal });
      const dedupKey = outgoing.change ? null : dedupKeyOf(outgoing, ports.hash);
      const done =
        'event_action' in event ? (event.event_action === 'resolve' ? 'resolve queued' : 'queued') : 'queued as a change event';
      return outcomeOf(result, { dedupKey, done, routingKey, nowMs: ports.clock.now() });
    },
  };
}

interface Sent {
  /** Null for a change event, which nothing deduplicates. */
  dedupKey: string | null;
  /** What is said when it was taken. */
  done: string;
  routingKey: string;
  nowMs: number;
}

function outcomeOf(result: RequestResult, sent: Sent): AttemptOutcome {
  switch (result.kind) {
    case 'answer':
      return answerOutcome(result, sent);
    case 'not-sent':
      return { kind: 'retry', reason: 'network', detail: result.detail };
    case 'unknown':
      // With a dedup_key a second arrival changes nothing, so there is no ambiguity to count.
      return { kind: sent.dedupKey === null ? 'ambiguous' : 'retry', reason: result.reason, detail: result.detail };
  }
}

type Answer = Extract<RequestResult, { kind: 'answer' }>;

/** Documented are 202, 400 and what to retry; the rest is what a proxy or a wrong URL would answer. */
function answerOutcome(answer: Answer, sent: Sent): AttemptOutcome {
  const { status, headers } = answer;
  if (status === 202) {
    if (sent.dedupKey === null) return { kind: 'delivered', detail: sent.done };
    return { kind: 'delivered', detail: `${sent.done} as ${sent.dedupKey}`, receipt: { dedup_key: sent.dedupKey } };
  }
  const detail = `PagerDuty answered ${status}`;
  if (status === 429) {
    const afterMs = Math.max(minRateLimitedMs, retryAfter(headers, sent.nowMs).afterMs ?? 0);
    return { kind: 'retry', reason: 'rate-limited', detail: `${detail} (rate limit)`, afterMs };
  }
  if (status === 408) return { kind: 'retry', reason: 'timeout', detail };
  if (status >= 500) {
    const reason = status === 503 ? 'service-unavailable' : 'server-error';
    return { kind: 'retry', reason, detail, ...retryAfter(headers, sent.nowMs) };
  }
  if (status === 401 || status === 403) {
    return { kind: 'destination-broken', reason: 'credential', detail: `${detail}; check the routing key` };
  }
  if (status === 404 || (status >= 300 && status < 400)) {
    return { kind: 'destination-broken', reason: 'channel', detail: `${detail}; check PAGERDUTY_EVENTS_URL and the region` };
  }
  if (status >= 400) return refusal(answer, sent.routingKey);
  const kind = sent.dedupKey === null ? 'ambiguous' : 'retry';
  return { kind, reason: 'unknown-answer', detail: `${detail} instead of 202; is something between the relay and PagerDuty?` };
}

/** `{status: "invalid event", message, errors: […]}`. */
function refusal({ status, text }: Answer, routingKey: string): AttemptOutcome {
  const errors = errorsIn(text);
  if (errors === null) {
    return { kind: 'rejected', reason: 'unknown-answer', detail: `answered ${status} and not in PagerDuty's words` };
  }
  const said = truncate(oneLine(errors.replaceAll(routingKey, maskedKey(routingKey))), 500);
  if (/routing[ _]?key|integration key|service key/i.test(errors)) {
    const detail = `PagerDuty does not know the routing key (${said}); check it, and the region`;
    return { kind: 'destination-broken', reason: 'credential', detail };
  }
  return { kind: 'rejected', reason: 'payload', detail: `PagerDuty answered ${status}: ${said}` };
}

function errorsIn(text: string): string | null {
  let answer: JsonValue;
  try {
    answer = parseJson(text);
  } catch {
    return null;
  }
  if (!isObject(answer)) return null;
  const errors = Array.isArray(answer.errors) ? answer.errors : [];
  const said = [answer.message, ...errors].filter((part): part is string => typeof part === 'string');
  return said.length === 0 ? null : said.join('; ');
}

/** Enough to tell two keys apart. */
function maskedKey(routingKey: string): string {
  return routingKey.length < 16 ? '…' : `…${routingKey.slice(-4)}`;
}
