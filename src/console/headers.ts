/** Headers of every answer of the console, and the last look at its text. */
import type { MiddlewareHandler } from 'hono';
import { createHtmlCleaner } from './clean-html.ts';

/** Nothing but our own files, no code in the page, no frame around it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: readonly (readonly [string, string])[] = [
  ['content-security-policy', policy],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
];

/** `clean`: masks each secret in a text. What is streamed is cleaned piece by piece: a piece has to hold whole texts. */
export function guardAnswers(clean: (text: string) => string): MiddlewareHandler {
  const cleanHtml = createHtmlCleaner(clean);
  return async (context, next) => {
    await next();
    const type = context.res.headers.get('content-type') ?? '';
    if (/^text\/(?:html|plain)/.test(type)) {
      const text = await context.res.text();
      const { status, headers: given } = context.res;
      context.res = undefined;
      context.res = new Response(type.startsWith('text/html') ? cleanHtml(text) : clean(text), { status, headers: given });
    } else if (type.startsWith('text/event-stream') && context.res.body) {
      const { status, headers: given } = context.res;
      const body = context.res.body.pipeThrough(cleanedPieces(cleanHtml));
      context.res = undefined;
      context.res = new Response(body, { status, headers: given });
    }
    for (const [name, value] of headers) context.res.headers.set(name, value);
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store');
  };
}

function cleanedPieces(clean: (text: string) => string): TransformStream<Uint8Array, Uint8Array> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return new TransformStream({
    transform(piece, controller) {
      const text = decoder.decode(piece, { stream: true });
      if (text !== '') controller.enqueue(encoder.encode(clean(text)));
    },
  });
}
