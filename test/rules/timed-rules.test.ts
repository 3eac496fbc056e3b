import { describe, expect, test } from 'vitest';
import { appEvent, jobEvent, problemsOf, rulesOf, warningsOf } from './support.ts';

const everyDay = [1, 2, 3, 4, 5, 6, 7];
const destinations =
  'destinations: { team: { type: console }, hook: { type: http, url: "https://example.com" }, oncall: { type: pagerduty, routing_key: { env: K } } }\n';

function triggerOf(keys: string) {
  return rulesOf(`rules: [{ name: a, ${keys} }]`).rules[0]!.trigger;
}

describe('a trigger', () => {
  test.each([
    ['match: {}', { kind: 'event' }],
    ['late: { pending: 20m, running: 90m }', { kind: 'late', afterMs: { pending: 1_200_000, running: 5_400_000 } }],
    ['digest: { at: "08:30" }', { kind: 'digest', at: '08:30', timezone: 'UTC', days: everyDay }],
    [
      'digest: { at: 08:30, timezone: Europe/Berlin, days: [fri-mon, wed] }',
      { kind: 'digest', at: '08:30', timezone: 'Europe/Berlin', days: [1, 3, 5, 6, 7] },
    ],
    [
      'expect: { by: "06:00" }',
      { kind: 'expect', state: 'completed', by: '06:00', from: null, datasets: null, timezone: 'UTC', days: everyDay },
    ],
    [
      'match: { dataset_ids: [7, "8", 7] }, expect: { state: failed, by: "06:00", from: "20:00", timezone: America/New_York, days: [mon-fri] }',
      {
        kind: 'expect',
        state: 'failed',
        by: '06:00',
        from: '20:00',
        datasets: ['7', '8'],
        timezone: 'America/New_York',
        days: [1, 2, 3, 4, 5],
      },
    ],
    ['match: { dataset_ids: ["7*"] }, expect: { by: "06:00", from: "06:00" }', { kind: 'expect', datasets: null, from: null }],
  ])('is read from %s', (keys, trigger) => {
    expect(triggerOf(keys)).toMatchObject(trigger);
  });

  test.each([
    ['late: {}', 'late: names no state'],
    ['late: 20m', 'late: must say how long is too long'],
    ['late: { failed: 20m }', 'a job that has ended stays as it is'],
    ['late: { "run*": 20m }', 'a state is named exactly'],
    ['late: { running: 20 }', 'a duration is a whole number'],
    ['digest: { at: "24:00" }', 'digest.at: a time of day is HH:MM'],
    ['digest: { at: "8:30" }', 'a time of day is HH:MM'],
    ['digest: { at: 830 }', 'a time of day is HH:MM'],
    ['digest: {}', 'digest.at: is missing'],
    ['digest: { at: "08:30", days: [] }', 'names no day'],
    ['digest: { at: "08:30", days: [monday] }', 'a day is mon, tue'],
    ['digest: { at: "08:30", days: mon-fri }', 'days: must be a list'],
    ['digest: { at: "08:30", days: [mon-fri-sun] }', 'a day is mon, tue'],
    ['expect: { state: "*", by: "06:00" }', 'a state is named exactly'],
    ['expect: { by: "06:00", untill: "07:00" }', 'unknown key "untill" in rules[0].expect'],
  ])('%s is refused', (keys, message) => {
    expect(problemsOf(`rules: [{ name: a, ${keys} }]`)).toEqual([expect.stringContaining(message)]);
  });

  test.each(['UTC', 'America/New_York', 'Europe/Kyiv', 'Etc/GMT+5'])('takes the time zone %s', (zone) => {
    expect(triggerOf(`digest: { at: "08:30", timezone: "${zone}" }`)).toMatchObject({ timezone: zone });
  });

  test.each(['EST', 'PST', '+02:00', 'Mars/Olympus', 'America/NewYork'])('does not take the time zone %s', (zone) => {
    expect(problemsOf(`rules: [{ name: a, digest: { at: "08:30", timezone: "${zone}" } }]`)).toEqual([
      `3:53 rules[0].digest.timezone: "${zone}" is no IANA time zone`,
    ]);
  });
});

