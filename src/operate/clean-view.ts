/** Views without secrets. None is in a view on purpose, but an event or another's error text may quote one. */

/** A preview holds what an event held, which may be nested deeper than the stack goes. Its body as it came is a text, and whole. */
const maxDepth = 100;
const tooDeep = '… (nested too deep to be shown)';

export type CleanView = <T>(view: T) => T;

/**
 * `clean`: masks every secret in a text. Text by text and not as a whole: a secret would be escaped twice in JSON within JSON, and one of
 * digits may stand there bare. A number that is a secret comes back as a text.
 */
export function createViewCleaner(clean: (text: string) => string): CleanView {
  return (view) => cleaned(view, 0) as typeof view;

  function cleaned(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return clean(value);
    if (typeof value === 'number' || typeof value === 'bigint') return cleanNumber(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth === maxDepth) return tooDeep;
    if (Array.isArray(value)) return value.map((part) => cleaned(part, depth + 1));
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [clean(key), cleaned(part, depth + 1)]));
  }

  /** A secret of digits, where somebody took it for a number. */
  function cleanNumber(value: number | bigint): unknown {
    const text = clean(String(value));
    return text === String(value) ? value : text;
  }
}
