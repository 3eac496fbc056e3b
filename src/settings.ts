/** The environment → Settings. Everything is checked at start, all problems at once. */
import { z } from 'zod';
import { isLoopback } from './narrative/target.ts';
import { durationMs } from './rules/schema-values.ts';
import type { ReadSecret } from './rules/secrets.ts';

/** A whole number with digits only: `Number('')` is 0 and `Number('0x10')` is 16, neither of which anybody meant. */
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    // What is so long that it reads as Infinity is no number to zod; it is too much all the same.
    .pipe(z.number(`must be at most ${most}`).min(least, `must be at least ${least}`).max(most, `must be at most ${most}`));

/**
 * An env file without a line break at its end takes the next line along: `…example.comNARRATIVE_WEBHOOK_SECRET=…` is a URL to the parser,
 * and would be shown wherever the URL is, with the secret.
 */
const lineBreak = 'look for a missing line break before the next variable';

const httpUrl = z
  .string()
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), { error: 'must be an http(s) URL', abort: true })
  .refine((text) => /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(new URL(text).hostname), {
    error: `has a character in its host that no host name has: ${lineBreak}`,
    abort: true,
  })
  .refine((text) => !/[A-Z_]{4,}=/.test(new URL(text).pathname), {
    error: `has what looks like another variable in its path: ${lineBreak}`,
    abort: true,
  });

