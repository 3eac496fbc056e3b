import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkNarrative } from '../../src/narrative/check-narrative.ts';
import { createNarrativeApi } from '../../src/narrative/client.ts';
import { nodeClock, nodeRandom } from '../../src/node/ports.ts';
import type { Fetch } from '../../src/ports.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';

let narrative: Simulator;

beforeAll(async () => {
  const wait = async (ms: number) => void (await sleep(ms));
  const ports = { now: () => Date.now(), storyNow: () => Date.now(), wait, speed: 1 };
  narrative = await startSimulator({ token: 'fake-token', ports });
});
afterAll(() => narrative.close());

/** `aheadMs`: of Narrative's clock; null: it says no time. */
function check(aheadMs: number | null) {
  const { url } = narrative;
  const wait = async () => {};
  const clock = { now: () => nodeClock.now() - (aheadMs ?? 0) };
  const ports = { fetch: aheadMs === null ? fetchUndated : fetch, clock, random: nodeRandom, wait };
  const api = createNarrativeApi({ ...ports, token: 'fake-token', url, version: '0.0.0', maxAttempts: 1 });
  return checkNarrative({ api, rules: null, apiUrl: url, publicUrl: undefined });
}

const fetchUndated: Fetch = async (...request) => {
  const { body, status, headers } = await fetch(...request);
  const undated = new Headers(headers);
  undated.delete('date');
  return new Response(body, { status, headers: undated });
};

describe('the clock', () => {
  test.each<[number | null, string, RegExp]>([
    [0, 'ok', /agree/],
    [-55_000, 'ok', /agree/],
    [65_000, 'warning', /this machine's clock is 1 min \d s behind Narrative's/],
    [-7_260_000, 'warning', /this machine's clock is 2 h 1 min ahead of Narrative's/],
    [null, 'skipped', /did not say/],
  ])('%s ms off is %s', async (aheadMs, verdict, detail) => {
    const { findings } = await check(aheadMs);
    expect(findings.find(({ name }) => name === 'clock')).toMatchObject({ verdict, detail: expect.stringMatching(detail) });
  });
});

test('without rules there is nothing to compare with, and the token is tried all the same', async () => {
  const { findings, reached } = await check(0);
  expect(findings.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    'token ok',
    'jobs ok',
    'clock ok',
    'subscriptions skipped',
  ]);
  expect(reached).toBe(true);
});
