/** How a request's headers and body are reached. The web form works everywhere; Node's root has a faster one. */
import type { Context } from 'hono';

export type BodyRead = { kind: 'read'; body: Uint8Array } | { kind: 'too-large' } | { kind: 'broken-off' };

export interface RequestReader {
  /** `name` in lower case. Several headers of one name are joined by a comma. */
  header(context: Context, name: string): string | null;
  /** Counts the bytes of the stream, whatever Content-Length says, and stops at the limit. */
  body(context: Context, maxBytes: number): Promise<BodyRead>;
}

export const webRequestReader: RequestReader = {
  header: (context, name) => context.req.raw.headers.get(name),

  async body(context, maxBytes) {
    const stream = context.req.raw.body;
    if (stream === null) return { kind: 'read', body: new Uint8Array() };
    const reader = stream.getReader();
    const parts: Uint8Array[] = [];
    let length = 0;
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        length += part.value.length;
        if (length > maxBytes) {
          await reader.cancel();
          return { kind: 'too-large' };
        }
        parts.push(part.value);
      }
    } catch {
      return { kind: 'broken-off' };
    }
    return { kind: 'read', body: joinBytes(parts, length) };
  },
};

export function joinBytes(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
