/** A relay between a simulated Narrative and the stand-ins for Slack and PagerDuty: everything over real HTTP, by the real commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import type { TestContext } from 'vitest';
import { freePort } from '../../src/demo/free-port.ts';
import type { JsonObject } from '../../src/event/json.ts';
import type { SentWebhook } from '../../src/simulator/tell.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { zoneless } from '../../src/simulator/stamps.ts';
import { relay, type CommandResult } from '../cli/relay-command.ts';
import { adminToken, openIncidentStage, type IncidentStage } from './incident-stage.ts';
import type { LaunchOptions, RelayChild } from './relay-child.ts';

/** So long ago is what happens, ms, by Narrative's clock and ours: what is younger than a minute, a run leaves alone. */
const agoMs = 240_000;
/** The clock of a relay that was there before that. */
export const before = { aheadMs: -1.5 * agoMs };
const hourMs = 3_600_000;

export interface Transition {
  id: string;
  state: string;
  datasetId: number;
}

export interface NarrativeStage extends IncidentStage {
  narrative: Simulator;
  /** A relay on the port to which Narrative delivers, with what `subscriptions create` wrote. */
  launch(options?: Partial<LaunchOptions>): RelayChild;
  /** The real command, with the settings of the relay's operator. */
  command(...args: string[]): Promise<CommandResult>;
  /** Something happens to a job at Narrative, a moment after what happened before. Resolves when its webhooks were delivered or given up. */
  happens(transition: Transition): Promise<SentWebhook['outcome'][]>;
  /** The same webhook again, as the job has not changed since. */
  repeats(id: string): Promise<SentWebhook['outcome'][]>;
}

/** `rules`: YAML from the key `rules` on. Makes the subscription, as the README says: by the command. */
export async function openNarrativeStage(context: TestContext, rules: string): Promise<NarrativeStage> {
  const stage = await openIncidentStage(context, rules);
  const { prepared } = stage;
  const narrative = await startSimulator({
    token: 'narrative-token-not-a-real-one',
    retries: { maxAttempts: 2, backoffMs: 20 },
    // The subscription has been there for an hour.
    ports: { now: Date.now, storyNow: () => Date.now() - hourMs, wait: (ms) => wait(ms), speed: 1 },
  });
  context.onTestFinished(() => narrative.close());
  const port = await freePort('127.0.0.1');
  const settings = {
    NARRATIVE_API_URL: narrative.url,
    NARRATIVE_API_TOKEN: narrative.token,
    RELAY_PUBLIC_URL: `http://127.0.0.1:${port}`,
  };
  const operator = {
    ...settings,
    RELAY_RULES: join(prepared.folder, 'rules'),
    RELAY_DB: prepared.databasePath,
    SLACK_API_URL: stage.slack.url,
    PAGERDUTY_EVENTS_URL: stage.pagerDuty.url,
    RELAY_URL: `http://127.0.0.1:${port}`,
    RELAY_ADMIN_TOKEN: adminToken,
    SLACK_BOT_TOKEN: 'xoxb-not-a-real-token',
    PAGERDUTY_ROUTING_KEY: 'INCIDENTROUTINGKEYNOTAREALONE000',
    NARRATIVE_WEBHOOK_SECRET: 'not-known-yet',
  };
  const command = (...args: string[]) => relay(args, { env: operator, cwd: prepared.folder });
  const created = await command('subscriptions', 'create', '--from-rules', '--write-env', 'narrative.env');
  if (created.status !== 0) throw new Error(`no subscription: ${created.stderr}${created.stdout}`);
  const written = parseEnv(readFileSync(join(prepared.folder, 'narrative.env'), 'utf8')) as Record<string, string>;
  const jobs = new Map<string, JsonObject>();

  async function tell(job: JsonObject): Promise<SentWebhook['outcome'][]> {
    const webhook = { delayMs: 0, againAfterMs: null, lost: false };
    const sent = await narrative.happen({ kind: 'job', job, webhook, atMs: 0, burst: null, note: null });
    return sent.map(({ outcome }) => outcome);
  }

  let moment = 0;
  return {
    ...stage,
    narrative,
    launch: ({ environment, ...options } = {}) =>
      prepared.launch({ ...options, environment: { PORT: String(port), ...settings, ...written, ...environment } }),
    command,
    happens({ id, state, datasetId }) {
      const atMs = Date.now() - agoMs;
      const at = zoneless(atMs * 1000 + (moment += 1));
      const job = {
        job_id: id,
        type: 'datasets_deliver_data',
        state,
        input: { dataset_id: datasetId },
        request_source: { type: 'process', name: 'nightly-refresh' },
        created_at: zoneless((atMs - 60_000) * 1000),
        updated_at: at,
        ended_at: at,
        failures: state === 'failed' ? [{ message: `${id}: out of memory`, timestamp: at }] : [],
      };
      jobs.set(id, job);
      return tell(job);
    },
    repeats: (id) => tell(jobs.get(id)!),
  };
}
