/**
 * What Narrative sends in the crash and chaos proofs: streams of signed webhooks, each stream one after the other, so that
 * the order in which its events were accepted is known without asking the relay. What is not acknowledged is sent again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createDice, type Dice } from '../../src/simulator/dice.ts';
import { createSender } from '../../src/simulator/sender.ts';
import type { Sent } from '../../src/simulator/sent.ts';
import { createIncidentStream } from './incident-stream.ts';
import { bytes, firstEndMs, jobWebhook, type Job, type LoadWebhook } from './webhook.ts';

/** An endless stream. Most are failures of one dataset, which share a subject, and of jobs that have a subject of their own. */
function createStream(stream: number, dice: Dice): () => LoadWebhook {
  let number = 0;
  let last: Job | null = null;

  const nextId = () => `load-${stream}-${++number}`;
  const job = (state: string, what: Job, more: object) => jobWebhook(nextId(), state, what, dice, more);

  function failure(shared: boolean): LoadWebhook {
    last = {
      id: `job-${stream}-${number + 1}`,
      type: shared ? 'datasets_deliver_data' : 'models_deliver_model',
      datasetId: shared ? 1000 + stream : null,
      atMs: firstEndMs + number * 1_000,
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
    const id = nextId();
    return { id, body: bytes({ id, weather: 'fine' }), fate: 'quarantined', subject: null, state: null, refusedByHttp: false };
  };
}

/** Marks, in an event's body, what the HTTP receiver refuses. */
export const refusedExecutor = 'job-executor-refused';

export interface Acknowledged {
  webhook: LoadWebhook;
  /** When it was first sent, and when its acknowledgement had come; ms, of one clock for all. */
  sentAtMs: number;
  ackedAtMs: number;
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
  /** Further ones, about what breaks and works again. */
  incidentStreams: number;
  /** Longest pause of a stream between two webhooks, ms. */
  pauseMs: number;
  /** Ends the load at once. */
  signal: AbortSignal;
}

export function startLoad({ url, secret, seed, streams, incidentStreams, pauseMs, signal }: LoadOptions): Load {
  const webhooks: LoadWebhook[] = [];
  const acknowledged: Acknowledged[] = [];
  const listeners = new Set<() => void>();
  const wait = (ms: number) => sleep(ms, undefined, { signal });
  const sender = createSender({ url, secret, backoffMs: 20, maxAttempts: Infinity }, { now: Date.now, wait });
  const finishing = new AbortController();

  async function run(stream: number): Promise<void> {
    const dice = createDice(seed + stream);
    const next = stream < streams ? createStream(stream, dice) : createIncidentStream(stream, dice);
    while (!finishing.signal.aborted) {
      const webhook = next();
      webhooks.push(webhook);
      const sentAtMs = performance.now();
      const sent = await sender.send(webhook);
      if (sent.kind === 'gave-up') throw new Error(`webhook ${webhook.id} was given up: ${sent.last}`);
      acknowledged.push({ webhook, sentAtMs, ackedAtMs: performance.now(), sent });
      for (const listener of listeners) listener();
      await wait(dice.between(0, pauseMs));
    }
  }

  const running = Promise.all(Array.from({ length: streams + incidentStreams }, (_, stream) => run(stream)));
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
