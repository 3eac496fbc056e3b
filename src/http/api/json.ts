/** JSON in and out of the operator API. */
import type { Context } from 'hono';
import type { z } from 'zod';
import { parseJson } from '../../event/json.ts';
import { jsonSchemaOf } from '../../rules/json-schema.ts';
import { placeless } from '../../rules/match-text.ts';
import { formatProblem } from '../../rules/problem.ts';
import { plainNumbers } from '../../rules/raw.ts';
import { schemaProblems } from '../../rules/schema-problems.ts';
import { problem } from '../problem.ts';
import type { RequestReader } from '../read-request.ts';

/** Far more than anybody writes by hand. */
const maxBodyBytes = 64 * 1024;

/** What the request says, or why it is refused. */
export type Given<T> = { ok: true; value: T } | { ok: false; refusal: Response };

/** The body as a value of any shape. */
export async function readJson(reader: RequestReader, context: Context): Promise<Given<unknown>> {
  const read = await reader.body(context, maxBodyBytes);
  switch (read.kind) {
    case 'too-large':
      // The rest of the body is not read, so the connection can't be used again.
      return refused(problem(413, `The body is larger than ${maxBodyBytes} bytes.`, { connection: 'close' }));
    case 'broken-off':
      return refused(problem(400, 'The request ended before its body was complete. Send it again.'));
    case 'read':
      try {
        const text = new TextDecoder('utf-8', { fatal: true }).decode(read.body);
        return { ok: true, value: plainNumbers(parseJson(text)) };
      } catch {
        return refused(problem(400, 'The body is not JSON in UTF-8.'));
      }
  }
}

/** Checks strictly. The refusal names each field that is wrong. */
export function parseStrictly<T>(schema: z.ZodType<T>, value: unknown): Given<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems = schemaProblems(parsed.error.issues, placeless(value), jsonSchemaOf(schema));
  return refused(wrongFields(problems.map(formatProblem)));
}

/** Each begins with the field: `until: is in the past`. */
export function wrongFields(problems: readonly string[]): Response {
  return problem(400, problems.join('; '));
}

export function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  // What operators see is for nobody else: no cache between them and the relay keeps it.
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
}

function refused(refusal: Response): { ok: false; refusal: Response } {
  return { ok: false, refusal };
}
