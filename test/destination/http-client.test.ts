import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { requestOnce, retryAfterMs } from '../../src/destination/http-client.ts';
import { noSignal, nowMs } from './example-delivery.ts';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path?token=secret-query`;
}

afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

function request(url: string, { timeoutMs = 5_000, signal = noSignal } = {}) {
  return requestOnce(
    fetch,
    url,
    { method: 'POST', headers: { authorization: 'secret-header' }, body: 'x' },
    { timeoutMs, signal },
  );
}

describe('one HTTP attempt', () => {
  test('gives the status, the headers and the text of an answer', async () => {
    const url = await serve((_request, response) => void response.writeHead(418, { 'x-tea': 'green' }).end('short and stout'));
    const result = await request(url);
    expect(result).toMatchObject({ kind: 'answer', status: 418, text: 'short and stout', cut: null });
    expect(result.kind === 'answer' && result.headers.get('x-tea')).toBe('green');
  });

  test('reads no more than 64 KB of an answer that does not end', async () => {
    const url = await serve((_request, response) => {
      response.on('close', () => clearInterval(pump));
      const pump = setInterval(() => response.write('x'.repeat(50_000)), 1);
    });
    const result = await request(url);
    expect(result.kind === 'answer' && result.text.length).toBe(64 * 1024);
    expect(result).toMatchObject({ cut: 'limit' });
  });

  test('takes the status as the answer although the body breaks off', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(202, { 'content-length': '100' });
      response.write('partial', () => response.destroy());
    });
    expect(await request(url)).toMatchObject({ kind: 'answer', status: 202, text: 'partial', cut: 'broken' });
  });

  test('does not follow a redirect', async () => {
    const paths: unknown[] = [];
    const url = await serve((incoming, response) => {
      paths.push(incoming.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await request(url)).toMatchObject({ kind: 'answer', status: 307 });
    expect(paths).toHaveLength(1);
  });

  test('knows that nothing was sent where nothing listens', async () => {
    const url = await serve(() => {});
    servers[0]!.close();
    await once(servers[0]!, 'close');
    expect(await request(url)).toMatchObject({ kind: 'not-sent', detail: expect.stringContaining('ECONNREFUSED') });
    expect(await request(url.replace('127.0.0.1', 'localhost'))).toMatchObject({ kind: 'not-sent' });
  });

  test.each(['ENOTFOUND', 'EAI_AGAIN', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UND_ERR_CONNECT_TIMEOUT'])(
    'knows that nothing was sent after %s, however deep the cause lies',
    async (code) => {
      const failing = () =>
        Promise.reject(new TypeError('fetch failed', { cause: new Error('x', { cause: Object.assign(new Error(), { code }) }) }));
      const result = await requestOnce(failing, 'https://example.com/', {}, { timeoutMs: 1_000, signal: noSignal });
      expect(result).toMatchObject({ kind: 'not-sent', detail: expect.stringContaining(code) });
    },
  );

  test('knows that nothing was sent when no TLS connection came about', async () => {
    const url = await serve((_request, response) => void response.end());
    expect(await request(url.replace('http:', 'https:'))).toMatchObject({ kind: 'not-sent' });
  });

  test('cannot tell what became of a request whose connection broke', async () => {
    const url = await serve((incoming) => void incoming.socket.resetAndDestroy());
    expect(await request(url)).toMatchObject({ kind: 'unknown', reason: 'network' });
  });

  test('gives up after the timeout, not knowing what became of the request', async () => {
    const url = await serve(() => {});
    expect(await request(url, { timeoutMs: 40 })).toMatchObject({ kind: 'unknown', reason: 'timeout' });
  });

  test('ends at once when the relay stops, and sends nothing more after that', async () => {
    const stop = new AbortController();
    let requests = 0;
    const url = await serve(() => {
      requests += 1;
      stop.abort();
    });
    expect(await request(url, { signal: stop.signal })).toMatchObject({ kind: 'unknown', reason: 'network' });
    expect(await request(url, { signal: stop.signal })).toMatchObject({ kind: 'not-sent' });
    expect(requests).toBe(1);
  });

  test('tells no path, query, credential or header in any detail', async () => {
    const url = await serve((incoming) => void incoming.socket.resetAndDestroy());
    const withPassword = url.replace('http://', 'http://user:secret-password@');
    const urls = [url, withPassword, 'no url secret-text', url.replace('127.0.0.1', '127.0.0.1:1:secret')];
    for (const address of urls) {
      const result = await request(address, { timeoutMs: 500 });
      expect(result.kind).not.toBe('answer');
      expect(JSON.stringify(result)).not.toContain('secret');
    }
  });
});

describe('Retry-After', () => {
  const wait = (value: string) => retryAfterMs(new Headers({ 'retry-after': value }), nowMs);

  test('counts seconds', () => {
    expect(wait('7')).toBe(7_000);
    expect(wait('0')).toBe(0);
  });

  test.each(['Mon, 02 Mar 2026 09:12:35 GMT', 'Monday, 02-Mar-26 09:12:35 GMT', 'Mon Mar  2 09:12:35 2026'])(
    'reads the date %s, whatever the zone of the machine',
    (date) => {
      vi.stubEnv('TZ', 'America/New_York');
      expect(wait(date)).toBe(30_000);
    },
  );

  test('never asks to go back in time, nor to wait for more than a day', () => {
    expect(wait('Sun, 01 Mar 2026 09:12:35 GMT')).toBe(0);
    expect(wait('99999999999')).toBe(86_400_000);
  });

  test.each(['soon', '-5', '', '1e9', 'Infinity'])('leaves out %j rather than guess', (value) => {
    expect(wait(value)).toBeUndefined();
  });

  test('is undefined without the header', () => {
    expect(retryAfterMs(new Headers(), nowMs)).toBeUndefined();
  });
});
