import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkNarrative } from '../../src/narrative/check-narrative.ts';
import { createNarrativeApi } from '../../src/narrative/client.ts';
import { nodeClock, nodeRandom } from '../../src/node/ports.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';

let narrative: Simulator;

beforeAll(async () => {
  const wait = async (ms: number) => void (await sleep(ms));
  const ports = { now: () => Date.now(), storyNow: () => Date.now(), wait, speed: 1 };
  narrative = await startSimulator({ token: 'fake-token', ports });
});
afterAll(() => narrative.close());

function check(clockAheadMs: number | null) {
  const { url } = narrative;
  const wait = async () => {};
  const ports = { fetch: globalThis.fetch, clock: nodeClock, random: nodeRandom, wait };
  const api = createNarrativeApi({ ...ports, token: 'fake-token', url, version: '0.0.0', maxAttempts: 1 });
  return checkNarrative({ api, rules: null, apiUrl: url, publicUrl: undefined, clockAheadMs: () => clockAheadMs });
}

describe('the clock', () => {
  test.each<[number | null, string, RegExp]>([
    [0, 'ok', /agree/],
    [-60_000, 'ok', /agree/],
    [61_000, 'warning', /this machine's clock is 61 s behind Narrative's/],
    [-90_000, 'warning', /this machine's clock is 90 s ahead of Narrative's/],
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
