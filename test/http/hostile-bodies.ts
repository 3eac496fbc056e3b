/** Bodies for the fuzz of the HTTP edge: events, nearly events, and what only looks like one. */
import fc from 'fast-check';
import { jobBody } from './narrative-event.ts';

/** JSON texts that a parser, a 64-bit float or a stack may not survive. */
const hostileJson = [
  '1e400',
  '-1E+999',
  '1e-400',
  '-0',
  '1'.repeat(400),
  `${'9'.repeat(30)}.${'9'.repeat(30)}`,
  String(2n ** 64n),
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u0000"',
  '{"__proto__":{"x":1},"constructor":{"prototype":null}}',
  '{"toString":1,"hasOwnProperty":2,"length":-1}',
  '{"a":1,"a":2}',
  `[${'[],'.repeat(2_000)}[]]`,
  nested('[', ']', 500),
  nested('{"a":', '}', 5_000, '1'),
];

export function nested(open: string, close: string, depth: number, core = ''): string {
  return open.repeat(depth) + core + close.repeat(depth);
}

const jsonText = fc.oneof(fc.constantFrom(...hostileJson), fc.json({ maxDepth: 3 }), fc.string({ unit: 'binary' }).map(jsonOf));

function jsonOf(text: string): string {
  return JSON.stringify(text);
}

const eventFields = [
  'job_id',
  'state',
  'type',
  'input',
  'result',
  'failures',
  'request_source',
  'created_at',
  'updated_at',
  'executor',
];
const topFields = [
  'id',
  'type',
  'event_type',
  'idempotency_key',
  'webhook_event_id',
  'created_at',
  'context',
  'app_id',
  'payload',
];

/** An event some of whose fields hold anything at all. What should be one often is. */
const oddEvent = fc
  .record({
    id: fc.nat(9),
    fields: fc.dictionary(fc.constantFrom(...eventFields), jsonText, { maxKeys: 3 }),
    top: fc.dictionary(fc.constantFrom(...topFields), jsonText, { maxKeys: 2 }),
    form: fc.constantFrom('data', 'payload', 'bare', 'app'),
  })
  .map(({ id, fields, top, form }) => {
    const job = objectText({
      job_id: `"job-${id}"`,
      state: '"failed"',
      type: '"t"',
      updated_at: '"2026-03-02T09:12:00"',
      ...fields,
    });
    if (form === 'bare') return job;
    if (form === 'app') return objectText({ event_type: '"s3.delivery.failed"', ...top, ...fields });
    return objectText({ id: `"whe-${id}"`, ...top, [form]: job });
  });

function objectText(fields: Record<string, string>): string {
  return `{${Object.entries(fields).map(([name, text]) => `${JSON.stringify(name)}:${text}`)}}`;
}

/** A valid event in an encoding that isn't UTF-8, or nearly. */
const encodings: ((text: string) => Uint8Array)[] = [
  (text) => Buffer.from(text, 'utf16le'),
  (text) => Buffer.from(`\uFEFF${text}`),
  (text) => Buffer.from(text.replace('failed', '\u00e9\u00ff'), 'latin1'),
  (text) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xed\xa0\x80\xf8\xff"}', 'latin1')]),
  (text) => Buffer.from(`\r\n\t ${text} \u00a0`),
];

export const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(4),
  insert: fc.uint8Array({ maxLength: 4 }),
});

/** Bytes cut out and others put in. */
export function edited(bytes: Uint8Array, edits: readonly { at: number; remove: number; insert: Uint8Array }[]): Uint8Array {
  return edits.reduce((before, { at, remove, insert }) => {
    const from = Math.floor(at * before.length);
    return Buffer.concat([before.subarray(0, from), insert, before.subarray(from + remove)]);
  }, bytes);
}

export const bodies: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: oddEvent.map((text) => Buffer.from(text)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(oddEvent, fc.array(edit, { minLength: 1, maxLength: 4 }))
      .map(([text, edits]) => edited(Buffer.from(text), edits)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...encodings), fc.nat(9)).map(([encode, n]) => encode(jobBody({ id: `e-${n}` }))),
  },
  { weight: 1, arbitrary: jsonText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);
