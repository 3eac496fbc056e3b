/**
 * The small forms that the rules files are made of. In an error text here, what follows a line break is the hint.
 */
import { z } from 'zod';
import { compileWhen } from './expression.ts';
import { timestampUs } from '../event/time.ts';
import { nearest } from './suggest.ts';
import { createTemplates } from './template.ts';
import { unknownVariable, unknownWhileRouting } from './variables.ts';

/** Where, in a custom issue's `params`, the fault lies inside the text. From 1. */
export interface InsideText {
  line: number;
  col: number;
}

const templates = createTemplates();

export const severities = ['critical', 'error', 'warning', 'info'] as const;

const secretForms = 'write { env: NAME } and set that variable, or { file: PATH } and put it in that file';

/** Where a secret is kept. The files themselves hold none: they are read by many and kept for ever. */
export const secret = z
  .union(
    [
      z.strictObject({
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'env takes the name of an environment variable: letters, digits and _')
          .describe('Name of the environment variable that holds it (or NAME_FILE, the path of a file that does).'),
      }),
      z.strictObject({ file: z.string().min(1).describe('Path of the file that holds it, and nothing else.') }),
    ],
    {
      error: ({ input }) =>
        typeof input === 'string' || typeof input === 'number'
          ? `a secret is written here as plain text; move it out, and replace it if this file was shared\n${secretForms}`
          : `must say where the secret is\n${secretForms}`,
    },
  )
  .describe('A secret: { env: NAME } or { file: PATH }. Never the secret itself.');

/** For URLs and header values, which may be secrets but need not be. */
export function literalOrSecret(literal: z.ZodString, what: string) {
  return z.union([literal, ...secret.options], { error: `must be ${what}, or { env: NAME } or { file: PATH }` });
}

export const httpUrlText = z
  .string()
  .regex(
    /^https?:\/\/[^\s/?#@]+(?:[/?#]\S*)?$/i,
    'must be an http(s) URL, without a user and password\nput credentials into headers, as { env: NAME }',
  )
  .refine((text) => URL.canParse(text), { error: 'is no URL that can be called\ncheck its host and port', abort: true });

/** Part of a URL path, a metric label and a log field. */
export const slug = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'a name has letters, digits, ".", "_" and "-", at most 64, and starts with a letter or digit',
  );

export const duration = z
  .string({ error: 'a duration is a whole number with s, m, h or d\nsuch as 90s, 10m, 6h or 7d' })
  .regex(/^[1-9]\d{0,6}[smhd]$/, 'a duration is a whole number with s, m, h or d\nsuch as 90s, 10m, 6h or 7d')
  .describe('A duration: 90s, 10m, 6h, 7d.')
  .meta({ examples: ['90s', '10m', '6h', '7d'] });

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of what `duration` accepted. */
export function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * unitMs[text.at(-1)!]!;
}

export const pace = z
  .string({ error: 'a pace is a whole number a second or a minute\nsuch as 10/s or 120/m' })
  .regex(/^[1-9]\d{0,5}\/[sm]$/, 'a pace is a whole number a second or a minute\nsuch as 10/s or 120/m')
  .describe('At most this many sends: 10/s or 120/m. Replaces the default for the type.')
  .meta({ examples: ['1/s', '10/s', '120/m'] });

/** Liquid, checked as far as it can be without an event. */
export const template = z.string().superRefine((source, context) => {
  const checked = templates.check(source);
  if (checked.ok) return;
  const { error, hint, line, col } = checked;
  const message = `${error}${hint === undefined ? '' : `\n${hint}`}`;
  context.addIssue({ code: 'custom', message, params: { line, col } satisfies InsideText });
});

/** CEL, checked as far as it can be without an event. */
export const expression = z
  .string()
  .superRefine((source, context) => {
    const compiled = compileWhen(source);
    if (compiled.ok) return;
    for (const { message, hint, offset } of compiled.faults) {
      const before = source.slice(0, offset).split('\n');
      const params: InsideText = { line: before.length, col: before.at(-1)!.length + 1 };
      context.addIssue({ code: 'custom', message: `${message}${hint === undefined ? '' : `\n${hint}`}`, params });
    }
  })
  .describe(
    'A CEL expression over event, job, app and relay: job.duration_s > 3600. One that fails on an event does not match it.',
  );

/** Of a rule or a mute. */
export const oneLineName = z.string().regex(/^\S(?:.{0,98}\S)?$/, 'a name is one line of at most 100 characters');

