/**
 * What lists of events are filtered by, in SQL. Only columns of the index `events_listed` are asked for, and lists of values go in as
 * one JSON parameter: few statements are ever prepared, however many filters people think of.
 */
import { isGlob } from '../rules/glob.ts';
import type { SqlValue } from '../ports.ts';

/** Each makes a statement of its own, and a search slower. */
export const maxGlobs = 8;

/** ANDed; the values of one are ORed. Empty and null: not asked for. */
export interface EventConditions {
  states: readonly string[];
  /** Job types: exact, or up to `maxGlobs` globs as in `match`. */
  types: readonly string[];
  datasets: readonly string[];
  outcomes: readonly string[];
  kinds: readonly string[];
  subscriptions: readonly string[];
  /** Names of rules that matched. */
  rules: readonly string[];
  job: string | null;
  subject: string | null;
  /** Part of a job id, a job type, a dataset id, a subject or a rule's name. Case makes no difference for ASCII letters. */
  text: string | null;
}

/** Every event. */
export const noEventConditions: EventConditions & { fromMs: number | null; untilMs: number | null } = {
  fromMs: null,
  untilMs: null,
  states: [],
  types: [],
  datasets: [],
  outcomes: [],
  kinds: [],
  subscriptions: [],
  rules: [],
  job: null,
  subject: null,
  text: null,
};

export interface Condition {
  /** Begins with ` AND `, unless it is empty. */
  text: string;
  parameters: SqlValue[];
}

export function conditionOf(conditions: EventConditions): Condition {
  const parts: Condition[] = [
    anyOf('outcome', conditions.outcomes),
    anyOf('kind', conditions.kinds),
    anyOf('state', conditions.states),
    anyOf('subscription', conditions.subscriptions),
    exactly('job_id', conditions.job),
    exactly('subject', conditions.subject),
    anyOf('dataset_id', conditions.datasets),
    typed(conditions.types),
    ruled(conditions.rules),
    holding(conditions.text),
  ];
  return { text: parts.map(({ text }) => text).join(''), parameters: parts.flatMap(({ parameters }) => parameters) };
}

const nothing: Condition = { text: '', parameters: [] };

function exactly(column: string, value: string | null): Condition {
  return value === null ? nothing : { text: ` AND ${column} = ?`, parameters: [value] };
}

function anyOf(column: string, values: readonly string[]): Condition {
  if (values.length === 0) return nothing;
  return { text: ` AND ${column} IN (SELECT value FROM json_each(?))`, parameters: [JSON.stringify(values)] };
}

function typed(types: readonly string[]): Condition {
  const globs = types.filter(isGlob);
  if (globs.length === 0) return anyOf('job_type', types);
  const exact = types.filter((type) => !isGlob(type));
  return {
    text: ` AND (job_type IN (SELECT value FROM json_each(?))${' OR job_type GLOB ?'.repeat(globs.length)})`,
    parameters: [JSON.stringify(exact), ...globs.map(asSqlGlob)],
  };
}

/** SQLite knows character classes, too; the globs of the rules don't. */
function asSqlGlob(glob: string): string {
  return glob.replaceAll('[', '[[]');
}

/** `rules` is a JSON array: a name is one of its values, not part of its text. */
function ruled(names: readonly string[]): Condition {
  if (names.length === 0) return nothing;
  return {
    text: ` AND EXISTS (SELECT 1 FROM json_each(rules) WHERE value IN (SELECT value FROM json_each(?)))`,
    parameters: [JSON.stringify(names)],
  };
}

function holding(text: string | null): Condition {
  if (text === null) return nothing;
  const columns = ['job_id', 'job_type', 'dataset_id', 'subject'];
  const pattern = partOf(text);
  // A name that holds the text is in the array's JSON as the text would be, so most arrays need not be parsed.
  const inRules = `rules LIKE ? ESCAPE '\\' AND EXISTS (SELECT 1 FROM json_each(rules) WHERE value LIKE ? ESCAPE '\\')`;
  return {
    text: ` AND (${columns.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')} OR (${inRules}))`,
    parameters: [...columns.map(() => pattern), partOf(JSON.stringify(text).slice(1, -1)), pattern],
  };
}

/** A pattern of LIKE for what holds this text, in which no character means anything but itself. */
export function partOf(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}