const publicUrl = httpUrl
  .refine((text) => !/[?#]/.test(text), { error: 'must have neither a query nor a fragment (? or #)', abort: true })
  .refine((text) => new URL(text).username === '' && new URL(text).password === '', {
    error: 'must hold no user and no password',
    abort: true,
  })
  .refine((text) => !text.includes('='), { error: `holds "=": ${lineBreak}`, abort: true })
  .refine(
    (text) => !/\/webhooks\/narrative(?:\/|$)/.test(new URL(text).pathname),
    'must be the address of the relay, without /webhooks/narrative',
  );

const duration = z
  .string()
  .regex(/^[1-9]\d{0,6}[smhd]$/, 'must be a duration such as 90s, 30m, 1h or 7d')
  .transform(durationMs);

/** Runs follow each other so closely at most, ms: what one looks at overlaps with the one before by as much. */
const leastBetweenRunsMs = 300_000;

/** `off`: null. */
const durationOrOff = z
  .string()
  .regex(/^(?:off|[1-9]\d{0,6}[smhd])$/, 'must be a duration such as 30m, 1h or 7d, or off')
  .transform((text) => (text === 'off' ? null : durationMs(text)))
  .refine((ms) => ms === null || ms >= leastBetweenRunsMs, 'must be at least 5m, or off');

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const environment = z.object({
  HOST: z.string().default('127.0.0.1').describe('Address to listen on. 0.0.0.0 for all, as in a container.'),
  PORT: wholeNumber(0, 65_535).default(8787).describe('Port to listen on; 0 takes a free one.'),
  RELAY_RULES: z.string().default('rules').describe('Folder of the routing rules.'),
  RELAY_DB: z.string().default('data/relay.db').describe('The SQLite file. Its folder is made if it is missing.'),
  RELAY_ADMIN_TOKEN: z
    .string()
    .regex(/^[\x21-\x7E]+$/, 'must be letters, digits and signs without spaces: make one with "openssl rand -hex 32"')
    .min(16, 'must have at least 16 characters: make one with "openssl rand -hex 32"')
    .optional()
    .describe(
      'Turns on the operator API and the console, for whoever shows it. Or RELAY_ADMIN_TOKEN_FILE, the path of a file that holds it.',
    ),
  RELAY_URL: httpUrl
    .default('http://127.0.0.1:8787')
    .describe('Where commands that ask a running relay find it, such as "silences".'),
  RELAY_MAX_BODY_BYTES: wholeNumber(1024, 64 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('Largest body taken, bytes.'),
  RELAY_RETENTION_DAYS: wholeNumber(1, 36_500).default(30).describe('How long events and their keys are kept, days.'),
  LOG_LEVEL: z
    .enum(logLevels, `must be one of ${logLevels.join(', ')}`)
    .default('info')
    .describe('Least important log lines written.'),
  RELAY_PUBLIC_URL: publicUrl
    .optional()
    .describe(
      'Where Narrative reaches this relay, such as https://relay.example.com. By it the relay knows its subscriptions there.',
    ),
  NARRATIVE_API_TOKEN: z
    .string()
    .regex(/^[\x21-\x7E]+$/, 'must be letters, digits and signs without spaces: copy it again from your account settings')
    .optional()
    .describe(
      'A token for Narrative with webhook permissions: for "subscriptions", "doctor", and to find lost events. Or NARRATIVE_API_TOKEN_FILE.',
    ),
  NARRATIVE_API_URL: httpUrl.default('https://api.narrative.io').describe("Narrative's API, for tests and proxies."),
  RELAY_RECONCILE_EVERY: durationOrOff
    .prefault('1h')
    .describe('How often Narrative is asked for events that never arrived, given a token; off: never. Also done at start.'),
  RELAY_RECONCILE_LOOKBACK: duration
    .prefault('24h')
    .describe('The longest that a job takes: a job older than this is not looked at for its end.'),
  SLACK_API_URL: httpUrl.optional().describe("Slack's API, for tests and proxies. Default: Slack's own."),
  PAGERDUTY_EVENTS_URL: httpUrl
    .optional()
    .describe("PagerDuty's events API, for tests and proxies. Default: that of the region."),
});

export interface Settings {
  host: string;
  port: number;
  rulesFolder: string;
  databasePath: string;
  /** A secret. Undefined: the operator API is off. */
  adminToken: string | undefined;
  relayUrl: string;
  maxBodyBytes: number;
  retentionDays: number;
  logLevel: (typeof logLevels)[number];
  /** Without a slash at its end. */
  publicUrl: string | undefined;
  /** A secret. Undefined: Narrative is asked nothing. */
  narrativeApiToken: string | undefined;
  narrativeApiUrl: string;
  /** ms; null: never. */
  reconcileEveryMs: number | null;
  reconcileLookbackMs: number;
  slackApiUrl: string | undefined;
  pagerDutyEventsUrl: string | undefined;
}

/** For the README and `--help`: each setting's name, default and meaning. */
export const settingsReference = Object.entries(environment.shape).map(([name, schema]) => ({
  name,
  default: schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : '',
  meaning: schema.description ?? '',
}));

export type SettingsResult = { ok: true; settings: Settings; warnings: string[] } | { ok: false; problems: string[] };

/** Those that may stand in a file instead, which `NAME_FILE` names. */
const secretNames = ['RELAY_ADMIN_TOKEN', 'NARRATIVE_API_TOKEN'] as const;

type Environment = Record<string, string | undefined>;

/** A variable that is set to nothing counts as not set. `readSecret` finds what stands in files; without it, nothing does. */
export function readSettings(env: Environment, readSecret: ReadSecret = () => undefined): SettingsResult {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const inFiles = secretNames.filter((name) => given[name] === undefined && given[fileOf(name)] !== undefined);
  for (const name of inFiles) given[name] = readSecret({ env: name })?.trim();
  const unread = inFiles.filter((name) => !given[name]);
  const parsed = environment.safeParse(given);
  if (!parsed.success || unread.length > 0) {
    const issues = parsed.error?.issues.filter(({ path }) => !unread.some((name) => name === path[0])) ?? [];
    return {
      ok: false,
      problems: [
        ...issues.map((issue) => `${issue.path.join('.')} ${issue.message}`),
        ...unread.map((name) => `${fileOf(name)} names a file that is empty or can't be read: check its path and permissions`),
      ],
    };
  }
  const known = new Set([...Object.keys(environment.shape), ...secretNames.map(fileOf)]);
  const unknown = Object.keys(given).filter((name) => name.startsWith('RELAY_') && !known.has(name));
  const found = parsed.data;
  return {
    ok: true,
    warnings: [...unknown.map((name) => `${name} is set, but no such setting exists`), ...openlySent(found)],
    settings: {
      host: found.HOST,
      port: found.PORT,
      rulesFolder: found.RELAY_RULES,
      databasePath: found.RELAY_DB,
      adminToken: found.RELAY_ADMIN_TOKEN,
      relayUrl: found.RELAY_URL,
      maxBodyBytes: found.RELAY_MAX_BODY_BYTES,
      retentionDays: found.RELAY_RETENTION_DAYS,
      logLevel: found.LOG_LEVEL,
      publicUrl: found.RELAY_PUBLIC_URL?.replace(/\/+$/, ''),
      narrativeApiToken: found.NARRATIVE_API_TOKEN,
      narrativeApiUrl: found.NARRATIVE_API_URL.replace(/\/+$/, ''),
      reconcileEveryMs: found.RELAY_RECONCILE_EVERY,
      reconcileLookbackMs: found.RELAY_RECONCILE_LOOKBACK,
      slackApiUrl: found.SLACK_API_URL,
      pagerDutyEventsUrl: found.PAGERDUTY_EVENTS_URL,
    },
  };
}

/** A token in the clear is everybody's on the way. */
function openlySent({ NARRATIVE_API_TOKEN, NARRATIVE_API_URL }: z.infer<typeof environment>): string[] {
  const isSafe = /^https:/i.test(NARRATIVE_API_URL) || isLoopback(NARRATIVE_API_URL);
  if (NARRATIVE_API_TOKEN === undefined || isSafe) return [];
  return ['NARRATIVE_API_URL is no https URL: NARRATIVE_API_TOKEN is sent unencrypted'];
}

const fileOf = (name: string) => `${name}_FILE`;