describe('a timed rule', () => {
  const rules = rulesOf(`rules:
  - { name: stuck, match: { job_types: [materialize-view] }, late: { pending: 20m, running: 90m }, stop: true }
  - { name: nightly, match: { dataset_ids: [7] }, expect: { by: "06:00", timezone: America/New_York, days: [mon-fri] } }
  - { name: morning, match: { states: [completed], job_types: [materialize-view] }, digest: { at: "08:30" } }
  - { name: held, match: { states: [failed, completed] }, hold: 10m, group: { by: [job.type] } }
unmatched: { states: [failed, running, completed] }
`);
  const namesOf = (state: string, fields = {}) => {
    const { rules: matched, timed, matched: sending } = rules.plan(jobEvent({ state, ...fields }));
    return { matched, timed: timed.map(({ name }) => name), sending: sending.map(({ name }) => name) };
  };

  test('is named where an event concerns it, and sends nothing on it', () => {
    expect(namesOf('completed', { input: { dataset_id: 7 } })).toEqual({
      matched: ['nightly', 'morning', 'held'],
      timed: ['stuck', 'nightly', 'morning'],
      sending: ['held'],
    });
    expect(rulesOf('rules: [{ name: d, digest: { at: "08:30" } }]').plan(jobEvent()).deliveries).toEqual([]);
  });

  test('that is late watches jobs in its states, hears of every other state, and stops only where it watches', () => {
    expect(namesOf('running')).toEqual({ matched: ['stuck'], timed: ['stuck'], sending: ['unmatched'] });
    expect(namesOf('failed')).toEqual({ matched: ['held'], timed: ['stuck'], sending: ['held'] });
    const all = rulesOf('rules: [{ name: any, late: { completed-soon: 1m } }]');
    expect(all.plan(appEvent()).timed).toEqual([]);
  });

  test('that expects a state hears of no other', () => {
    expect(namesOf('failed', { type: 'costs', input: { dataset_id: 7 } }).timed).toEqual([]);
    expect(namesOf('completed', { type: 'costs', input: { dataset_id: 7 } }).timed).toEqual(['nightly']);
  });

  test('that collects has seen to its events; one that waits has not', () => {
    const sending = (keys: string) => {
      const rules = rulesOf(`rules: [{ name: a, ${keys} }]\nunmatched: { states: ["*"] }`);
      const { plan, unmatched } = rules.explain(jobEvent({ state: 'completed' }));
      expect(unmatched!.applies).toBe(plan.matched.length > 0);
      return plan.matched.map(({ name }) => name);
    };
    expect(sending('digest: { at: "08:30" }')).toEqual([]);
    expect(sending('expect: { by: "08:30" }')).toEqual(['unmatched']);
    expect(sending('late: { running: 1m }')).toEqual(['unmatched']);
  });

  test('is explained with what it waits for', () => {
    const waits = (state: string) =>
      Object.fromEntries(
        rules
          .explain(jobEvent({ state, input: { dataset_id: 7 } }))
          .rules.map((rule) => [
            rule.name,
            rule.kind === 'matched' ? rule.waits : rule.kind === 'no-match' ? rule.reason : rule.kind,
          ]),
      );
    expect(waits('completed')).toEqual({
      stuck: "late: the event's state is none of pending, running",
      nightly: 'sends if it is not completed by 06:00 America/New_York on Mon, Tue, Wed, Thu, Fri',
      morning: 'collected, sent at 08:30 UTC',
      held: undefined,
    });
    expect(waits('failed')).toMatchObject({
      nightly: 'states: failed is not completed',
      held: 'held for 10 min, unless its subject completes; then grouped by job.type for 30 s',
    });
    expect(waits('running')).toMatchObject({ stuck: 'late after 1 h 30 min in running', held: 'not-reached' });
    expect(rules.explain(jobEvent({ state: 'running' })).unmatched).toEqual({ applies: true, reason: 'no rule matches' });
    for (const state of ['pending', 'running', 'completed', 'failed']) {
      expect(rules.explain(jobEvent({ state })).plan).toEqual(rules.plan(jobEvent({ state })));
    }
  });
});

