/** A simulated Narrative, and the real command that asks it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/simulator.ts';
import type { SeedSubscription } from '../../src/simulator/timeline.ts';
import { relay, type CommandResult } from './relay-command.ts';

export const url = 'https://relay.example.com/webhooks/narrative';

export interface SubscriptionsStage {
  narrative: Simulator;
  env: Record<string, string>;
  /** A folder of its own. */
  folder: string;
  /** Writes rules into a folder below it; returns its path. */
  rules(text: string): string;
  /** Runs `relay subscriptions …` there, where no rules are. */
  subscriptions(...args: string[]): Promise<CommandResult>;
  stop(): Promise<void>;
}

export async function startStage(options: Partial<SimulatorOptions> = {}): Promise<SubscriptionsStage> {
  const ports = { now: () => Date.now(), storyNow: () => Date.now(), wait: (ms: number) => wait(ms), speed: 1 };
  const narrative = await startSimulator({ token: 'fake-api-token', ports, ...options });
  const folder = mkdtempSync(join(tmpdir(), 'relay-subscriptions-'));
  const env = {
    NARRATIVE_API_URL: narrative.url,
    NARRATIVE_API_TOKEN: narrative.token,
    RELAY_PUBLIC_URL: 'https://relay.example.com',
  };
  return {
    narrative,
    env,
    folder,
    rules(text) {
      writeFileSync(join(folder, 'rules.yaml'), `version: 1\n${text}`);
      return folder;
    },
    subscriptions: (...args) => relay(['subscriptions', ...args], { env, cwd: folder }),
    async stop() {
      await narrative.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export function seed(over: Partial<SeedSubscription> = {}): SeedSubscription {
  return { name: 'all', url, secret: null, kind: 'jobs', jobIds: null, jobTypes: null, states: null, appId: null, ...over };
}
