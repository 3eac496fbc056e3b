import { describe, expect, test } from 'vitest';
import { readSettings, settingsReference } from '../src/settings.ts';

function settingsOf(environment: Record<string, string | undefined>) {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return read;
}

const problemsOf = (environment: Record<string, string>): string[] => {
  const read = readSettings(environment);
  return read.ok ? [] : read.problems;
};

const defaults = {
  host: '127.0.0.1',
  port: 8787,
  rulesFolder: 'rules',
  databasePath: 'data/relay.db',
  adminToken: undefined,
  relayUrl: 'http://127.0.0.1:8787',
  maxBodyBytes: 1_048_576,
  retentionDays: 30,
  logLevel: 'info',
  publicUrl: undefined,
  narrativeApiToken: undefined,
  narrativeApiUrl: 'https://api.narrative.io',
  reconcileEveryMs: 3_600_000,
  reconcileLookbackMs: 86_400_000,
  slackApiUrl: undefined,
  pagerDutyEventsUrl: undefined,
};

test('with nothing set, each setting has its default', () => {
  expect(settingsOf({})).toEqual({ ok: true, settings: defaults, warnings: [] });
});

test('a variable that is set to nothing is not set', () => {
  const empty = Object.fromEntries(settingsReference.map(({ name }) => [name, '']));
  expect(settingsOf({ ...empty, RELAY_NONSENSE: '', UNDEFINED: undefined })).toEqual({
    ok: true,
    settings: defaults,
    warnings: [],
  });
});

test('each variable sets its own setting', () => {
  const environment = {
    HOST: '0.0.0.0',
    PORT: '0',
    RELAY_RULES: '/etc/relay/rules',
    RELAY_DB: '/data/relay.db',
    RELAY_ADMIN_TOKEN: 'obviously-fake-admin-token',
    RELAY_URL: 'https://relay.example.com',
    RELAY_MAX_BODY_BYTES: '2048',
    RELAY_RETENTION_DAYS: '7',
    LOG_LEVEL: 'debug',
    RELAY_PUBLIC_URL: 'https://relay.example.com/',
    NARRATIVE_API_TOKEN: 'obviously-fake-narrative-token',
    NARRATIVE_API_URL: 'https://narrative.example.com/api/',
    RELAY_RECONCILE_EVERY: '15m',
    RELAY_RECONCILE_LOOKBACK: '3d',
    SLACK_API_URL: 'http://127.0.0.1:9000/api/',
    PAGERDUTY_EVENTS_URL: 'https://events.example.com',
  };
  expect(Object.keys(environment)).toEqual(settingsReference.map(({ name }) => name));
  expect(settingsOf(environment).settings).toEqual({
    host: '0.0.0.0',
    port: 0,
    rulesFolder: '/etc/relay/rules',
    databasePath: '/data/relay.db',
    adminToken: 'obviously-fake-admin-token',
    relayUrl: 'https://relay.example.com',
    maxBodyBytes: 2048,
    retentionDays: 7,
    logLevel: 'debug',
    publicUrl: 'https://relay.example.com',
    narrativeApiToken: 'obviously-fake-narrative-token',
    narrativeApiUrl: 'https://narrative.example.com/api',
    reconcileEveryMs: 900_000,
    reconcileLookbackMs: 3 * 86_400_000,
    slackApiUrl: 'http://127.0.0.1:9000/api/',
    pagerDutyEventsUrl: 'https://events.example.com',
  });
});

