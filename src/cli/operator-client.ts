/** Asks a running relay, wherever it runs, by its operator API. */
import { isObject } from '../event/json.ts';
import { oneLine } from '../destination/text.ts';
import { requestOnce } from '../destination/http-client.ts';
import { readSecret } from '../node/rules-folder.ts';
import { readSettings } from '../settings.ts';
import { CommandFailure } from './rules.ts';

const timeoutMs = 15_000;
const maxAnswerBytes = 32 * 1024 * 1024;

export type AskRelay = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<unknown>;

/** From `RELAY_URL` and `RELAY_ADMIN_TOKEN`. `path` is below `/api/v1`. What is no success ends the command. */
export function operatorClient(): AskRelay {
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

  return async (method, path, body) => {
    const result = await requestOnce(
      fetch,
      `${base}/api/v1${path}`,
      {
        method,
        headers: { authorization: `Bearer ${adminToken}`, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      },
      { timeoutMs, signal: new AbortController().signal, maxAnswerBytes },
    );
    if (result.kind !== 'answer') throw unreachable(base, result.detail);
    const { status, headers, text } = result;
    if (status >= 300 && status < 400) {
      throw unreachable(
        base,
        `it redirects to ${oneLine(headers.get('location') ?? 'nowhere')}, and a token goes to no other place`,
      );
    }
    const answer = parsed(text);
    if (status < 300 && answer !== undefined) return answer;
    if (isObject(answer) && typeof answer.detail === 'string') throw refusal(status, oneLine(answer.detail));
    throw unreachable(base, `what answers there (status ${status}) is no relay's operator API`);
  };
}

/** Without what may be a password, and without a slash at its end. */
function baseOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

function unreachable(base: string, why: string): CommandFailure {
  return new CommandFailure(3, `no answer from a relay at ${base}: ${why.replace(/[.?]$/, '')}. RELAY_URL says where it is.`);
}

/** 400 says what is wrong with what was asked: a matter of usage. */
function refusal(status: number, detail: string): CommandFailure {
  return new CommandFailure(status === 400 ? 2 : 1, `the relay refused (${status}): ${detail}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
