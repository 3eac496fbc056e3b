/** Reading what a file says before it has been validated, so that all its problems can be told at once. */

/** The mapping's entries; none where `value` is no mapping. */
export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

export function itemsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A mapping's value or a list's item; undefined where there is none. */
export function keyOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

/** Integers of any size as numbers; those a number can't hold as their digits, since they can only be ids. */
export function plainNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainNumbers(part)]));
}

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(keyOf, value);
}
