/**
 * The small forms that the rules files are made of. In an error text here, what follows a line break is the hint.
 */
import { z } from 'zod';
import { compileWhen } from './expression.ts';
import { createTemplates } from './template.ts';

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
  .describe('A CEL expression over event, job and app: job.duration_s > 3600. One that fails on an event does not match it.');
