/** The HTTP server below the stand-ins: whole bodies in, and a close that waits for nobody. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandInServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Breaks open connections too, hanging requests among them. */
  close(): Promise<void>;
}

/** `port` 0 takes a free one. A request whose body breaks off reaches nobody. */
export async function startServer(
  port: number,
  handle: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
): Promise<StandInServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handle(request, Buffer.concat(chunks), response));
    request.on('error', () => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
