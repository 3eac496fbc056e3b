/** A relay and a simulated Narrative whose webhooks it lost, for what operators do about that. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiFault } from '../../src/simulator/faults.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { zoneless } from '../../src/simulator/stamps.ts';
import { startRelayUnderTest } from './relay-under-test.ts';

export const adminToken = 'operators-token-not-a-real-one';
const narrativeToken = 'narrative-token-not-a-real-one';

const hourMs = 3_600_000;

export interface LostJob {
  id: string;
  state?: string;
  type?: string;
  datasetId?: number;
  /** How long ago it came to its state. */
  hoursAgo?: number;
}

export type ReconcileStage = Awaited<ReturnType<typeof startReconcileStage>>;

/** `match`: of the one rule, which prints. */
export async function startReconcileStage({ match = '{ states: [failed] }' }: { match?: string } = {}) {
  const dayAgo = Date.now() - 24 * hourMs;
  const simulator = await startSimulator({
    token: narrativeToken,
    // The subscription has been there for a day.
    ports: { now: Date.now, storyNow: () => dayAgo, wait: (ms) => sleep(ms), speed: 1 },
  });
  const filters = { jobIds: null, jobTypes: null, states: null, appId: null };
  const url = 'http://127.0.0.1:9/webhooks/narrative';
  const { id } = simulator.subscribe({ name: null, url, secret: null, kind: 'jobs', ...filters });
  const relay = await startRelayUnderTest({
    adminToken,
    settings: { narrativeApiUrl: simulator.url, narrativeApiToken: narrativeToken },
    rules: `version: 1
subscriptions: { production: { id: ${id}, secrets: [{ env: FAKE_SECRET }] } }
rules: [{ name: failures, match: ${match}, send: [{ to: console }] }]
`,
  });

  return {
    relay,
    /** It comes to its state, and its webhook never comes. */
    async lose({ id, state = 'failed', type = 'materialize-view', datasetId = 10736, hoursAgo = 2 }: LostJob): Promise<void> {
      const at = (hours: number) => zoneless((Date.now() - hours * hourMs) * 1_000);
      const job = {
        job_id: id,
        type,
        state,
        input: { dataset_id: datasetId },
        request_source: { type: 'process', name: 'nightly-refresh' },
        created_at: at(hoursAgo + 0.5),
        updated_at: at(hoursAgo),
        failures: state === 'failed' ? [{ message: 'out of memory', timestamp: at(hoursAgo) }] : [],
      };
      const webhook = { delayMs: 0, againAfterMs: null, lost: true };
      await simulator.happen({ kind: 'job', job, webhook, atMs: 0, burst: null, note: null });
    },
    misbehave: (fault: ApiFault) => simulator.misbehave(fault),
    async stop(): Promise<void> {
      await relay.stop();
      await simulator.close();
    },
  };
}
