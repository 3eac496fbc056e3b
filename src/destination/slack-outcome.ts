/** From what came back to an outcome, for both of Slack's ways in: the Web API (JSON) and incoming webhooks (plain text). */
import { isObject, type JsonObject } from '../event/json.ts';
import type { AttemptOutcome } from './destination.ts';
import { retryAfter, type RequestResult } from './http-client.ts';
import { slackFault, slackRemedy } from './slack-errors.ts';
import { oneLine, truncate } from './text.ts';

/** What a call came to, unless Slack refuses its message as such. */
export type CallResult =
  | { kind: 'outcome'; outcome: AttemptOutcome }
  /** There is no message to edit or to reply to (`deleted`), or it takes no edit or no reply any more (`closed`). */
  | { kind: 'deleted' | 'closed'; detail: string };

export type PostResult =
  | CallResult
  /** Slack refuses this message; a plainer one may pass. */
  | { kind: 'payload'; code: string; detail: string };

type Answer = RequestResult & { kind: 'answer' };

/** What an answer's body says, whatever its form. */
type Said =
  | { kind: 'posted'; receipt: Record<string, string> }
  | { kind: 'error'; code: string; detail: string }
  /** Accepted, and then cut off before it said so. */
  | { kind: 'cut-off' }
  /** Not from Slack's API: a proxy's page, an outage page. */
  | { kind: 'foreign' };

/** Reads one exchange with `chat.postMessage` or `chat.update`. `nowMs` is for a `Retry-After` that is a date; `done` says what was done. */
export function apiResult(result: RequestResult, nowMs: number, done = 'posted to Slack'): PostResult {
  return resultOf(result, nowMs, done, saidByApi);
}

/** Reads one exchange with an incoming webhook. */
export function webhookResult(result: RequestResult, nowMs: number): PostResult {
  return resultOf(result, nowMs, 'posted to Slack', saidByWebhook);
}

function resultOf(result: RequestResult, nowMs: number, done: string, read: (answer: Answer) => Said): PostResult {
  switch (result.kind) {
    case 'not-sent':
      return outcome({ kind: 'retry', reason: 'network', detail: result.detail });
    case 'unknown':
      return outcome({ kind: 'ambiguous', reason: result.reason, detail: result.detail });
    case 'answer':
      return answered(result, read(result), nowMs, done);
  }
}

function answered(answer: Answer, said: Said, nowMs: number, done: string): PostResult {
  const { status, headers } = answer;
  const after = retryAfter(headers, nowMs);
  if (status === 429) {
    return outcome({ kind: 'retry', reason: 'rate-limited', detail: 'Slack answered 429: too many messages', ...after });
  }
  switch (said.kind) {
    case 'posted':
      return outcome({ kind: 'delivered', detail: done, receipt: said.receipt });
    case 'error':
      return failed(said.code, said.detail, status, after);
    case 'cut-off':
      return outcome({ kind: 'ambiguous', reason: 'network', detail: `Slack's answer (HTTP ${status}) broke off` });
    case 'foreign':
      return outcome(foreignOutcome(status, after));
  }
}

function failed(code: string, detail: string, status: number, after: { afterMs?: number }): PostResult {
  const fault = slackFault(code);
  switch (fault.kind) {
    case 'retry':
      return outcome({ ...fault, detail: `Slack said ${detail}`, ...after });
    case 'ambiguous':
      return outcome({ ...fault, detail: `Slack said ${detail}; it may have been posted`, ...after });
    case 'destination-broken':
      return outcome({ ...fault, detail: `Slack said ${detail}: ${slackRemedy(code, fault.reason)}` });
    case 'payload':
      return { kind: 'payload', code, detail };
    case 'deleted':
    case 'closed':
      return { kind: fault.kind, detail };
    case 'unknown':
      if (status >= 500) return outcome(foreignOutcome(status, after));
      return outcome(unknownAnswer(detail, after));
  }
}

function unknownAnswer(detail: string, after: { afterMs?: number } = {}): AttemptOutcome {
  return { kind: 'retry', reason: 'unknown-answer', detail: `Slack said ${detail}, which is not documented`, ...after };
}

/** For a new message of its own: of such Slack can't say that the message to edit is gone. */
export function ownOutcome(result: CallResult): AttemptOutcome {
  return result.kind === 'outcome' ? result.outcome : unknownAnswer(result.detail);
}

/** For an edit: made a second time it changes nothing, so whether the first one arrived doesn't matter. */
export function repeatable(result: PostResult): PostResult {
  if (result.kind !== 'outcome') return result;
  const { outcome } = result;
  return outcome.kind === 'ambiguous' ? { kind: 'outcome', outcome: { ...outcome, kind: 'retry' } } : result;
}

function foreignOutcome(status: number, after: { afterMs?: number }): AttemptOutcome {
  const detail = `HTTP ${status} with a body that is not Slack's`;
  if (status === 408) return { kind: 'retry', reason: 'timeout', detail, ...after };
  if (status === 503) return { kind: 'retry', reason: 'service-unavailable', detail, ...after };
  if (status >= 500) return { kind: 'retry', reason: 'server-error', detail, ...after };
  // A page at 200 is what outages and proxies show: it passes, so it is worth more than the few tries of an unknown answer.
  if (status === 200) return { kind: 'retry', reason: 'service-unavailable', detail, ...after };
  const hint = status >= 300 && status < 400 ? '; redirects are not followed, check the URL' : '';
  return { kind: 'retry', reason: 'unknown-answer', detail: detail + hint, ...after };
}

function saidByApi({ status, text }: Answer): Said {
  const body = parseAnswer(text);
  if (body === null) {
    if (status !== 200 || !text.startsWith('{')) return text === '' && status === 200 ? { kind: 'cut-off' } : { kind: 'foreign' };
    // Longer than what is read of it, or cut off after the part that matters.
    return text.startsWith('{"ok":true') ? { kind: 'posted', receipt: {} } : { kind: 'cut-off' };
  }
  if (body.ok === true) {
    const { channel, ts } = body;
    return { kind: 'posted', receipt: { ...(isText(channel) && { channel }), ...(isText(ts) && { ts }) } };
  }
  return isText(body.error) ? { kind: 'error', ...errorIn(body.error, body) } : { kind: 'foreign' };
}

function errorIn(error: string, body: JsonObject): { code: string; detail: string } {
  const { needed, provided, response_metadata } = body;
  const more = [
    isText(needed) ? `needs ${needed}` : null,
    isText(provided) ? `has ${provided}` : null,
    isObject(response_metadata) && Array.isArray(response_metadata.messages)
      ? response_metadata.messages.filter(isText).join('; ')
      : null,
  ].filter((part) => part !== null && part !== '');
  const detail = more.length === 0 ? error : `${error} (${more.join('; ')})`;
  return { code: error, detail: truncate(oneLine(detail), 300) };
}

function saidByWebhook({ status, text }: Answer): Said {
  if (status === 200 && text.trim() === 'ok') return { kind: 'posted', receipt: {} };
  const code = /^[a-z][a-z0-9_]{2,60}(?=$|[\s:])/.exec(text.trim())?.[0];
  if (code === undefined) return { kind: 'foreign' };
  return { kind: 'error', code, detail: truncate(oneLine(text.slice(0, 1_000)), 300) };
}

/** Null for what is no JSON object. */
export function parseAnswer(text: string): JsonObject | null {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : null;
  } catch {
    return null;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function outcome(result: AttemptOutcome): PostResult {
  return { kind: 'outcome', outcome: result };
}
