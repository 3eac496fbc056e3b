/** What a request of the operator API says: JSON, and fields checked strictly. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { parseJson } from '../../event/json.ts';
import type { Answered, Refusal } from '../../operate/operations.ts';
import { ok, refused } from '../../operate/text.ts';
import { jsonSchemaOf } from '../../rules/json-schema.ts';
import { placeless } from '../../rules/match-text.ts';
import { formatProblem } from '../../rules/problem.ts';
import { plainNumbers } from '../../rules/raw.ts';
import { schemaProblems } from '../../rules/schema-problems.ts';
import type { RequestReader } from '../read-request.ts';

export interface TooLarge {
  kind: 'too-large';
  maxBytes: number;
}

export interface JsonBody {
  maxBytes: number;
  /** Integers that a double can't hold stay bigints (`parseJson`); else they become their digits as text, since they can only be ids. */
  lossless: boolean;
  /** What no body at all means; undefined: a body is needed. */
  without?: object;
}

/** The body as a value of any shape. */
export async function readJson(reader: RequestReader, context: Context, body: JsonBody): Promise<Answered<unknown> | TooLarge> {
  const read = await reader.body(context, body.maxBytes);
  switch (read.kind) {
    case 'too-large':
      return { kind: 'too-large', maxBytes: body.maxBytes };
    case 'broken-off':
      return refused('invalid', 'The request ended before its body was complete. Send it again.');
    case 'read':
      return read.body.length === 0 && body.without ? ok(body.without) : jsonOf(read.body, body.lossless);
  }
}

function jsonOf(bytes: Uint8Array, lossless: boolean): Answered<unknown> {
  try {
    const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return ok(lossless ? value : plainNumbers(value));
  } catch (error) {
    // `plainNumbers` recurses.
    if (error instanceof RangeError) return refused('invalid', 'The body is nested too deep to be read.');
    return refused('invalid', 'The body is not JSON in UTF-8.');
  }
}

/** Checks strictly. The refusal names each field that is wrong. */
export function parseStrictly<T>(schema: z.ZodType<T>, value: unknown): Answered<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const { issues } = parsed.error;
  const problems = schemaProblems(issues, placeless(value), jsonSchemaOf(schema));
  return wrongFields(problems.map(formatProblem), String(issues[0]?.path[0] ?? '') || null);
}

/** Each begins with the field: `until: is in the past`. `field`: the first of them. */
export function wrongFields(problems: readonly string[], field: string | null): Refusal {
  return refused('invalid', problems.join('; '), field);
}
