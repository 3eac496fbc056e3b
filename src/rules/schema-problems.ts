/** Zod's findings in our words, each at its place in the file. */
import type { z } from 'zod';
import { knownKeys, type JsonSchema } from './json-schema.ts';
import type { Place, Problem } from './problem.ts';
import { valueAt } from './raw.ts';
import type { InsideText } from './schema-values.ts';
import type { Source } from './source.ts';
import { didYouMean, nearest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** `schema`: of the source as a whole, to suggest keys by. */
export function schemaProblems(issues: readonly Issue[], source: Source, schema: JsonSchema): Problem[] {
  return issues.flatMap((issue) => problemsOf(issue, source, schema));
}

function problemsOf(issue: Issue, source: Source, schema: JsonSchema): Problem[] {
  const { path } = issue;
  const where = written(path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        ...source.placeOfKey([...path, key]),
        message: `unknown key "${key}"${where === '' ? '' : ` in ${where}`}`,
        ...didYouMean(key, knownKeys(path, source.value, schema)),
      }));
    case 'invalid_key':
      return [problem(source.placeOfKey(path), where, issue.issues[0]?.message ?? issue.message)];
    case 'invalid_value':
      return [choiceProblem(issue.values, path, source)];
    case 'invalid_union':
      if (issue.discriminator !== undefined && 'options' in issue)
        return [choiceProblem(issue.options as string[], path, source)];
      return [problem(source.placeOf(path), where, issue.message)];
    case 'invalid_type': {
      const value = valueAt(source.value, path);
      const wanted = `must be ${kinds[issue.expected] ?? issue.expected}, not ${kindOf(value)}`;
      const text = issue.message.startsWith('Invalid input') ? wanted : issue.message;
      return [problem(source.placeOf(path), where, value === undefined ? 'is missing' : text)];
    }
    case 'custom': {
      const inside = issue.params as InsideText | undefined;
      const place = inside ? source.placeInside(path, inside.line, inside.col) : source.placeOf(path);
      return [problem(place, where, issue.message)];
    }
    default:
      return [problem(source.placeOf(path), where, issue.message)];
  }
}

/** What follows a line break in `text` is the hint. */
function problem(place: Place, where: string, text: string): Problem {
  const [first, hint] = text.split('\n');
  const message = where === '' ? first! : `${where}: ${first}`;
  return { ...place, message, ...(hint === undefined ? {} : { hint }) };
}

/** A value that is none of the few allowed. */
function choiceProblem(allowed: readonly unknown[], path: readonly PropertyKey[], source: Source): Problem {
  const value = valueAt(source.value, path);
  const place = source.placeOf(path);
  const where = written(path);
  const names = allowed.map(String);
  const listed = names.join(', ');
  if (value === undefined) {
    return problem(place, where, `is missing\n${names.length > 1 ? `one of ${listed}` : `write ${where}: ${listed}`}`);
  }
  const shown = typeof value === 'string' || typeof value === 'number' ? `"${String(value).slice(0, 40)}"` : kindOf(value);
  if (names.length === 1) return problem(place, where, `must be ${listed}, not ${shown}`);
  const meant = nearest(String(value), names);
  return problem(place, where, `${shown} is none of ${listed}${meant === null ? '' : `\ndid you mean "${meant}"?`}`);
}

const kinds: Record<string, string> = {
  object: 'a mapping (key: value)',
  record: 'a mapping (name: …)',
  array: 'a list',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return kinds.array!;
  return kinds[typeof value] ?? typeof value;
}

/** `rules[0].match.states`. */
function written(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}
