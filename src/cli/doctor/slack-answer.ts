/** What Slack's answers say to somebody who only looks. */
import type { JsonObject, JsonValue } from '../../event/json.ts';
import type { CallSlack, SlackMethod } from '../../destination/slack-api.ts';
import { slackFault, slackRemedy } from '../../destination/slack-errors.ts';
import { parseAnswer } from '../../destination/slack-outcome.ts';
import { clockAhead } from '../../narrative/client.ts';
import { shown } from '../../narrative/check-told.ts';
import { nodeClock } from '../../node/ports.ts';

export type SlackAnswer =
  | {
      kind: 'granted';
      body: JsonObject;
      /** Of the token; null where the answer does not tell them. */
      scopes: ReadonlySet<string> | null;
      /** How far Slack's clock is ahead of ours, ms; null: not told. */
      aheadMs: number | null;
    }
  /** `code`: Slack's, such as `channel_not_found`. */
  | { kind: 'refused'; code: string; detail: string; remedy: string }
  /** None, or one that says only that it is not the time to ask. */
  | { kind: 'no-answer'; detail: string };

const timeoutMs = 10_000;
const unhurried = new AbortController().signal;

export async function askSlack(
  call: CallSlack,
  method: SlackMethod,
  fields: Record<string, JsonValue> = {},
): Promise<SlackAnswer> {
  const result = await call(method, fields, { timeoutMs, signal: unhurried });
  if (result.kind !== 'answer') return { kind: 'no-answer', detail: result.detail };
  const body = parseAnswer(result.text);
  if (result.status === 200 && body?.ok === true) {
    return {
      kind: 'granted',
      body,
      scopes: scopesIn(result.headers.get('x-oauth-scopes')),
      aheadMs: clockAhead(result.headers, nodeClock.now()),
    };
  }
  const code = body?.error;
  if (typeof code !== 'string' || code === '') {
    return { kind: 'no-answer', detail: `what answered ${method} (HTTP ${result.status}) is not Slack's API` };
  }
  const fault = slackFault(code);
  const needs = typeof body?.needed === 'string' ? ` (needs ${shown(body.needed)})` : '';
  const detail = `Slack said ${shown(code)}${needs}`;
  if (fault.kind === 'retry' || fault.kind === 'ambiguous') return { kind: 'no-answer', detail };
  const remedy = slackRemedy(code, fault.kind === 'destination-broken' ? fault.reason : 'channel');
  return { kind: 'refused', code, detail, remedy };
}

/** Source: docs.slack.dev/authentication/installing-with-oauth, the headers of each answer. */
function scopesIn(header: string | null): ReadonlySet<string> | null {
  if (header === null) return null;
  return new Set(
    header
      .split(',')
      .map((scope) => scope.trim())
      .filter((scope) => scope !== ''),
  );
}

/** A text of an answer, for one line; null where there is none. */
export function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? shown(value) : null;
}
