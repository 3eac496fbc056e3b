/** Narrative's side of the demo: the simulator, with the night that it is to play. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNarrativeApi } from '../narrative/client.ts';
import { version } from '../node/version.ts';
import { formatProblem } from '../rules/problem.ts';
import { readScenario, seedSubscriptions, type Scenario } from '../simulator/scenario.ts';
import { timelineOf } from '../simulator/scenario-timeline.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import type { Timeline } from '../simulator/timeline.ts';
import type { DemoClocks } from './clocks.ts';
import { narrativeToken } from './environment.ts';

export interface Narrative {
  simulator: Simulator;
  timeline: Timeline;
  /** As Narrative showed it when the relay's subscription was made. */
  webhookSecret: string;
}

export interface NarrativeOptions {
  /** Of the relay. */
  webhookUrl: string;
  /** How much faster than real the night is played. */
  times: number;
  clocks: DemoClocks;
  signal: AbortSignal;
}

// From dist, too: there the scenarios stay where they are.
const scenarioPath = new URL('../../src/simulator/scenarios/night.yaml', import.meta.url);

/** Impatient: the night goes on while the relay is away. */
const retries = { maxAttempts: 3, backoffMs: 60 };

/** The relay's subscription is made as its users make it, by Narrative's API. */
export async function startNarrative({ webhookUrl, times, clocks, signal }: NarrativeOptions): Promise<Narrative> {
  const wait = (ms: number) => sleep(ms, undefined, { signal });
  const ports = { now: Date.now, storyNow: clocks.storyNow, wait, speed: times };
  const simulator = await startSimulator({ token: narrativeToken, form: 'both', retries, ports });
  try {
    const webhookSecret = await subscribe(simulator, webhookUrl, wait);
    const scenario = readNight(webhookSecret);
    // The first one is made already.
    for (const seed of seedSubscriptions(scenario, webhookUrl).slice(1)) simulator.subscribe(seed);
    return { simulator, timeline: timelineOf(scenario, clocks.eveningMs), webhookSecret };
  } catch (error) {
    await simulator.close();
    throw error;
  }
}

/** The secret of a new subscription to every state of every job. */
async function subscribe({ url, token }: Simulator, webhookUrl: string, wait: (ms: number) => Promise<void>): Promise<string> {
  const random = { fraction: Math.random };
  const api = createNarrativeApi({ fetch, clock: { now: Date.now }, random, token, url, version, wait });
  const everything = { kind: 'jobs', jobIds: null, jobTypes: null, states: null } as const;
  const created = await api.createSubscription({ ...everything, url: webhookUrl, name: 'everything' });
  if (!created.ok) throw new Error(`The demo can't subscribe: ${created.failure.detail}`);
  if (created.value.secret === null) throw new Error("The demo can't subscribe: the simulator's answer holds no secret");
  return created.value.secret;
}

function readNight(webhookSecret: string): Scenario {
  const text = readFileSync(scenarioPath, 'utf8');
  const read = readScenario(text, scenarioPath.pathname, { NARRATIVE_WEBHOOK_SECRET: webhookSecret });
  if (!read.ok) throw new Error(['The scenario of the demo is wrong:', ...read.problems.map(formatProblem)].join('\n  '));
  return read.scenario;
}
