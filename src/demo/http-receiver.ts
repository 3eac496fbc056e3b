/** An HTTP endpoint that keeps what it receives and checks the signature on its own, as a real receiver would. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { styleText } from 'node:util';
import { applyFault, takesEffect, type Fault } from './faults.ts';
import { startServer } from './stand-in-server.ts';

export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The raw bytes. */
  body: Buffer;
}

export interface HttpReceiver {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Every request that was acted on, in order of arrival. */
  readonly requests: ReceivedRequest[];
  /** What was wrong with requests. */
  readonly problems: string[];
  /** Decides each request's fault; null takes it as usual. `count` counts from 1. */
  answerWith(decide: (request: ReceivedRequest, count: number) => Fault | null): void;
  on(listener: (request: ReceivedRequest) => void): void;
  close(): Promise<void>;
}

export interface HttpReceiverOptions {
  /** 0 (the default) takes a free one. */
  port?: number;
  /** Unsigned and wrongly signed requests get a 401. Without it nobody looks. */
  secret?: string;
  /** Epoch ms: what was signed more than five minutes from it gets a 401 as well. Without it nobody looks. */
  now?: () => number;
}

export async function startHttpReceiver({ port = 0, secret, now }: HttpReceiverOptions = {}): Promise<HttpReceiver> {
  const requests: ReceivedRequest[] = [];
  const problems: string[] = [];
  const listeners: ((request: ReceivedRequest) => void)[] = [];
  let decide: (request: ReceivedRequest, count: number) => Fault | null = () => null;
  let count = 0;

  const server = await startServer(port, (incoming, body, response) => {
    const { method = '', url = '', headers } = incoming;
    const request: ReceivedRequest = { method, path: url, headers, body };
    count += 1;
    const fault = decide(request, count);
    if (fault && !takesEffect(fault)) return applyFault(fault, incoming, response);
    const problem = secret === undefined ? null : signatureProblem(request, secret, now?.() ?? null);
    if (problem !== null) {
      problems.push(`request ${count}: ${problem}`);
      response.writeHead(401).end('signature');
      return;
    }
    requests.push(request);
    for (const listener of listeners) listener(request);
    if (fault) return applyFault(fault, incoming, response);
    response.writeHead(204).end();
  });

  return {
    url: server.url,
    requests,
    problems,
    answerWith: (next) => void (decide = next),
    on: (listener) => void listeners.push(listener),
    close: server.close,
  };
}

/** As the libraries of the specification have it, ms. */
const toleranceMs = 5 * 60_000;

/** Source: standard-webhooks.md, "Verifying signatures". Null when all is well. */
function signatureProblem({ headers, body }: ReceivedRequest, secret: string, nowMs: number | null): string | null {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signature = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') {
    return 'webhook-id, webhook-timestamp or webhook-signature is missing';
  }
  if (!/^\d{10}$/.test(timestamp)) return `webhook-timestamp ${timestamp} is not in seconds`;
  if (nowMs !== null && Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs)
    return `webhook-timestamp ${timestamp} is not of now`;
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  const matches = signature.split(' ').some((entry) => {
    const given = Buffer.from(entry.replace(/^v1,/, ''), 'base64');
    return entry.startsWith('v1,') && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches ? null : 'the signature does not match the body';
}

/** One line: `→ HTTP POST /hooks · evt_… · 1243 bytes · signed`. */
export function renderHttpRequest({ method, path, headers, body }: ReceivedRequest, { color }: { color: boolean }): string {
  const line = [
    `${method} ${path}`,
    String(headers['webhook-id'] ?? 'no webhook-id'),
    `${body.length} bytes`,
    'webhook-signature' in headers ? 'signed' : 'not signed',
  ].join(' · ');
  const arrow = color ? styleText('magenta', '→ HTTP', { validateStream: false }) : '→ HTTP';
  return `${arrow} ${line}`;
}
