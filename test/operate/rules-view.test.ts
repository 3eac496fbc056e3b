import { expect, test } from 'vitest';
import { rulesViewOf } from '../../src/operate/rules-view.ts';
import { rulesView as shape } from '../../src/operate/shapes/views.ts';
import { rulesOf } from '../rules/support.ts';

const now = Date.UTC(2026, 2, 2, 9);
const loaded = { loadedAtMs: now - 1_000, problems: ['rules/a.yaml:3:1 unknown key "sned"'] };
const chat = 'send: [{ to: chat }]';
const viewOf = (body: string) => rulesViewOf(rulesOf(`destinations: { chat: { type: console } }\n${body}`), loaded, now);

test('rules are shown in words: when they send, what they ask for beyond, and where', () => {
  const view = viewOf(`rules:
  - { name: plain, match: { states: [failed] }, send: [{ to: chat, severity: critical }, { to: console }] }
  - { name: all, match: {}, stop: true, hold: 10m, repeat: 12h, recover: true, group: { by: [job.type], every: 5m }, ${chat} }
  - { name: late, match: {}, late: { pending: 20m, running: 90m }, ${chat} }
  - { name: nightly, match: { dataset_ids: [1, 2] }, expect: { by: "06:00", timezone: America/New_York, days: [mon-tue] }, ${chat} }
  - { name: digest, match: {}, digest: { at: "08:30" }, ${chat} }
unmatched: { states: [failed], ${chat} }
`);
  expect(view.rules.map(({ name, when, policy }) => [name, when, policy])).toEqual([
    ['plain', 'each event', []],
    [
      'all',
      'each event',
      [
        'held 10 min',
        'reminder every 12 h',
        'tells recovery',
        'grouped by job.type: the first after 30 s, then every 5 min',
        'stops: the rest of its file is not looked at',
      ],
    ],
    ['late', 'late: 20 min in pending, 1 h 30 min in running', []],
    ['nightly', 'not completed by 06:00 America/New_York on Mon, Tue: each of datasets 1, 2', []],
    ['digest', 'digest at 08:30 UTC', []],
  ]);
  expect(view.rules[0]).toMatchObject({
    at: 'rules/a.yaml:5:13',
    send: [
      { to: 'chat', severity: 'critical', change: false },
      { to: 'console', severity: null, change: false },
    ],
  });
  expect(view.unmatched).toMatchObject({ name: 'unmatched', send: [{ to: 'chat', severity: null, change: false }] });
  expect(shape.parse(view)).toEqual(view);
});

test('the view says when the rules were loaded, what is wrong with those that were not, and which mutes are in force', () => {
  const view = viewOf(`rules: []
mutes:
  - { name: now, match: { states: [failed] }, until: "2026-03-03T00:00:00Z", reason: migration }
  - { name: later, match: { states: [failed] }, from: "2026-03-03T00:00:00Z", until: "2026-03-04T00:00:00Z", reason: migration }
`);
  expect(view).toMatchObject({
    loaded_at: '2026-03-02T08:59:59.000Z',
    problems: loaded.problems,
    unmatched: null,
    subject: null,
  });
  expect(view.mutes.map(({ name, from, active }) => [name, from, active])).toEqual([
    ['now', null, true],
    ['later', '2026-03-03T00:00:00.000Z', false],
  ]);
});

test('no secret is in it', () => {
  const hook =
    'hook: { type: http, url: { env: FAKE_URL }, secret: { env: FAKE_SECRET }, headers: { x-key: { env: FAKE_KEY } } }';
  const rules = rulesOf(`destinations: { ${hook} }\nrules: [{ name: r, match: {}, send: [{ to: hook }] }]\n`);
  const view = rulesViewOf(rules, loaded, now);
  expect(view.subscriptions).toEqual([{ name: 'production', id: null, scheme: 'auto' }]);
  expect(rules.secrets.some((secret) => secret.includes('obviously-fake-secret'))).toBe(true);
  expect(JSON.stringify(view)).not.toContain('obviously-fake-secret');
});
