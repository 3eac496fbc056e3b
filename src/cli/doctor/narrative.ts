/** Narrative's side: asks its API, where there is a token for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkNarrative } from '../../narrative/check-narrative.ts';
import { createNarrativeApi } from '../../narrative/client.ts';
import { nodeClock, nodeRandom } from '../../node/ports.ts';
import { version } from '../../node/version.ts';
import type { Fetch } from '../../ports.ts';
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
  const heard = createHeardClock();
  return checkNarrative({
    api: apiOf(valid, heard.fetch),
    apiUrl: valid.narrativeApiUrl,
    publicUrl: valid.publicUrl,
    rules,
    clockAheadMs: heard.aheadMs,
  });
};

function apiOf({ narrativeApiToken: token, narrativeApiUrl: url }: Settings, fetch: Fetch) {
  if (token === undefined) return null;
  const wait = async (ms: number) => void (await sleep(ms));
  return createNarrativeApi({ fetch, clock: nodeClock, random: nodeRandom, token, url, version, wait, maxAttempts, timeoutMs });
}

/** Notes what time the other side says it is (RFC 9110 §6.6.1), to the second. */
function createHeardClock() {
  let aheadMs: number | null = null;
  const fetch: Fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init);
    const said = Date.parse(response.headers.get('date') ?? '');
    aheadMs = Number.isNaN(said) ? null : said - Math.floor(nodeClock.now() / 1000) * 1000;
    return response;
  };
  return { fetch, aheadMs: () => aheadMs };
}