describe('keys of a rule that contradict each other are refused, at the key:', () => {
  const rule = (keys: string) => problemsOf(`${destinations}rules: [{ name: r, ${keys} }]`);
  const send = 'send: [{ to: team }]';

  test.each([
    ['expect', `late: { running: 1m }, expect: { by: "06:00" }, ${send}`, 'rule "r" has late and expect'],
    ['digest', `late: { running: 1m }, digest: { at: "06:00" }, ${send}`, 'rule "r" has late and digest'],
    ['hold', `late: { running: 1m }, hold: 1m, ${send}`, 'hold does not go with late'],
    ['repeat', `expect: { by: "06:00" }, repeat: 1h, ${send}`, 'repeat does not go with expect'],
    ['group', `digest: { at: "06:00" }, group: {}, ${send}`, 'group does not go with digest'],
    ['recover', `digest: { at: "06:00" }, recover: true, ${send}`, 'recover does not go with digest'],
    [
      'states',
      `match: { states: [failed] }, late: { running: 1m }, ${send}`,
      'match.states does not go with late, which names the states itself',
    ],
    [
      'states',
      `match: { states: [failed] }, expect: { by: "06:00" }, ${send}`,
      'match.states does not go with expect, which names the states itself',
    ],
    ['app', `match: { kind: app }, late: { running: 1m }, ${send}`, 'late is about jobs, and kind is app'],
    ['send', 'expect: { by: "06:00" }, send: []', 'rule "r" has expect and sends nothing'],
    ['send', 'digest: { at: "06:00" }, send: []', 'rule "r" has digest and sends nothing'],
    ['hook', 'digest: { at: "06:00" }, send: [{ to: team }, { to: hook }]', 'a digest is for people to read, and "hook" is http'],
    [
      'oncall',
      'digest: { at: "06:00" }, send: [{ to: team }, { to: oncall }]',
      'a digest would page, and nothing would resolve it: "oncall" is pagerduty',
    ],
  ])('%s in %s', (key, keys, message) => {
    const col = `rules: [{ name: r, ${keys}`.indexOf(key) + 1;
    expect(rule(keys)).toEqual([`4:${col} ${message}`]);
  });

  test('a timed rule without send has nothing to send', () => {
    expect(rule('digest: { at: "06:00" }')).toEqual(['4:9 rule "r" has no send']);
  });

  test.each([
    'late: { running: 1m }, recover: true, send: [{ to: team }]',
    'expect: { by: "06:00" }, recover: true, send: [{ to: hook }]',
    'digest: { at: "06:00" }, match: { states: [completed] }, send: [{ to: team }, { to: oncall, change: true }]',
    'late: { running: 1m }, recover: true, send: [{ to: oncall, message: { title: slow } }]',
    'expect: { by: "06:00" }, recover: true, send: [{ to: oncall }]',
    'expect: { by: "06:00" }, send: [{ to: team }, { to: hook }, { to: oncall, change: true }]',
    'hold: 1m, send: [{ to: oncall, message: { title: failed } }]',
    'match: { dataset_ids: ["7*", "8*"] }, expect: { by: "06:00" }, send: [{ to: team }]',
    'match: { states: [completed] }, recover: false, send: [{ to: team }]',
    'group: {}, hold: 1m, repeat: 1h, recover: true, send: [{ to: team }, { to: hook }]',
  ])('but not %s', (keys) => {
    expect(rule(keys)).toEqual([]);
    expect(warningsOf(`${destinations}rules: [{ name: r, ${keys} }]`)).toEqual([]);
  });
});

test.each(['late: { running: 1m }', 'expect: { by: "06:00" }'])(
  '%s without recover is warned of a PagerDuty alert that nothing resolves',
  (keys) => {
    const rule = (more: string) => `rules: [{ name: r, ${keys}, ${more}send: [{ to: team }, { to: oncall }] }]`;
    const [key] = keys.split(':');
    const col = rule('').indexOf('oncall') + 1;
    expect(warningsOf(destinations + rule(''))).toEqual([`4:${col} nothing resolves what ${key} opens in "oncall"`]);
    expect(warningsOf(destinations + rule('recover: false, '))).toHaveLength(1);
    expect(warningsOf(destinations + rule('recover: true, '))).toEqual([]);
  },
);

test.each([
  ['expect: { by: "06:00" }', 'message has no effect: expect has words of its own'],
  ['digest: { at: "06:00" }', 'message has no effect: digest has words of its own'],
  ['group: {}', 'message is used only where one alert comes alone: a group has words of its own'],
])('a message of a rule with %s is worth a warning', (keys, warning) => {
  const rule = `rules: [{ name: r, ${keys}, send: [{ to: team, message: { title: mine } }] }]`;
  expect(warningsOf(destinations + rule)).toEqual([`4:${rule.indexOf('message') + 1} ${warning}`]);
});

test('states that are nearly known, and exact ids beside globs, are worth a warning', () => {
  expect(
    warningsOf(`rules:
  - { name: a, late: { runing: 1m } }
  - { name: b, expect: { by: "06:00", state: complete } }
  - { name: c, match: { dataset_ids: [7, "8*"] }, expect: { by: "06:00" } }
`),
  ).toEqual([
    '4:24 Narrative documents no state "runing"',
    '5:46 Narrative documents no state "complete"',
    '6:25 with a glob among dataset_ids, any one event meets this expectation',
  ]);
});
