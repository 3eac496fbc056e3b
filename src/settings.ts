/** The environment → Settings. Everything is checked at start, all problems at once. */
import { z } from 'zod';

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

/** A variable that is set to nothing counts as not set. */
export function readSettings(env: Record<string, string | undefined>): SettingsResult {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    return { ok: false, problems: parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`) };
  }
  const unknown = Object.keys(given).filter((name) => name.startsWith('RELAY_') && !(name in environment.shape));
  const found = parsed.data;
  return {
    ok: true,
    warnings: unknown.map((name) => `${name} is set, but no such setting exists`),
    settings: {
      host: found.HOST,
      port: found.PORT,
      rulesFolder: found.RELAY_RULES,
      databasePath: found.RELAY_DB,
      maxBodyBytes: found.RELAY_MAX_BODY_BYTES,
      retentionDays: found.RELAY_RETENTION_DAYS,
      logLevel: found.LOG_LEVEL,
      slackApiUrl: found.SLACK_API_URL,
      pagerDutyEventsUrl: found.PAGERDUTY_EVENTS_URL,
    },
  };
}
