/** The HTTP server below the simulated API. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';

export interface RunningServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Breaks open connections too, hanging requests among them. */
  close(): Promise<void>;
}

/** `port` 0 takes a free one. Throws Node's error when it can't listen there. */
export async function startServer(
  app: Hono<{ Bindings: HttpBindings }>,
  { port, host }: { port: number; host: string },
): Promise<RunningServer> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(port, host);
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
