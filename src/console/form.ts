/** Forms: read with a limit, and with a proof that they come from a page of this session. */
import type { Context } from 'hono';
import { html } from 'hono/html';
import type { RequestReader } from '../http/read-request.ts';
import { answerWith } from './answer.ts';
import type { Html } from './page.ts';
import type { Session } from './session.ts';

/** What the request says, or the page that refuses it. */
export type Given<T> = { ok: true; value: T } | { ok: false; refusal: Response };

/** Bytes of a form that people fill in. */
const usualMaxBytes = 64 * 1024;
/** Bytes of the largest form there is: that which takes an event. */
export const largestFormBytes = 1024 * 1024;
const takesAnEvent = /\/console\/rules\/try\/?$/;
/** Our own have some twenty. To read very many takes so long that webhooks would wait. */
const maxFields = 1_000;

interface Read {
  form: URLSearchParams;
  bytes: number;
}

/** A body can be read once, and the guard has to look into it before the page does. */
const read = new WeakMap<Context, Promise<Given<Read>>>();

/** For every form that posts. */
export function csrfField(session: Session): Html {
  return html`<input type="hidden" name="csrf" value="${session.csrf}" />`;
}

/** `maxBytes`: default 64 KiB, or 1 MiB where the form takes an event. The refusal is a page. */
export async function readForm(
  reader: RequestReader,
  context: Context,
  maxBytes: number = takesAnEvent.test(context.req.path) ? largestFormBytes : usualMaxBytes,
): Promise<Given<URLSearchParams>> {
  if (Number(context.req.header('content-length')) > maxBytes) return tooLarge(context, maxBytes);
  let reading = read.get(context);
  if (!reading) {
    reading = readOnce(reader, context, maxBytes);
    read.set(context, reading);
  }
  const given = await reading;
  if (!given.ok) return given;
  return given.value.bytes > maxBytes ? tooLarge(context, maxBytes) : { ok: true, value: given.value.form };
}

async function readOnce(reader: RequestReader, context: Context, maxBytes: number): Promise<Given<Read>> {
  const type = context.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(type)) {
    const detail = 'It is not of the kind that this page sends. Go back and send it from there.';
    return { ok: false, refusal: answerWith(context, 400, 'This form can not be read', detail) };
  }
  const body = await reader.body(context, maxBytes);
  switch (body.kind) {
    case 'too-large':
      return tooLarge(context, maxBytes);
    case 'broken-off': {
      const detail = 'The connection broke off. Send it again.';
      return { ok: false, refusal: answerWith(context, 400, 'The form did not arrive whole', detail) };
    }
    case 'read':
      if (hasTooManyFields(body.body)) {
        const detail = `It has more than ${maxFields} fields, which no page of ours sends. Nothing was done.`;
        return { ok: false, refusal: answerWith(context, 400, 'The form has too many fields', detail) };
      }
      return { ok: true, value: { form: new URLSearchParams(new TextDecoder().decode(body.body)), bytes: body.body.length } };
  }
}

function hasTooManyFields(body: Uint8Array): boolean {
  let fields = 1;
  for (const byte of body) if (byte === ampersand) fields += 1;
  return fields > maxFields;
}

const ampersand = 0x26;

function tooLarge(context: Context, maxBytes: number): { ok: false; refusal: Response } {
  const detail = `It holds more than ${maxBytes} bytes. Nothing was done; go back and shorten it.`;
  // The rest of the body is not read, so the connection can't be used again.
  context.header('connection', 'close');
  return { ok: false, refusal: answerWith(context, 413, 'The form is too large', detail) };
}
