/**
 * What Narrative sends in the crash and chaos proofs: streams of signed webhooks, each stream one after the other, so that
 * the order in which its events were accepted is known without asking the relay. What is not acknowledged is sent again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createDice, type Dice } from '../../src/demo/dice.ts';
import { createSender, type Sent } from '../../src/demo/sender.ts';

/** What should become of a webhook; in the words of the ledger. */
export type Fate = 'routed' | 'unrouted' | 'repeated' | 'suppressed' | 'quarantined';

export interface LoadWebhook {
  /** `load-<stream>-<number>`: Narrative's id for it, and its idempotency key. */
  id: string;
  body: Uint8Array;
  fate: Fate;
  /** "The thing that is broken", as the rules of the proof render it; null for what is not routed. */
  subject: string | null;
  /** The HTTP receiver refuses this one for good (422): its delivery there dies and goes to the fallback. */
  refusedByHttp: boolean;
}

interface Job {
  id: string;
  type: string;
  datasetId: number | null;
  atMs: number;
}

/** A stream's jobs fail a second apart, from here on. */
const firstFailureMs = Date.UTC(2026, 0, 5, 9);

/** An endless stream. Most are failures of one dataset, which share a subject, and of jobs that have a subject of their own. */
function createStream(stream: number, dice: Dice): () => LoadWebhook {
  let number = 0;
  let last: Job | null = null;

  function job(state: string, { id, type, datasetId, atMs }: Job, more: object): LoadWebhook {
    const webhookId = `load-${stream}-${++number}`;
    const updated_at = `${new Date(atMs).toISOString().slice(0, 23)}000`;
    const input = datasetId === null ? {} : { dataset_id: datasetId };
    // An alert shows what failed, so this tells which webhook it is about.
    const trouble = { message: `${webhookId}: out of memory`, timestamp: updated_at, value: { trace: trace(dice) } };
    const failures = state === 'failed' ? [trouble] : [];
    const body = {
      id: webhookId,
      type: `job.${state}`,
      created_at: updated_at,
      data: { job_id: id, state, type, input, created_at: updated_at, updated_at, failures, ...more },
    };
    const subject = `${type}/${datasetId ?? id}`;
    return { id: webhookId, body: bytes(body), fate: 'routed', subject, refusedByHttp: false };
  }

  function failure(shared: boolean): LoadWebhook {
    last = {
      id: `job-${stream}-${number + 1}`,
      type: shared ? 'datasets_deliver_data' : 'models_deliver_model',
      datasetId: shared ? 1000 + stream : null,
      atMs: firstFailureMs + number * 1_000,
    };
    const refusedByHttp = dice.between(1, 40) === 1;
    return { ...job('failed', last, { executor: refusedByHttp ? refusedExecutor : 'job-executor-1' }), refusedByHttp };
  }

  return () => {
    const roll = dice.between(1, 100);
    if (last === null || roll <= 50) return failure(true);
    if (roll <= 75) return failure(false);
    if (roll <= 82) {
      const other: Job = { ...last, id: `costs-${stream}-${number}`, type: 'costs' };
      return { ...job('completed', other, {}), fate: 'unrouted', subject: null };
    }
    if (roll <= 88) return { ...job('failed', last, { told: 'twice' }), fate: 'repeated', subject: null };
    if (roll <= 94) {
      return { ...job('running', { ...last, atMs: last.atMs - number - 1 }, {}), fate: 'suppressed', subject: null };
    }
    const id = `load-${stream}-${++number}`;
    return { id, body: bytes({ id, weather: 'fine' }), fate: 'quarantined', subject: null, refusedByHttp: false };
  };
}

/** Marks, in an event's body, what the HTTP receiver refuses. */
export const refusedExecutor = 'job-executor-refused';

/** Some traces are long, so that a commit takes long enough to be hit. */
function trace(dice: Dice): string {
  return 'at org.example.Stage.run(Stage.scala:42)\n'.repeat(dice.between(1, 8) === 1 ? 600 : 10);
}

function bytes(body: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(body));
}

export interface Acknowledged {
  webhook: LoadWebhook;
  sent: Extract<Sent, { kind: 'answered' }>;
}

export interface Load {
  /** In the order in which they were first sent. */
  readonly webhooks: readonly LoadWebhook[];
  readonly acknowledged: readonly Acknowledged[];
  /** Requests made, and those of them that got no 2xx and were made again. */
  requests(): { made: number; again: number };
  /** Called in the very moment in which an acknowledgement has come. Returns how to stop that. */
  onAcknowledged(listener: () => void): () => void;
  /** Starts no more webhooks; resolves when each that was started is acknowledged. Rejects with what ended a stream. */
  finish(): Promise<void>;
}

export interface LoadOptions {
  /** The webhook route. */
  url: string;
  secret: string;
  seed: number;
  streams: number;
  /** Longest pause of a stream between two webhooks, ms. */
  pauseMs: number;
  /** Ends the load at once. */
  signal: AbortSignal;
}

export function startLoad({ url, secret, seed, streams, pauseMs, signal }: LoadOptions): Load {
  const webhooks: LoadWebhook[] = [];
  const acknowledged: Acknowledged[] = [];
  const listeners = new Set<() => void>();
  const wait = (ms: number) => sleep(ms, undefined, { signal });
  const sender = createSender({ url, secret, backoffMs: 20, maxAttempts: Infinity }, { now: Date.now, wait });
  const finishing = new AbortController();

  async function run(stream: number): Promise<void> {
    const dice = createDice(seed + stream);
    const next = createStream(stream, dice);
    while (!finishing.signal.aborted) {
      const webhook = next();
      webhooks.push(webhook);
      const sent = await sender.send(webhook);
      if (sent.kind === 'gave-up') throw new Error(`webhook ${webhook.id} was given up: ${sent.last}`);
      acknowledged.push({ webhook, sent });
      for (const listener of listeners) listener();
      await wait(dice.between(0, pauseMs));
    }
  }

  const running = Promise.all(Array.from({ length: streams }, (_, stream) => run(stream)));
  running.catch(() => {}); // Told by `finish`.
  return {
    webhooks,
    acknowledged,
    requests() {
      const { requests, accepted, duplicate, quarantined } = sender.counts().answers;
      return { made: requests, again: requests - accepted - duplicate - quarantined };
    },
    onAcknowledged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async finish() {
      finishing.abort();
      await running;
    },
  };
}
