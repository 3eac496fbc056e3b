/**
 * JSON without loss. Narrative's `snapshot_id` is beyond 2^53 and `JSON.parse` would change its digits, so integers
 * that a double can't hold come back as `bigint`. Forwarded bodies never pass through here: they stay the original bytes.
 */

export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

/**
 * Where a number could stand that a double can't hold: sixteen digits in a row (2^53 has that many) or an exponent of three.
 * May also match inside a string, which costs time and nothing else.
 */
const maybeUnsafe = /(?:^|[:[,\s])-?(?:\d{16}|[\d.]+[eE]\+?\d{3})/;

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/**
 * Keeps what a double would change. `context.source` is the number as it was written.
 * Source: https://tc39.es/proposal-json-parse-with-source/ (in V8 since 11.4).
 */
const keepDigits: Reviver = (_key, value, { source }) => {
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  if (/^-?\d+$/.test(source)) return BigInt(source);
  return Number.isFinite(value) ? value : source;
};

/** Parses JSON text; throws `SyntaxError` as `JSON.parse` does. */
export function parseJson(text: string): JsonValue {
  if (!maybeUnsafe.test(text)) return JSON.parse(text) as JsonValue;
  try {
    return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as JsonValue;
  } catch (error) {
    // The reviver recurses, plain parsing doesn't: a body nested deep enough to exhaust the stack keeps its shape, not its digits.
    if (error instanceof RangeError) return JSON.parse(text) as JsonValue;
    throw error;
  }
}

/** Writes JSON with every digit of a bigint. The inverse of `parseJson`. */
export function stringifyJson(value: unknown, indent?: number): string {
  const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? raw(String(part)) : part), indent);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
