/** Reads straight from Node's request: building web Headers and streams costs more than verifying the event. */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import type { BodyRead, RequestReader } from '../http/read-request.ts';

const incomingOf = (context: Context) => (context.env as { incoming: IncomingMessage }).incoming;

export const nodeRequestReader: RequestReader = {
  /** From the raw headers: Node's own object drops all but the first of a repeated `Authorization`, hiding an ambiguous proof. */
  header(context, name) {
    const { rawHeaders } = incomingOf(context);
    let found: string | null = null;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const candidate = rawHeaders[i]!;
      if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
      found = found === null ? rawHeaders[i + 1]! : `${found}, ${rawHeaders[i + 1]!}`;
    }
    return found;
  },

  body(context, maxBytes) {
    const incoming = incomingOf(context);
    return new Promise<BodyRead>((resolve) => {
      const parts: Uint8Array[] = [];
      let length = 0;
      incoming.on('data', (part: Buffer) => {
        length += part.length;
        if (length > maxBytes) {
          incoming.pause();
          parts.length = 0;
          resolve({ kind: 'too-large' });
        } else parts.push(part);
      });
      incoming.on('end', () => resolve({ kind: 'read', body: parts.length === 1 ? parts[0]! : Buffer.concat(parts, length) }));
      incoming.on('error', () => resolve({ kind: 'broken-off' }));
      incoming.on('close', () => resolve({ kind: 'broken-off' }));
    });
  },
};
