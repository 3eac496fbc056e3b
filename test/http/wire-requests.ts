/** Requests as no sender should write them, for the fuzz of the HTTP edge. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { bodies, edit, edited } from './hostile-bodies.ts';
import { chunked, headOf } from './raw-http.ts';
import { secret, signatureOf } from './relay-under-test.ts';

export interface WireRequest {
  method: string;
  /** What goes into the socket, piece by piece. */
  pieces: Uint8Array[];
  /** Less was written than was promised: the sender's side is closed after the last piece. */
  unfinished: boolean;
  /** More was written than was promised: Node takes the rest for a request and may close the connection before the answer. */
  overrun: boolean;
}

type Header = readonly [string, string];

/** How a body is proved, or not. The last ones look right from a distance. */
const proofs: ((body: Uint8Array) => Header[])[] = [
  (body) => [['X-Narrative-Signature', signatureOf(body)]],
  (body) => [['x-hub-signature-256', signatureOf(body)]],
  (body) => [['X-Signature', createHmac('sha256', secret).update(body).digest('base64')]],
  () => [['Authorization', `Bearer ${secret}`]],
  () => [['x-webhook-secret', secret]],
  () => [],
  (body) => [['x-narrative-signature', signatureOf(body, 'another-secret-not-real')]],
  (body) => [
    ['x-narrative-signature', signatureOf(body)],
    ['x-narrative-signature', ''],
  ],
  () => [
    ['authorization', `Bearer ${secret}`],
    ['authorization', 'Bearer x'],
  ],
];

const knownHeaders = [
  'content-type',
  'content-encoding',
  'idempotency-key',
  'authorization',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-narrative-secret',
  'expect',
  'host',
  'connection',
  'upgrade',
  'transfer-encoding',
  'content-length',
  'te',
  'cookie',
  'x-forwarded-host',
];
const headerValue = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e3',
    'gzip',
    'chunked',
    'identity',
    '100-continue',
    'upgrade',
    'h2c',
    'v1,',
    'Bearer',
    'x'.repeat(5_000),
  ),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
);
const headers = fc.array(fc.tuple(fc.constantFrom(...knownHeaders), headerValue), { maxLength: 3 });

const methods = fc.oneof(
  { weight: 8, arbitrary: fc.constant('POST') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND', 'QUERY', 'post', 'X'),
  },
);
const pathPart = fc.oneof(
  fc.constantFrom(
    'production',
    'unsigned',
    secret,
    '%2F',
    '%zz',
    '%',
    '..',
    '.',
    '',
    '%00',
    '%ff',
    ':subscription',
    '*',
    '\\',
    '?a=1',
    '#x',
  ),
  fc.webSegment({ size: 'small' }),
);
const paths = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('/webhooks/narrative', '/webhooks/narrative/production') },
  { weight: 1, arbitrary: fc.constant(`/webhooks/narrative/unsigned/${secret}`) },
  { weight: 2, arbitrary: fc.array(pathPart, { maxLength: 3 }).map((parts) => ['/webhooks/narrative', ...parts].join('/')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/',
      '//',
      '*',
      'x',
      '/healthz',
      '/readyz',
      '/metrics',
      'http://example.com/healthz',
      'http://[',
      '/%',
    ),
  },
);

const framings = [
  'length',
  'chunked',
  'length too long',
  'length too short',
  'chunks without an end',
  'chunks of nonsense',
] as const;

function framed(body: Uint8Array, framing: (typeof framings)[number]): { header: Header; parts: Uint8Array[] } {
  const inChunks = ['transfer-encoding', 'chunked'] as const;
  switch (framing) {
    case 'length':
      return { header: ['content-length', String(body.length)], parts: [body] };
    case 'chunked':
      return { header: inChunks, parts: body.length === 0 ? chunked() : chunked(body) };
    case 'length too long':
      return { header: ['content-length', String(body.length + 7)], parts: [body] };
    case 'length too short':
      return { header: ['content-length', String(body.length >> 1)], parts: [body] };
    case 'chunks without an end':
      return { header: inChunks, parts: chunked(body).slice(0, 3) };
    case 'chunks of nonsense':
      return { header: inChunks, parts: [body, Buffer.from('\r\nzz\r\n')] };
  }
}

const unfinished = new Set<string>(['length too long', 'chunks without an end', 'chunks of nonsense']);

/** Requests that are HTTP, give or take; most prove themselves. */
const spoken: fc.Arbitrary<WireRequest> = fc
  .record({
    method: methods,
    path: paths,
    body: bodies,
    prove: fc.constantFrom(...proofs),
    headers: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: headers }),
    framing: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('length', 'chunked') },
      { weight: 1, arbitrary: fc.constantFrom(...framings) },
    ),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  })
  .map(({ method, path, body, prove, headers, framing, cuts }) => {
    const { header, parts } = framed(body, framing);
    const bytes = Buffer.concat([Buffer.from(headOf(method, path, [...prove(body), ...headers, header]), 'latin1'), ...parts]);
    return { method, pieces: cutAt(bytes, cuts), unfinished: unfinished.has(framing), overrun: framing === 'length too short' };
  });

/** Bytes that were a request before somebody sat on the keyboard; never one that proves itself. */
const garbled: fc.Arbitrary<WireRequest> = fc
  .tuple(fc.array(edit, { minLength: 1, maxLength: 6 }), bodies)
  .map(([edits, body]) => {
    const head = headOf('POST', '/webhooks/narrative', [['content-length', String(body.length)]]);
    return {
      method: 'POST',
      pieces: [edited(Buffer.concat([Buffer.from(head), body]), edits)],
      unfinished: true,
      overrun: false,
    };
  });

export const wireRequests = fc.oneof({ weight: 6, arbitrary: spoken }, { weight: 1, arbitrary: garbled });

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i])).filter(({ length }) => length > 0);
}
