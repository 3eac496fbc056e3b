/** Webhooks of the crash and chaos proofs, as Narrative would send them. */
import type { Dice } from '../../src/simulator/dice.ts';

/**
 * What should become of a webhook; in the words of the ledger. `incident`: rules with incidents decide, and time does, so
 * that is for `incident-verdict.ts` to say.
 */
export type Fate = 'routed' | 'unrouted' | 'repeated' | 'suppressed' | 'quarantined' | 'incident';

export interface LoadWebhook {
  /** `load-<stream>-<number>`: Narrative's id for it, and its idempotency key. */
  id: string;
  body: Uint8Array;
  fate: Fate;
  /** "The thing that is broken", as the rules of the proof render it; null for what is not routed. */
  subject: string | null;
  /** The state of its job; null where it tells of none. */
  state: string | null;
  /** The HTTP receiver refuses this one for good (422): its delivery there dies and goes to the fallback. */
  refusedByHttp: boolean;
}

export interface Job {
  id: string;
  type: string;
  datasetId: number | null;
  atMs: number;
}

/** Jobs of a stream end a second apart, from here on. */
export const firstEndMs = Date.UTC(2026, 0, 5, 9);

/** Tells of a job in a state. An alert shows what failed, so the failure's message tells which webhook it is about. */
export function jobWebhook(webhookId: string, state: string, job: Job, dice: Dice, more: object = {}): LoadWebhook {
  const { id, type, datasetId, atMs } = job;
  const updated_at = `${new Date(atMs).toISOString().slice(0, 23)}000`;
  const input = datasetId === null ? {} : { dataset_id: datasetId };
  const trouble = { message: `${webhookId}: out of memory`, timestamp: updated_at, value: { trace: trace(dice) } };
  const failures = state === 'failed' ? [trouble] : [];
  const body = {
    id: webhookId,
    type: `job.${state}`,
    created_at: updated_at,
    data: { job_id: id, state, type, input, created_at: updated_at, updated_at, failures, ...more },
  };
  const subject = `${type}/${datasetId ?? id}`;
  return { id: webhookId, body: bytes(body), fate: 'routed', subject, state, refusedByHttp: false };
}

/** Some traces are long, so that a commit takes long enough to be hit. */
function trace(dice: Dice): string {
  return 'at org.example.Stage.run(Stage.scala:42)\n'.repeat(dice.between(1, 8) === 1 ? 600 : 10);
}

export function bytes(body: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(body));
}
