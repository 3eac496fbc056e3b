/** Signed webhook requests, as bytes for a socket. */
import { createHmac } from 'node:crypto';
import { failedJob } from './event.ts';

export const secret = 'bench-webhook-secret-not-a-real-one';
export const webhookPath = '/webhooks/narrative';

export interface SignedEvent {
  body: string;
  headers: Record<string, string>;
}

export function signedEvent(startMs: number, n: number): SignedEvent {
  const body = JSON.stringify(failedJob(startMs, n));
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'narrative-webhooks',
      'x-narrative-signature': `sha256=${signature}`,
    },
  };
}

/** HTTP/1.1 on a connection that stays open. */
export function requestBytes(startMs: number, n: number): Buffer {
  const { body, headers } = signedEvent(startMs, n);
  const lines = Object.entries({ host: 'localhost', ...headers, 'content-length': Buffer.byteLength(body) });
  return Buffer.from(
    `POST ${webhookPath} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );
}
