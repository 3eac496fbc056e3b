/** JSON in and out of the simulated API, with every digit kept. */
import type { Context } from 'hono';
import { parseJson, stringifyJson, type JsonValue } from '../event/json.ts';

export function json(status: number, value: unknown): Response {
  return new Response(stringifyJson(value), { status, headers: { 'content-type': 'application/json' } });
}

/** What was wrong, and what to do. */
export function refusal(status: number, message: string): Response {
  return json(status, { message });
}

export async function readJson(context: Context): Promise<{ ok: true; value: JsonValue } | { ok: false; message: string }> {
  try {
    return { ok: true, value: parseJson(await context.req.text()) };
  } catch (error) {
    return { ok: false, message: `the body is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