/** One state by its name, where a glob would leave open which. */
export const stateName = z.string().regex(/^[^\s*?]+$/, 'a state is named exactly, without * and ?\nsuch as failed');

/** What groups alerts: it has to be known while rules are matched. */
export const variable = z.string().superRefine((path, context) => {
  const wrong = (message: string) => context.addIssue({ code: 'custom', message });
  if (!/^\w+(?:\.\w+)+$/.test(path)) return wrong('must be the path of a variable\nsuch as job.type or job.input.region');
  const [name, field] = path.split('.') as [string, string];
  const unknown = unknownVariable(name, field);
  if (unknown) return wrong(`${unknown.message}${unknown.hint === undefined ? '' : `\n${unknown.hint}`}`);
  if (name === 'event' && unknownWhileRouting.includes(field)) {
    wrong(`event.${field} is not known yet when rules are matched\nuse what events have in common, such as job.type`);
  }
});

/** Slack's own markup: only what is exactly this notifies, and nothing else gets through unescaped. */
export const mention = z
  .string()
  .regex(
    /^<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+(?:\|[^<>|\n]+)?|!here|!channel|!everyone)>$/,
    'is no mention that Slack knows\nwrite "<@U0ABC123>" (a person), "<!subteam^S0ABC123>" (a group), "<!here>", "<!channel>" or "<!everyone>"; one entry for each',
  );

/** A link that is the same for every event. */
export const linkUrl = z.string().superRefine((url, context) => {
  const wrong = (message: string) => context.addIssue({ code: 'custom', message });
  if (/\{\{|\{%/.test(url))
    wrong('is the same for every event, no template\nlinks that depend on the event go into defaults.links');
  else if (!/^https?:\/\/[^\s/]\S*$/i.test(url) || !URL.canParse(url))
    wrong('must be an http(s) URL\nsuch as https://wiki.example.com/runbook');
});

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const day = dayNames.join('|');

export const dayRange = z
  .string({ error: 'a day is mon, tue, wed, thu, fri, sat or sun\nor a range of them: mon-fri' })
  .regex(new RegExp(`^(?:${day})(?:-(?:${day}))?$`), 'a day is mon, tue, wed, thu, fri, sat or sun\nor a range of them: mon-fri');

/** Days and ranges as 1 (Monday) to 7, ascending, each once. A range may go over the week's end. */
export function dayNumbers(ranges: readonly string[]): number[] {
  const days = ranges.flatMap((range) => {
    const [first, last = first] = range.split('-').map((name) => dayNames.indexOf(name)) as [number, number?];
    const length = ((last - first + 7) % 7) + 1;
    return Array.from({ length }, (_, i) => ((first + i) % 7) + 1);
  });
  return [...new Set(days)].sort((a, b) => a - b);
}

export const timeOfDay = z
  .string({ error: 'a time of day is HH:MM, from 00:00 to 23:59\nsuch as "06:00"' })
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day is HH:MM, from 00:00 to 23:59\nsuch as "06:00"')
  .meta({ examples: ['06:00', '18:30'] });

/** A place, or UTC. Abbreviations are refused, although `Intl` takes some: they don't follow summer time, or not where one thinks. */
export const timezone = z
  .string()
  .superRefine((name, context) => {
    if ((name.includes('/') || name === 'UTC') && isTimeZone(name)) return;
    const meant = nearest(name, [...Intl.supportedValuesOf('timeZone'), 'UTC']);
    const hint = meant === null ? 'write a place such as America/New_York or Europe/Berlin, or UTC' : `did you mean "${meant}"?`;
    context.addIssue({ code: 'custom', message: `"${name.slice(0, 40)}" is no IANA time zone\n${hint}` });
  })
  .meta({ examples: ['UTC', 'America/New_York', 'Europe/Berlin'] });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

const instantForms = 'such as 2026-03-01T18:00:00Z or 2026-03-01T18:00+01:00; UTC without a zone';

export const instant = z
  .string({ error: `must be a date and time\n${instantForms}` })
  .refine((text) => instantMs(text) !== null, `is no date and time\n${instantForms}`);

/** Epoch ms; null for what `instant` refuses. */
export function instantMs(text: string): number | null {
  const us = timestampUs(text);
  const day = text.slice(0, 10);
  // Date.parse takes February 31st for March 3rd.
  const midnight = Date.parse(`${day}T00:00Z`);
  if (us === null || Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return null;
  return Math.floor(us / 1000);
}
