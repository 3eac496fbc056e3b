/** Narrative's side: asks its API, where there is a token for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkNarrative } from '../../narrative/check-narrative.ts';
import { createNarrativeApi } from '../../narrative/client.ts';
import { nodeClock, nodeRandom } from '../../node/ports.ts';
import { version } from '../../node/version.ts';
import type { Settings } from '../../settings.ts';
import type { CheckArea } from './surroundings.ts';

/** Somebody is waiting: twice is enough to tell a hiccup from an outage. */
const maxAttempts = 2;
const timeoutMs = 15_000;

export const checkNarrativeSide: CheckArea = async ({ valid, rules }) => {
  if (valid === null) {
    const detail = 'not looked at while the settings are wrong';
    return { findings: [{ area: 'Narrative', name: 'token', verdict: 'skipped', detail, todo: null }], reached: true };
  }
  return checkNarrative({
    api: apiOf(valid),
    apiUrl: valid.narrativeApiUrl,
    publicUrl: valid.publicUrl,
    rules,
  });
};

function apiOf({ narrativeApiToken: token, narrativeApiUrl: url }: Settings) {
  if (token === undefined) return null;
  const wait = async (ms: number) => void (await sleep(ms));
  return createNarrativeApi({ fetch, clock: nodeClock, random: nodeRandom, token, url, version, wait, maxAttempts, timeoutMs });
}
