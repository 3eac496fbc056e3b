/** What Narrative writes in one way in one document and in another way in the next, read alike: spellings, wrappers, ids. */
import { isObject, type JsonObject, type JsonValue } from './json.ts';

/** A field by either spelling. Own properties only, so that no body can borrow from a prototype. */
export function read(from: JsonObject, snake: string, camel: string): JsonValue | undefined {
  if (Object.hasOwn(from, snake)) return from[snake];
  return Object.hasOwn(from, camel) ? from[camel] : undefined;
}

/** `{value: x}` is how some documents write `x`. */
export function unwrap(value: JsonValue | undefined): JsonValue | undefined {
  return isObject(value) && 'value' in value && Object.keys(value).length === 1 ? value.value : value;
}

/** Ids come as numbers in one document and as text in another; here they are text. Null for what is neither; empty means absent. */
export function text(value: JsonValue | undefined): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}

/** An empty one for what is no object. */
export function object(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
