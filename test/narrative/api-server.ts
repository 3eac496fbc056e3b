/** A loopback server that answers as told, and a client that asks it without ever waiting for real. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createNarrativeApi, type NarrativeApiOptions } from '../../src/narrative/client.ts';

export const token = 'not-a-real-token-0123456789';

export const fixture = (name: string) => readFileSync(`test/fixtures/narrative/${name}.json`, 'utf8');

export interface Asked {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

/** What to do with one request. */
export type Reply = (response: ServerResponse, request: IncomingMessage) => void;

export const json = (status: number, body: string | object, headers: Record<string, string> = {}): Reply => {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
};
export const reset: Reply = (_response, request) => request.socket.resetAndDestroy();
export const silence: Reply = () => {};
export const brokenOff: Reply = (response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('{"id":"made-', () => response.destroy());
};

/** Replies in turn; the last one for every request after it. */
export async function serveReplies(...replies: Reply[]) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const { method, url: path, headers } = request;
    asked.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
    replies[Math.min(asked.length, replies.length) - 1]!(response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type ApiServer = Awaited<ReturnType<typeof serveReplies>>;

/** `waits`: the pauses asked for, ms. The dice always show one half. */
export function clientOf(url: string, options: Partial<NarrativeApiOptions> = {}) {
  const waits: number[] = [];
  const api = createNarrativeApi({
    fetch,
    clock: { now: () => Date.UTC(2026, 2, 2) },
    random: { fraction: () => 0.5 },
    token,
    url,
    version: '1.2.3',
    wait: async (ms) => void waits.push(ms),
    ...options,
  });
  return { api, waits };
}
