/** A `match` block that comes at run time, such as a silence's: by the same schema and the same code as in the files. */
import { compileMatch, createGlobs, type Matcher } from './matcher.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { formatProblem } from './problem.ts';
import { plainNumbers } from './raw.ts';
import { match as matchSchema, type ParsedMatch } from './schema-match.ts';
import { schemaProblems } from './schema-problems.ts';
import type { Source } from './source.ts';

/** `match`: what was written, valid, to be kept as JSON and read again. `problems`: one line each, with what to do. */
export type ReadMatch = { ok: true; matcher: Matcher; match: ParsedMatch } | { ok: false; problems: string[] };

/** `json`: the block as a value, such as `{ "job_types": ["models_*"] }`. Never throws. */
export function parseMatch(json: unknown): ReadMatch {
  const value = plainNumbers(json);
  const parsed = matchSchema.safeParse(value);
  if (parsed.success) return { ok: true, matcher: compileMatch(parsed.data, createGlobs()), match: parsed.data };
  const problems = schemaProblems(parsed.error.issues, placeless(value), jsonSchemaOf(matchSchema));
  return { ok: false, problems: problems.map(formatProblem) };
}

/** A value that stands in no file. */
export function placeless(value: unknown): Source {
  const nowhere = () => ({ file: '', line: 0, col: 0 });
  return { file: '', value, placeOf: nowhere, placeOfKey: nowhere, placeInside: nowhere };
}
