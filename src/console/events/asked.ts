/** What an address asks of the lists: the API's own query, with the fields' complaints kept beside the fields. */
import type { z } from 'zod';
import { jsonSchemaOf } from '../../rules/json-schema.ts';
import { placeless } from '../../rules/match-text.ts';
import { schemaProblems } from '../../rules/schema-problems.ts';

/** `given`: by name, as it was typed; nothing that is empty. `problems`: what is wrong with it, by name; '' for no one field. */
export type Asked<T> = { given: Given } & ({ ok: true; query: T } | { ok: false; problems: ReadonlyMap<string, string> });
export type Given = Readonly<Record<string, string>>;

/** `own`: names that the page itself understands, and the API does not. */
export function readAsked<T>(schema: z.ZodType<T>, query: URLSearchParams, own: readonly string[] = []): Asked<T> {
  const given = Object.fromEntries([...query].filter(([, value]) => value.trim() !== ''));
  const asked = Object.fromEntries(Object.entries(given).filter(([name]) => !own.includes(name)));
  const parsed = schema.safeParse(asked);
  if (parsed.success) return { given, ok: true, query: parsed.data };
  const problems = new Map<string, string>();
  for (const issue of parsed.error.issues) {
    const field = String(issue.path[0] ?? '');
    for (const { message, hint } of schemaProblems([issue], placeless(asked), jsonSchemaOf(schema))) {
      const text = message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message;
      problems.set(field, [problems.get(field), hint === undefined ? text : `${text} (${hint})`].filter(Boolean).join('; '));
    }
  }
  return { given, ok: false, problems };
}

/** The address with these values, null for without. What is empty is left out, and so is mere space. */
export function addressOf(path: string, given: Given, changes: Readonly<Record<string, string | null>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...given, ...changes }))
    if (value !== null && value.trim() !== '') query.set(name, value);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A form sends its empty fields too. The address without them, to be bookmarked; null where there are none. */
export function tidied(path: string, query: URLSearchParams): string | null {
  const empty = [...query].some(([, value]) => value.trim() === '');
  return empty ? addressOf(path, Object.fromEntries(query)) : null;
}
