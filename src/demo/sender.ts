/**
 * Narrative's half of a webhook: signs a body, posts it, and posts the same bytes again until it gets a 2xx. Shares no
 * code with the relay's verification, so that the two check each other.
 */
import { createHmac } from 'node:crypto';

export type SigningScheme = 'hmac-sha256' | 'shared-secret' | 'standard-webhooks';

export interface Webhook {
  /** The webhook event's id. */
  id: string;
  body: Uint8Array;
  /** Signs with this in place of the sender's own secret: what a forger would do. */
  secret?: string;
  /** Default: the sender's. */
  maxAttempts?: number;
}

export type Sent =
  /** `deliveries`: how many the answer promised; 0 for all but `accepted`. */
  | { kind: 'answered'; status: number; answer: TalliedAnswer; deliveries: number; attempts: number }
  /** `last`: the last answer or error, in a few words. */
  | { kind: 'gave-up'; last: string; attempts: number };

type TalliedAnswer = 'accepted' | 'duplicate' | 'quarantined' | 'refused' | 'other';

/** How many requests were made, and what came back to them: `requests` is the sum of the others. */
export interface Tally {
  requests: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  /** 4xx: not this time, not with these bytes. */
  refused: number;
  /** 429 and 5xx, and 2xx whose body says nothing known. */
  other: number;
  /** No answer. */
  unreachable: number;
}

export interface Counts {
  readonly answers: Readonly<Tally>;
  /** The sum of the `deliveries` that answers of `accepted` promised. */
  readonly promised: number;
}

export interface SenderOptions {
  url: string;
  secret: string;
  /** Default `hmac-sha256`: hex in `X-Narrative-Signature`. */
  scheme?: SigningScheme;
  /** Default 6. */
  maxAttempts?: number;
  /** Before the second attempt, ms; doubles from there. A `Retry-After` in seconds only lengthens it. Default 250. */
  backoffMs?: number;
  /** For one request, ms. Default 10,000. */
  timeoutMs?: number;
}

export interface SenderPorts {
  now(): number;
  wait(ms: number): Promise<void>;
}

export interface Sender {
  counts(): Counts;
  /** Resolves after the first 2xx or the last attempt; never rejects. */
  send(webhook: Webhook): Promise<Sent>;
}

export function createSender(options: SenderOptions, ports: SenderPorts): Sender {
  const { url, secret, scheme = 'hmac-sha256', backoffMs = 250, timeoutMs = 10_000 } = options;
  const tally: Tally = { requests: 0, accepted: 0, duplicate: 0, quarantined: 0, refused: 0, other: 0, unreachable: 0 };
  let promised = 0;

  async function post(webhook: Webhook, proof: Record<string, string>): Promise<Reply> {
    tally.requests += 1;
    const headers = { 'content-type': 'application/json', 'user-agent': 'narrative-relay-demo', ...proof };
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, { method: 'POST', headers, body: webhook.body, redirect: 'manual', signal });
      const text = await response.text();
      const answer = answerOf(response.status, text);
      tally[answer] += 1;
      const deliveries = answer === 'accepted' ? Number(/"deliveries"\s*:\s*(\d+)/.exec(text)?.[1] ?? 0) : 0;
      promised += deliveries;
      const retryAfterMs = seconds(response.headers.get('retry-after'));
      return { kind: 'answer', status: response.status, answer, deliveries, retryAfterMs };
    } catch (error) {
      tally.unreachable += 1;
      return { kind: 'none', why: describe(error) };
    }
  }

  return {
    counts: () => ({ answers: { ...tally }, promised }),
    async send(webhook) {
      const maxAttempts = webhook.maxAttempts ?? options.maxAttempts ?? 6;
      // Made once: a redelivery keeps its signature and, with Standard Webhooks, its first timestamp.
      const proof = proofOf(scheme, webhook.secret ?? secret, webhook, Math.floor(ports.now() / 1000));
      for (let attempts = 1; ; attempts += 1) {
        const reply = await post(webhook, proof);
        const { kind } = reply;
        if (kind === 'answer' && reply.status >= 200 && reply.status < 300) {
          return { kind: 'answered', status: reply.status, answer: reply.answer, deliveries: reply.deliveries, attempts };
        }
        if (attempts >= maxAttempts)
          return { kind: 'gave-up', last: kind === 'none' ? reply.why : `HTTP ${reply.status}`, attempts };
        await ports.wait(Math.max(backoffMs * 2 ** (attempts - 1), kind === 'none' ? 0 : reply.retryAfterMs));
      }
    },
  };
}

type Reply =
  | { kind: 'answer'; status: number; answer: TalliedAnswer; deliveries: number; retryAfterMs: number }
  | { kind: 'none'; why: string };

/** The headers that prove who sends. */
export function proofOf(scheme: SigningScheme, secret: string, webhook: Webhook, timestampS: number): Record<string, string> {
  switch (scheme) {
    case 'hmac-sha256':
      return { 'x-narrative-signature': createHmac('sha256', secret).update(webhook.body).digest('hex') };
    case 'shared-secret':
      return { authorization: `Bearer ${secret}` };
    case 'standard-webhooks': {
      const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
      const signature = createHmac('sha256', key).update(`${webhook.id}.${timestampS}.`).update(webhook.body).digest('base64');
      return { 'webhook-id': webhook.id, 'webhook-timestamp': String(timestampS), 'webhook-signature': `v1,${signature}` };
    }
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
