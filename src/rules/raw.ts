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

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(keyOf, value);
}