describe('a value that can not be meant is refused with the variable and what it must be', () => {
  test.each([
    ['PORT', 'http', 'PORT must be a whole number'],
    ['PORT', '80.5', 'PORT must be a whole number'],
    ['PORT', '0x50', 'PORT must be a whole number'],
    ['PORT', ' 80', 'PORT must be a whole number'],
    ['PORT', '-1', 'PORT must be a whole number'],
    ['PORT', '٨٠', 'PORT must be a whole number'],
    ['PORT', '65536', 'PORT must be at most 65535'],
    [
      'RELAY_ADMIN_TOKEN',
      'fifteen-letters',
      'RELAY_ADMIN_TOKEN must have at least 16 characters: make one with "openssl rand -hex 32"',
    ],
    [
      'RELAY_ADMIN_TOKEN',
      'a pass phrase of words',
      'RELAY_ADMIN_TOKEN must be letters, digits and signs without spaces: make one with "openssl rand -hex 32"',
    ],
    ['RELAY_URL', 'relay.example.com', 'RELAY_URL must be an http(s) URL'],
    ['RELAY_MAX_BODY_BYTES', '1MB', 'RELAY_MAX_BODY_BYTES must be a whole number'],
    ['RELAY_MAX_BODY_BYTES', '1023', 'RELAY_MAX_BODY_BYTES must be at least 1024'],
    ['RELAY_MAX_BODY_BYTES', '67108865', 'RELAY_MAX_BODY_BYTES must be at most 67108864'],
    ['RELAY_RETENTION_DAYS', '0', 'RELAY_RETENTION_DAYS must be at least 1'],
    ['RELAY_RETENTION_DAYS', '36501', 'RELAY_RETENTION_DAYS must be at most 36500'],
    ['RELAY_RETENTION_DAYS', '30d', 'RELAY_RETENTION_DAYS must be a whole number'],
    ['LOG_LEVEL', 'verbose', 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent'],
    ['LOG_LEVEL', 'INFO', 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent'],
    ['RELAY_PUBLIC_URL', 'relay.example.com', 'RELAY_PUBLIC_URL must be an http(s) URL'],
    [
      'NARRATIVE_API_TOKEN',
      'two words',
      'NARRATIVE_API_TOKEN must be letters, digits and signs without spaces: copy it again from your account settings',
    ],
    ['NARRATIVE_API_URL', 'api.narrative.io', 'NARRATIVE_API_URL must be an http(s) URL'],
    ['RELAY_RECONCILE_EVERY', '0', 'RELAY_RECONCILE_EVERY must be a duration such as 30m, 1h or 7d, or off'],
    ['RELAY_RECONCILE_EVERY', 'hourly', 'RELAY_RECONCILE_EVERY must be a duration such as 30m, 1h or 7d, or off'],
    ['RELAY_RECONCILE_EVERY', '299s', 'RELAY_RECONCILE_EVERY must be at least 5m, or off'],
    ['RELAY_RECONCILE_LOOKBACK', 'off', 'RELAY_RECONCILE_LOOKBACK must be a duration such as 90s, 30m, 1h or 7d'],
    ['SLACK_API_URL', 'slack.com/api', 'SLACK_API_URL must be an http(s) URL'],
    ['SLACK_API_URL', 'file:///etc/passwd', 'SLACK_API_URL must be an http(s) URL'],
    ['PAGERDUTY_EVENTS_URL', 'events', 'PAGERDUTY_EVENTS_URL must be an http(s) URL'],
  ])('%s=%s', (name, value, problem) => expect(problemsOf({ [name]: value })).toEqual([problem]));
});

describe('the public URL', () => {
  const problems = (url: string) => problemsOf({ RELAY_PUBLIC_URL: url });

  test.each([
    ['https://relay.example.com/webhooks/narrative', 'must be the address of the relay, without /webhooks/narrative'],
    ['https://relay.example.com/webhooks/narrative/', 'must be the address of the relay, without /webhooks/narrative'],
    ['https://relay.example.com/a/webhooks/narrative/eu', 'must be the address of the relay, without /webhooks/narrative'],
    ['https://relay.example.com/?key=1', 'must have neither a query nor a fragment (? or #)'],
    ['https://relay.example.com/#x', 'must have neither a query nor a fragment (? or #)'],
    ['https://ada@relay.example.com', 'must hold no user and no password'],
    ['https://:fake@relay.example.com', 'must hold no user and no password'],
    ['https://relay.example.com/basename=fake', 'holds "=": look for a missing line break before the next variable'],
  ])('may not be %s', (url, problem) => expect(problems(url)).toEqual([`RELAY_PUBLIC_URL ${problem}`]));

  test.each(['https://relay.example.com', 'https://example.com/relay/', 'http://127.0.0.1:8787', 'http://[::1]:8787'])(
    'may be %s',
    (url) => expect(problems(url)).toEqual([]),
  );
});

test.each([
  ['https://relay.example.comNARRATIVE_WEBHOOK_SECRET=obviously-fake', 'has a character in its host that no host name has'],
  ['https://proxy.example.com/nRELAY_ADMIN_TOKEN=obviously-fake', 'has what looks like another variable in its path'],
])('a URL that took the next line of an env file along is refused, and not shown: %s', (fused, problem) => {
  for (const { name } of settingsReference.filter((setting) => setting.name.endsWith('_URL'))) {
    expect(problemsOf({ [name]: fused })).toEqual([`${name} ${problem}: look for a missing line break before the next variable`]);
  }
});

test.each(['http://slack_stand-in:9000/api/', 'https://proxy.example.com/API=/a=b/', 'https://proxy.example.com/api?TOKEN=1'])(
  'a URL may be %s',
  (url) => expect(problemsOf({ SLACK_API_URL: url })).toEqual([]),
);

test('a number of four hundred digits is too large, too', () => {
  expect(problemsOf({ PORT: '9'.repeat(400) })).toEqual(['PORT must be at most 65535']);
});

test('reconciling by itself can be turned off', () => {
  expect(settingsOf({ RELAY_RECONCILE_EVERY: 'off' }).settings.reconcileEveryMs).toBeNull();
  expect(settingsOf({ RELAY_RECONCILE_EVERY: '5m' }).settings.reconcileEveryMs).toBe(300_000);
});

test('a token that would travel unencrypted is warned of; not to this machine, and not without one', () => {
  const warned = (NARRATIVE_API_URL: string, NARRATIVE_API_TOKEN?: string) =>
    settingsOf({ NARRATIVE_API_URL, NARRATIVE_API_TOKEN }).warnings;
  expect(warned('http://narrative.example.com', 'obviously-fake')).toEqual([
    'NARRATIVE_API_URL is no https URL: NARRATIVE_API_TOKEN is sent unencrypted',
  ]);
  expect(warned('http://127.0.0.1:8788', 'obviously-fake')).toEqual([]);
  expect(warned('https://narrative.example.com', 'obviously-fake')).toEqual([]);
  expect(warned('http://narrative.example.com')).toEqual([]);
});

describe('a secret in a file', () => {
  const inFile = (content: string | undefined, environment = {}) =>
    readSettings({ RELAY_ADMIN_TOKEN_FILE: '/run/token', ...environment }, () => content);

  test('is read, without the line break at its end, and is no unknown setting', () => {
    expect(inFile('obviously-fake-admin-token\n')).toMatchObject({
      warnings: [],
      settings: { adminToken: 'obviously-fake-admin-token' },
    });
  });

  test('gives way to the one in the environment', () => {
    const read = inFile('obviously-fake-token-of-the-file', { RELAY_ADMIN_TOKEN: 'obviously-fake-admin-token' });
    expect(read).toMatchObject({ settings: { adminToken: 'obviously-fake-admin-token' } });
  });

  test.each([undefined, '', ' \n'])('that can not be used is a problem of its own: %j', (content) => {
    const problem = "RELAY_ADMIN_TOKEN_FILE names a file that is empty or can't be read: check its path and permissions";
    expect(inFile(content)).toEqual({ ok: false, problems: [problem] });
    expect(inFile(content, { PORT: 'x' })).toEqual({ ok: false, problems: ['PORT must be a whole number', problem] });
  });

  test('is held to the same form', () => {
    expect(inFile('short')).toMatchObject({ problems: [expect.stringContaining('at least 16 characters')] });
  });
});

test('all problems are told at once', () => {
  const names = problemsOf({ PORT: 'x', LOG_LEVEL: 'x', SLACK_API_URL: 'x' }).map((problem) => problem.split(' ')[0]);
  expect(names).toEqual(['PORT', 'LOG_LEVEL', 'SLACK_API_URL']);
});

test('no problem shows the value: it may be a secret in the wrong variable', () => {
  for (const { name } of settingsReference) {
    expect(problemsOf({ [name]: 'xoxb-obviously-fake' }).join()).not.toContain('xoxb');
  }
});

test('a RELAY_ variable that is no setting is warned of, as a slip; other programs’ variables are nobody’s business here', () => {
  const { settings, warnings } = settingsOf({
    RELAY_PORT: '80',
    RELAY_RULE: 'x',
    PATH: '/bin',
    SLACK_BOT_TOKEN: 'obviously-fake',
  });
  expect(settings.port).toBe(8787);
  expect(warnings).toEqual(['RELAY_PORT is set, but no such setting exists', 'RELAY_RULE is set, but no such setting exists']);
});

test('the reference tells each default and meaning', () => {
  const byName = new Map(settingsReference.map((setting) => [setting.name, setting]));
  expect(byName.get('PORT')).toMatchObject({ default: '8787', meaning: expect.stringContaining('Port to listen on') });
  expect(byName.get('SLACK_API_URL')).toMatchObject({ default: '' });
  expect(settingsReference.filter(({ meaning }) => meaning === '')).toEqual([]);
});
