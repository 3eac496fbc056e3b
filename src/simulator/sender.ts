/** Narrative's half of a webhook: signs a body, posts it, and posts the same bytes again until it gets a 2xx. */
import { createGate } from './gate.ts';
import { proofOf, targetOf, type Signable, type Signing } from './signing.ts';
import { createTally, type Counts, type Sent, type TalliedAnswer, type RunningTally } from './sent.ts';

export interface Webhook extends Signable {
  /** Signs with this in place of the sender's own secret: what a forger would do. */
  secret?: string;
  /** Default: the sender's. */
  maxAttempts?: number;
  /** When it was signed, epoch ms: one that is sent again later keeps it. Default: now. */
  signedAtMs?: number;
  /** Makes no further attempt once it is aborted; its reason, a string, says why. */
  stop?: AbortSignal;
}

export interface Retries {
  /** Default 6. */
  maxAttempts: number;
  /** Before the second attempt, ms; doubles from there. A `Retry-After` in seconds only lengthens it. Default 250. */
  backoffMs: number;
  /** Default 60,000. */
  maxBackoffMs: number;
  /** For one request, ms. Default 10,000. */
  timeoutMs: number;
}

export interface SenderOptions extends Partial<Retries> {
  url: string;
  secret: string;
  /** Default `hmac-sha256`: hex in `X-Narrative-Signature`. */
  signing?: Signing;
  /** Requests in the air; the others wait in line. What waits for its next attempt takes no place. Default: as many as are asked for. */
  atOnce?: number;
  /** Counts along; for several senders that are counted as one. */
  tally?: RunningTally;
  /** Breaks off requests that are under way. */
  closing?: AbortSignal;
}

export interface SenderPorts {
  now(): number;
  wait(ms: number): Promise<void>;
}

export interface Sender {
  counts(): Counts;
  /** Resolves after the first 2xx or the last attempt; rejects only when `wait` does. */
  send(webhook: Webhook): Promise<Sent>;
}

export function createSender(options: SenderOptions, ports: SenderPorts): Sender {
  const { url, secret, signing = { scheme: 'hmac-sha256' }, tally = createTally() } = options;
  const { backoffMs = 250, maxBackoffMs = 60_000, timeoutMs = 10_000 } = options;
  const throughGate = createGate(options.atOnce ?? Infinity);

  async function post(target: string, body: Uint8Array, proof: Record<string, string>): Promise<Reply> {
    tally.request();
    const headers = { 'content-type': 'application/json', 'user-agent': 'narrative-relay-simulator', ...proof };
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(options.closing ? [options.closing] : [])]);
      const response = await fetch(target, { method: 'POST', headers, body, redirect: 'manual', signal });
      const text = await response.text();
      const answer = answerOf(response.status, text);
      const deliveries = answer === 'accepted' ? Number(/"deliveries"\s*:\s*(\d+)/.exec(text)?.[1] ?? 0) : 0;
      tally.answered(answer, deliveries);
      const retryAfterMs = seconds(response.headers.get('retry-after'));
      return { kind: 'answer', status: response.status, answer, deliveries, retryAfterMs };
    } catch (error) {
      tally.unreachable();
      return { kind: 'none', why: describe(error) };
    }
  }

  return {
    counts: () => tally.counts(),
    async send(webhook) {
      const maxAttempts = webhook.maxAttempts ?? options.maxAttempts ?? 6;
      const { stop } = webhook;
      // Made once: a redelivery keeps its signature and, with Standard Webhooks, its first timestamp.
      const signedAtS = Math.floor((webhook.signedAtMs ?? ports.now()) / 1000);
      const proof = proofOf(signing, webhook.secret ?? secret, webhook, signedAtS);
      const target = targetOf(signing, url, webhook.secret ?? secret);
      for (let attempts = 0; ;) {
        const reply = await throughGate(async () => (stop?.aborted ? null : post(target, webhook.body, proof)));
        if (reply === null) return { kind: 'gave-up', last: String(stop?.reason), attempts };
        attempts += 1;
        const { kind } = reply;
        if (kind === 'answer' && reply.status >= 200 && reply.status < 300) {
          return { kind: 'answered', status: reply.status, answer: reply.answer, deliveries: reply.deliveries, attempts };
        }
        if (attempts >= maxAttempts)
          return { kind: 'gave-up', last: kind === 'none' ? reply.why : `HTTP ${reply.status}`, attempts };
        const backedOffMs = Math.min(backoffMs * 2 ** (attempts - 1), maxBackoffMs);
        await untilOr(stop, ports.wait(Math.max(backedOffMs, kind === 'none' ? 0 : reply.retryAfterMs)));
      }
    },
  };
}

type Reply =
  | { kind: 'answer'; status: number; answer: TalliedAnswer; deliveries: number; retryAfterMs: number }
  | { kind: 'none'; why: string };

/** Resolves with the wait, or as soon as the signal is aborted. */
export async function untilOr(stop: AbortSignal | undefined, waited: Promise<void>): Promise<void> {
  if (stop === undefined) return waited;
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  if (stop.aborted) onAbort();
  stop.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([waited, stopped]);
  } finally {
    stop.removeEventListener('abort', onAbort);
  }
}

function answerOf(status: number, body: string): TalliedAnswer {
  if (status >= 400 && status < 500 && status !== 429) return 'refused';
  if (status < 200 || status >= 300) return 'other';
  const said = /"status"\s*:\s*"(accepted|duplicate|quarantined)"/.exec(body)?.[1];
  return (said as TalliedAnswer | undefined) ?? 'other';
}

function seconds(retryAfter: string | null): number {
  return retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
