/** The environment → Settings. Everything is checked at start, all problems at once. */
import { z } from 'zod';
import type { ReadSecret } from './rules/secrets.ts';

/** A whole number with digits only: `Number('')` is 0 and `Number('0x10')` is 16, neither of which anybody meant. */
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    // What is so long that it reads as Infinity is no number to zod; it is too much all the same.
    .pipe(z.number(`must be at most ${most}`).min(least, `must be at least ${least}`).max(most, `must be at most ${most}`));

const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http(s) URL');

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
      'Turns on the operator API: whoever shows it may use it. Or RELAY_ADMIN_TOKEN_FILE, the path of a file that holds it.',
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
  slackApiUrl: string | undefined;
  pagerDutyEventsUrl: string | undefined;
}

/** For the README and `--help`: each setting's name, default and meaning. */
export const settingsReference = Object.entries(environment.shape).map(([name, schema]) => ({
  name,
  default: schema instanceof z.ZodDefault ? String(schema.def.defaultValue) : '',
  meaning: schema.description ?? '',
}));

export type SettingsResult = { ok: true; settings: Settings; warnings: string[] } | { ok: false; problems: string[] };

/** Those that may stand in a file instead, which `NAME_FILE` names. */
const secretNames = ['RELAY_ADMIN_TOKEN'] as const;

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
    warnings: unknown.map((name) => `${name} is set, but no such setting exists`),
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
      slackApiUrl: found.SLACK_API_URL,
      pagerDutyEventsUrl: found.PAGERDUTY_EVENTS_URL,
    },
  };
}

const fileOf = (name: string) => `${name}_FILE`;
