/** What came of one request to Narrative, and for what failed the words that a person needs. */
import { hostOf, retryAfter, type RequestResult } from '../destination/http-client.ts';
import { oneLine, truncate } from '../destination/text.ts';
import { isObject, parseJson, type JsonObject, type JsonValue } from '../event/json.ts';
import { text } from '../event/wire.ts';
import type { ApiFailure } from './api.ts';

/** One request, and what it is about. */
export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below the API's URL, with its query. */
  path: string;
  about: 'subscriptions' | 'jobs';
  /** Of the one that is meant; null: of none or all. */
  id: string | null;
  body?: JsonObject;
}

/** The caller's side of a call, for the words: `token` is what none of them may show. */
export interface Caller {
  url: string;
  token: string;
  maxAnswerBytes: number;
  nowMs: number;
}

export type Judged =
  | { kind: 'ok'; text: string }
  /**
   * `again`: whether another try makes sense. `any-call`: surely nothing came of this one; `safe-call`: something may have, so only a
   * call that can be made twice; `never`: it would end the same way.
   */
  | { kind: 'failed'; failure: ApiFailure; again: 'any-call' | 'safe-call' | 'never' };

export function judge(result: RequestResult, call: Call, caller: Caller): Judged {
  switch (result.kind) {
    case 'not-sent':
      return failed('any-call', 'unreachable', `${result.detail} (NARRATIVE_API_URL says where Narrative is)`);
    case 'unknown':
      return failed('safe-call', result.reason === 'timeout' ? 'timeout' : 'unreachable', result.detail + unsure(call));
    case 'answer':
      return result.status < 300 ? judgeSuccess(result, call, caller) : judgeRefusal(result, call, caller);
  }
}

type HttpAnswer = Extract<RequestResult, { kind: 'answer' }>;

function judgeSuccess({ text, cut }: HttpAnswer, call: Call, { url, maxAnswerBytes }: Caller): Judged {
  // Of an archived subscription nothing more needs to be read.
  if (call.method === 'DELETE' || cut === null) return { kind: 'ok', text };
  if (cut === 'broken') {
    return failed('safe-call', 'not-json', `${hostOf(url)}'s answer to ${shown(call)} broke off${unsure(call)}`);
  }
  const less = call.about === 'jobs' && call.id === null ? ': ask for fewer jobs a page' : '';
  return failed(
    'never',
    'too-large',
    `the answer to ${shown(call)} is longer than ${maxAnswerBytes} bytes${less}${unsure(call)}`,
  );
}

function judgeRefusal(answer: HttpAnswer, call: Call, caller: Caller): Judged {
  const { status, headers } = answer;
  const said = `${answered(status, call)}${quoted(answer, caller.token)}`;
  const after = retryAfter(headers, caller.nowMs);
  if (status < 400) {
    const to = withoutToken(headers.get('location') ?? 'nowhere', caller.token);
    return failed(
      'never',
      'unexpected',
      `${said}: it redirects to ${to}, and a token goes to no other place; correct NARRATIVE_API_URL`,
    );
  }
  if (status === 401 || status === 403) return failed('never', 'unauthorized', `${said}: ${permissions[call.about]}`);
  if (status === 404)
    return failed('never', 'not-found', call.id === null ? `${said}: ${noSuchPlace(caller.url)}` : unknownId(call));
  if (status === 429 || status >= 500) {
    // With a Retry-After the other side says that it turned the call away; without one, it may have come to half of it.
    const turnedAway = (status === 429 || status === 503) && after.afterMs !== undefined;
    const again = turnedAway ? 'any-call' : 'safe-call';
    const when = after.afterMs === undefined ? 'try again later' : `try again in ${Math.ceil(after.afterMs / 1000)} s`;
    return status === 429
      ? failed(again, 'rate-limited', `${said}: too many requests, ${when}`, after)
      : failed(again, 'server-error', `${said}: a fault on Narrative's side, ${when}${turnedAway ? '' : unsure(call)}`, after);
  }
  return failed('never', 'refused', said);
}

const permissions = {
  subscriptions: 'the token needs webhook permissions (account settings → API keys)',
  jobs: 'the token needs permission to read jobs (account settings → API keys)',
};

/** For an id that Narrative doesn't have, or that can't be one. */
export function unknownId({ about, id }: Pick<Call, 'about' | 'id'>): string {
  const which = truncate(oneLine(id ?? ''), 80) || '(empty)';
  return about === 'jobs'
    ? `Narrative has no job ${which}, or it is another company's`
    : `Narrative has no subscription ${which}; "relay subscriptions list" shows those there are`;
}

/** An answer of 2xx that doesn't hold what it should: `why` says what is wrong with it. Quotes none of it, since it can hold a secret. */
export function unreadable(kind: 'not-json' | 'unexpected', call: Call, why: string): ApiFailure {
  return { kind, detail: `the answer to ${shown(call)} can't be read: ${why}${unsure(call)}` };
}

function failed(
  again: Extract<Judged, { kind: 'failed' }>['again'],
  kind: ApiFailure['kind'],
  detail: string,
  after: { afterMs?: number } = {},
): Judged {
  return { kind: 'failed', again, failure: { kind, detail, ...after } };
}

/** Such as `GET /webhooks/5f0c…`. */
function shown({ method, path }: Call): string {
  return `${method} ${truncate(path.split('?', 1)[0]!, 120)}`;
}

const answered = (status: number, call: Call) => `Narrative answered ${status} to ${shown(call)}`;

const noSuchPlace = (url: string) => `there is no such place at ${hostOf(url)}; correct NARRATIVE_API_URL`;

/** Whoever creates a subscription blindly again has two of them; and of one whose answer is lost, the secret is lost too. */
function unsure({ method }: Call): string {
  return method === 'POST'
    ? '. It may have been made all the same: look with "relay subscriptions list", and archive it before you create another'
    : '';
}

/** ` ("its own words")`, or nothing. */
function quoted(answer: HttpAnswer, token: string): string {
  const words = withoutToken(errorText(answer.text), token);
  return words === '' ? '' : ` ("${words}")`;
}

/** Narrative's file says `{error, error_description}`; gateways before it write what they like. */
function errorText(body: string): string {
  let json: JsonValue;
  try {
    json = parseJson(body);
  } catch {
    return body;
  }
  if (!isObject(json)) return text(json) ?? body;
  const { message, error_description, detail, error } = json;
  const inner = isObject(error) ? text(error.message) : text(error);
  return text(message) ?? text(error_description) ?? text(detail) ?? inner ?? body;
}

/** On one line and short. A server may well repeat the token that it refuses. */
function withoutToken(words: string, token: string): string {
  return truncate(oneLine(words.replaceAll(token, '[the token]')), 200);
}
