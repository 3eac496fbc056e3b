/** How a request's headers and body are reached: each root has its own way, Node's in `src/node/read-request.ts`. */
import type { Context } from 'hono';

export type BodyRead = { kind: 'read'; body: Uint8Array } | { kind: 'too-large' } | { kind: 'broken-off' };

export interface RequestReader {
  /** `name` in lower case. Several headers of one name are joined by a comma. */
  header(context: Context, name: string): string | null;
  /** Counts the bytes of the stream, whatever Content-Length says, and stops at the limit. */
  body(context: Context, maxBytes: number): Promise<BodyRead>;
}
