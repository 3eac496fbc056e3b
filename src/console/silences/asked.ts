/** The form for a silence: as it is filled in, and what it means. */
import { parseJson } from '../../event/json.ts';
import { parseSilence } from '../../http/api/silence-request.ts';
import type { NewSilence } from '../../incident/silences.ts';

/** Each as it was typed. `for`: a duration, or `until`. */
export interface Typed {
  dataset: string;
  type: string;
  state: string;
  /** A whole match block as JSON, in place of the three. */
  match: string;
  for: string;
  until: string;
  reason: string;
  author: string;
}

export type Field = keyof Typed;

/** Where the relay's complaints about a request belong in the form. */
const fieldOf: readonly (readonly [RegExp, Field])[] = [
  [/^match\.dataset_ids\b/, 'dataset'],
  [/^match\.job_types\b/, 'type'],
  [/^match\.states\b/, 'state'],
  [/^match\b/, 'match'],
  [/^for\b/, 'for'],
  [/^until\b/, 'until'],
  [/^reason\b/, 'reason'],
  [/^author\b/, 'author'],
];

export type Asked = { ok: true; silence: NewSilence } | { ok: false; wrong: ReadonlyMap<Field, string> };

export function typedOf(values: URLSearchParams, defaults: Typed): Typed {
  const names = Object.keys(defaults) as Field[];
  return Object.fromEntries(names.map((name) => [name, values.get(name) ?? defaults[name]])) as unknown as Typed;
}

/** By the same code as the API's. `now`: epoch ms. */
export function silenceOf(typed: Typed, now: number): Asked {
  const match = matchOf(typed);
  if (!match.ok) return { ok: false, wrong: new Map([[match.field, match.why]]) };
  const length = typed.for === 'until' ? { until: typed.until.trim() } : { for: typed.for.trim() };
  const { reason, author } = typed;
  const parsed = parseSilence({ match: match.value, ...length, reason, author }, now);
  if (parsed.kind === 'ok') return { ok: true, silence: parsed.value };
  return { ok: false, wrong: placed(parsed.detail, typed) };
}

type Match = { ok: true; value: unknown } | { ok: false; field: Field; why: string };

function matchOf({ dataset, type, state, match }: Typed): Match {
  const lists = Object.entries({ dataset_ids: listOf(dataset), job_types: listOf(type), states: listOf(state) });
  const named = lists.filter(([, values]) => values.length > 0);
  if (match.trim() === '') {
    if (named.length > 0) return { ok: true, value: Object.fromEntries(named) };
    return {
      ok: false,
      field: 'dataset',
      why: 'say what to keep quiet: a dataset, a job type or a state (for everything, {} as the match block)',
    };
  }
  if (named.length > 0)
    return { ok: false, field: 'match', why: 'is the whole of it: put the other conditions into it, and empty their fields' };
  try {
    return { ok: true, value: parseJson(match) };
  } catch {
    return { ok: false, field: 'match', why: 'is no JSON, such as {"job_types": ["models_*"], "not": {"states": ["failed"]}}' };
  }
}

/** `10736, 10744`, or one a line. */
function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((each) => each !== '');
}

/** `match.when: …; reason: is empty`, as the API words it, beside the fields that are meant. */
function placed(detail: string, typed: Typed): ReadonlyMap<Field, string> {
  const wrong = new Map<Field, string>();
  for (const each of detail.split(/; (?=(?:match|for|until|from|reason|author)\b[^ ]*: )/)) {
    const named = fieldOf.find(([name]) => name.test(each))?.[1] ?? 'match';
    // In place of the list's field, the block holds the list.
    const field = typed.match.trim() !== '' && (named === 'dataset' || named === 'type' || named === 'state') ? 'match' : named;
    const text = field === 'match' ? each : each.replace(/^[^ ]*: /, '');
    wrong.set(field, wrong.has(field) ? `${wrong.get(field)}; ${text}` : text);
  }
  return wrong;
}
