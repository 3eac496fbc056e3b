/** What the commands that ask Narrative have in common: the client, made from the settings, and failures as exit codes. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, ApiFailure, NarrativeApi } from '../narrative/api.ts';
import { createNarrativeApi } from '../narrative/client.ts';
import { nodeClock, nodeRandom } from '../node/ports.ts';
import { readSecret } from '../node/rules-folder.ts';
import { version } from '../node/version.ts';
import { readSettings, type Settings } from '../settings.ts';
import { CommandFailure } from './rules.ts';

/** Wrong settings end the command. */
export function settingsForCommand(): Settings {
  const read = readSettings(process.env, readSecret);
  if (!read.ok) throw new CommandFailure(2, `the settings are wrong:\n  ${read.problems.join('\n  ')}`);
  return read.settings;
}

/** Null: there is no token. */
export function narrativeApiOf({ narrativeApiToken: token, narrativeApiUrl: url }: Settings): NarrativeApi | null {
  if (token === undefined) return null;
  return createNarrativeApi({
    fetch: globalThis.fetch,
    clock: nodeClock,
    random: nodeRandom,
    token,
    url,
    version,
    wait: (ms) => wait(ms),
  });
}

/** Without a token the command ends. */
export function requireNarrativeApi(settings: Settings): NarrativeApi {
  const api = narrativeApiOf(settings);
  if (api) return api;
  throw new CommandFailure(
    2,
    'NARRATIVE_API_TOKEN is not set. Make a token with webhook permissions in Narrative (account settings → API keys) and set it, or NARRATIVE_API_TOKEN_FILE to a file that holds it.',
  );
}

/** The value; a failure ends the command. */
export async function answered<T>(asked: Promise<Answer<T>>): Promise<T> {
  const answer = await asked;
  if (answer.ok) return answer.value;
  throw apiFailure(answer.failure);
}

export function apiFailure({ kind, detail }: ApiFailure): CommandFailure {
  return new CommandFailure(exitCodes[kind], detail);
}

/** 3: Narrative could not be asked, and may be later. */
const exitCodes: Record<ApiFailure['kind'], 1 | 3> = {
  unauthorized: 1,
  'not-found': 1,
  refused: 1,
  'rate-limited': 3,
  'server-error': 3,
  unreachable: 3,
  timeout: 3,
  'too-large': 1,
  'not-json': 1,
  unexpected: 1,
};
