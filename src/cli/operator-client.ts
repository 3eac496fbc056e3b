/** Asks a running relay, wherever it runs, by its operator API. */
import { isObject, parseJson } from '../event/json.ts';
import { oneLine } from '../destination/text.ts';
import { requestOnce } from '../destination/http-client.ts';
import { readSecret } from '../node/rules-folder.ts';
import { readSettings } from '../settings.ts';
import { CommandFailure } from './rules.ts';

/** For an answer to begin. */
export const timeoutMs = 15_000;
const maxAnswerBytes = 32 * 1024 * 1024;

export type AskRelay = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<unknown>;

/** The relay understood, and would not. */
export class Refused extends CommandFailure {
  /** Of the answer. */
  readonly status: number;
  constructor(status: number, detail: string) {
    // 400 says what is wrong with what was asked: a matter of usage.
    super(status === 400 ? 2 : 1, `the relay refused (${status}): ${detail}`);
    this.status = status;
  }
}

/** Nobody answered, or somebody else. */
export class Unreachable extends CommandFailure {
  /** Without the address. */
  readonly why: string;
  constructor(base: string, why: string) {
    const said = why.replace(/[.?]$/, '');
    super(3, `no answer from a relay at ${base}: ${said}. RELAY_URL says where it is.`);
    this.why = said;
  }
}

export interface RelayAccess {
  /** URL without a slash at its end, and without what may be a password. */
  base: string;
  authorization: string;
}

/** From `RELAY_URL` and `RELAY_ADMIN_TOKEN`. */
export function relayAccess(): RelayAccess {
  const read = readSettings(process.env, readSecret);
  if (!read.ok) throw new CommandFailure(2, `the settings are wrong:\n  ${read.problems.join('\n  ')}`);
  const { relayUrl, adminToken } = read.settings;
  const base = baseOf(relayUrl);
  if (adminToken === undefined) {
    throw new CommandFailure(
      2,
      `RELAY_ADMIN_TOKEN is not set. Set it to the token that the relay at ${base} was started with, or RELAY_ADMIN_TOKEN_FILE to a file that holds it.`,
    );
  }
  return { base, authorization: `Bearer ${adminToken}` };
}

/** `path` is below `/api/v1`. What is no success ends the command. `reword`: what a refusal says, in the words of whoever asked. */
export function operatorClient(reword = (detail: string) => detail): AskRelay {
  const { base, authorization } = relayAccess();
  return async (method, path, body) => {
    const result = await requestOnce(
      fetch,
      `${base}/api/v1${path}`,
      {
        method,
        headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      },
      { timeoutMs, signal: new AbortController().signal, maxAnswerBytes },
    );
    if (result.kind !== 'answer') throw new Unreachable(base, result.detail);
    const { status, headers, text } = result;
    const answer = parsed(text);
    if (status < 300 && answer !== undefined) return answer;
    throw failureOf(base, { status, headers, text }, reword);
  };
}

/** What an answer that is no success, or no answer of a relay's at all, means. */
export function failureOf(
  base: string,
  { status, headers, text }: { status: number; headers: Headers; text: string },
  reword: (detail: string) => string,
): CommandFailure {
  if (status >= 300 && status < 400) {
    return new Unreachable(
      base,
      `it redirects to ${oneLine(headers.get('location') ?? 'nowhere')}, and a token goes to no other place`,
    );
  }
  const answer = parsed(text);
  if (isObject(answer) && typeof answer.detail === 'string') return new Refused(status, reword(oneLine(answer.detail)));
  return new Unreachable(base, `what answers there (status ${status}) is no relay's operator API`);
}

function baseOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** With every digit of every integer: what is shown of an event may hold any. */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
