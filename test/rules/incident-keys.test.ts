import { describe, expect, test } from 'vitest';
import { appEvent, jobEvent, problemsOf, relayEventFor, rulesOf, warningsOf } from './support.ts';

const destinations =
  'destinations: { team: { type: slack, token: { env: A }, channel: C1 }, hook: { type: http, url: "https://example.com" } }\n';

function policyOf(keys: string) {
  return rulesOf(`rules: [{ name: a, ${keys} }]`).rules[0]!.incident;
}

describe('a rule', () => {
  test('without hold, repeat, recover and group has no policy: each event is sent', () => {
    expect(policyOf('match: {}')).toBeNull();
    expect(policyOf('recover: false')).toBeNull();
  });

  test.each([
    ['hold: 10m', { holdMs: 600_000, repeatMs: null, recover: false, group: null }],
    ['hold: 7d', { holdMs: 604_800_000, repeatMs: null, recover: false, group: null }],
    ['repeat: 12h, recover: true', { holdMs: null, repeatMs: 43_200_000, recover: true, group: null }],
    [
      'group: { wait: 1h, every: 1d }',
      { holdMs: null, repeatMs: null, recover: false, group: { by: [], waitMs: 3_600_000, everyMs: 86_400_000 } },
    ],
    ['group: {}', { holdMs: null, repeatMs: null, recover: false, group: { by: [], waitMs: 30_000, everyMs: 300_000 } }],
    [
      'group: { by: [job.type, job.input.region, relay.topic], wait: 10s, every: 1h }',
      {
        holdMs: null,
        repeatMs: null,
        recover: false,
        group: { by: ['job.type', 'job.input.region', 'relay.topic'], waitMs: 10_000, everyMs: 3_600_000 },
      },
    ],
  ])('with %s says so in its policy', (keys, policy) => {
    expect(policyOf(keys)).toEqual(policy);
  });

  test.each([
    ['hold: 8d', 'hold: is longer than 7d'],
    ['hold: 10', 'a duration is a whole number'],
    ['recover: always', 'must be true or false'],
    ['group: { by: job.type }', 'group.by: must be a list'],
    ['group: { by: [job.tpye] }', 'group.by[0]: job has no "tpye"'],
    ['group: { by: [jbo.type] }', 'group.by[0]: unknown variable "jbo"'],
    ['group: { by: [job] }', 'group.by[0]: must be the path of a variable'],
    ['group: { by: [event.id] }', 'group.by[0]: event.id is not known yet'],
    ['group: { wait: 61m }', 'group.wait: is longer than 1h'],
    ['group: { every: 25h }', 'group.every: is longer than 24h'],
    ['group: { wait: soon }', 'group.wait: a duration is a whole number'],
    ['group: { evry: 5m }', 'unknown key "evry" in rules[0].group'],
  ])('with %s is refused', (keys, message) => {
    expect(problemsOf(`rules: [{ name: a, ${keys} }]`)).toEqual([expect.stringContaining(message)]);
  });

  test('warns of keys that need an incident where none of its states opens one', () => {
    const rule = (states: string, keys: string) => `rules: [{ name: a, match: { states: [${states}] }, ${keys} }]`;
    const none = 'has no effect: this rule matches no state that opens an incident (failed)';
    expect(warningsOf(rule('completed', 'hold: 10m, repeat: 1h, recover: true'))).toEqual([
      `3:52 hold ${none}`,
      `3:63 repeat ${none}`,
      `3:75 recover ${none}`,
    ]);
    for (const states of ['failed', 'completed, failed', '"fail*"', '"*"']) {
      expect(warningsOf(rule(states, 'recover: true'))).toEqual([]);
    }
    expect(warningsOf('rules: [{ name: a, recover: true }]')).toEqual([]);
    const opened = 'defaults: { incidents: { open: [failed, cancelled] } }\n';
    expect(warningsOf(opened + rule('cancelled', 'recover: true'))).toEqual([]);
  });

  test('is not warned so where it is about the relay, whose states are not for the files to say', () => {
    const opened = 'defaults: { incidents: { open: [cancelled] } }\n';
    const ofRelay = 'rules: [{ name: a, match: { kind: relay, states: [failed] }, hold: 1m, recover: true }]';
    expect(rulesOf(opened + ofRelay).plan(relayEventFor()).part).toBe('opens');
    expect(warningsOf(opened + ofRelay)).toEqual([]);
  });

  test('broadcasts recoveries, and is warned where there are none, or no thread', () => {
    const rule = (send: string, keys = 'recover: true') =>
      `${destinations}rules: [{ name: a, ${keys}, send: [{ to: ${send}, broadcast: true }] }]\n`;
    expect(rulesOf(rule('team')).plan(jobEvent()).deliveries).toMatchObject([{ destination: 'team', broadcast: true }]);
    expect(warningsOf(rule('team'))).toEqual([]);
    expect(warningsOf(rule('hook'))).toEqual(['4:54 broadcast has an effect on Slack with a bot token only, and "hook" is http']);
    expect(warningsOf(rule('team', 'hold: 1m'))).toEqual(['4:49 broadcast has no effect: nothing here tells a recovery']);
    const webhook = 'destinations: { w: { type: slack, webhook_url: { env: A } } }\n';
    expect(warningsOf(`${webhook}rules: [{ name: a, recover: true, send: [{ to: w, broadcast: true }] }]`)).toEqual([
      '4:51 broadcast has an effect on Slack with a bot token only, and "w" is an incoming webhook',
    ]);
    expect(warningsOf(`${destinations}unmatched: { send: [{ to: team, broadcast: true }] }`)).toEqual([
      expect.stringContaining('nothing here tells a recovery'),
    ]);
  });
});

describe('defaults.incidents', () => {
  const partsOf = (body: string) => {
    const rules = rulesOf(`${body}\nrules: [{ name: a }]`);
    return Object.fromEntries(
      ['failed', 'completed', 'cancelled', 'running'].map((state) => [state, rules.plan(jobEvent({ state })).part]),
    );
  };

  test('say which states open an incident and which close it: failed and completed, unless written', () => {
    expect(partsOf('')).toEqual({ failed: 'opens', completed: 'closes', cancelled: null, running: null });
    expect(partsOf('defaults: { incidents: { open: [failed, cancelled], close: [running] } }')).toEqual({
      failed: 'opens',
      completed: null,
      cancelled: 'opens',
      running: 'closes',
    });
    expect(rulesOf('rules: []').plan(appEvent()).part).toBe('opens');
  });

  test.each([
    ['{ open: [failed, completed] }', 'completed both opens and closes an incident'],
    ['{ open: [a, b], close: [b] }', 'b both opens and closes an incident'],
    ['{ open: [] }', 'names no state'],
    ['{ open: ["fail*"] }', 'a state is named exactly'],
    ['{ opens: [failed] }', 'unknown key "opens"'],
  ])('%s is refused', (written, message) => {
    expect(problemsOf(`defaults: { incidents: ${written} }`)).toEqual([expect.stringContaining(message)]);
  });

  test('warn of a state that is nearly one that Narrative documents', () => {
    expect(warningsOf('rules: [{ name: a }]\ndefaults: { incidents: { open: [faild] } }')).toEqual([
      '4:33 Narrative documents no state "faild"',
    ]);
  });
});

describe('owners', () => {
  test('are all that match, in file order, with what they have', () => {
    const rules = rulesOf(`owners:
  - { match: { dataset_ids: [7] }, mention: "<!subteam^S0ABC|@team>", runbook: "https://wiki.example.com/7" }
  - { match: { states: [cancelled] }, mention: "<!here>" }
  - { runbook: "https://wiki.example.com/" }
rules: [{ name: failures, match: { states: [failed] } }]
`);
    expect(rules.plan(jobEvent({ input: { dataset_id: 7 } })).owners).toEqual([
      { mention: '<!subteam^S0ABC|@team>', runbook: 'https://wiki.example.com/7' },
      { mention: null, runbook: 'https://wiki.example.com/' },
    ]);
    expect(rules.plan(jobEvent({ state: 'cancelled' })).owners).toEqual([]);
  });

  test.each(['<@U0ABC>', '<@W0ABC>', '<!subteam^S0ABC>', '<!here>', '<!channel>', '<!everyone>'])('may be %s', (mention) => {
    expect(problemsOf(`owners: [{ mention: "${mention}" }]`)).toEqual([]);
  });

  test.each([
    '@team',
    '<@team>',
    '<#C0ABC>',
    '<@U0ABC> <@U0DEF>',
    '<@u0abc>',
    '<!subteam^S0ABC|a>b>',
    'x <!here>',
    '{{ job.id }}',
    '',
  ])('may not be %j, and the error shows what they may be', (mention) => {
    expect(problemsOf(`owners: [{ mention: ${JSON.stringify(mention)} }]`)).toEqual([
      '3:21 owners[0].mention: is no mention that Slack knows',
    ]);
  });

  test.each([
    ['{ match: { states: [failed] } }', 'needs mention, runbook or both'],
    ['{ runbook: "ftp://example.com" }', 'runbook: must be an http(s) URL'],
    ['{ runbook: "javascript:alert(1)" }', 'runbook: must be an http(s) URL'],
    ['{ runbook: "https://example.com/{{job.type}}" }', 'is the same for every event, no template'],
    ['{ mentoin: "<!here>" }', 'unknown key "mentoin"'],
  ])('%s is refused', (owner, message) => {
    expect(problemsOf(`owners: [${owner}]`)).toContainEqual(expect.stringContaining(message));
  });
});

describe('watch', () => {
  test('has defaults, and what is written replaces them', () => {
    expect(rulesOf('').watch).toEqual({ noEventsMs: null, backlogMs: 600_000, unverifiedPerMinute: 20 });
    expect(rulesOf('watch: { no_events: 6h, backlog: 5m, unverified: 100/m }').watch).toEqual({
      noEventsMs: 21_600_000,
      backlogMs: 300_000,
      unverifiedPerMinute: 100,
    });
  });

  test.each([
    ['{ unverified: 20/s }', 'a rate is a whole number a minute'],
    ['{ unverified: 20 }', 'a rate is a whole number a minute'],
    ['{ backlog: soon }', 'a duration is a whole number'],
    ['{ no_event: 6h }', 'unknown key "no_event"'],
  ])('%s is refused', (written, message) => {
    expect(problemsOf(`watch: ${written}`)).toEqual([expect.stringContaining(message)]);
  });
});

describe('events of the relay itself', () => {
  const rules = rulesOf(`rules:
  - { name: everything }
  - { name: failures, match: { states: [failed] } }
  - { name: itself, match: { kind: relay, states: [failed], when: relay.topic == "backlog" && job == null } }
  - { name: by-type, match: { kind: relay, event_types: ["relay.destination-*"] } }
unmatched: { states: ["*"] }
`);

  test('are matched by rules of kind relay only, and never by unmatched', () => {
    expect(rules.plan(relayEventFor()).rules).toEqual(['itself']);
    expect(rules.plan(relayEventFor({ topic: 'destination-parked', about: 'team' })).rules).toEqual(['by-type']);
    expect(rules.plan(relayEventFor({ topic: 'no-events' }))).toMatchObject({ rules: [], deliveries: [] });
    expect(rules.plan(jobEvent()).rules).toEqual(['everything', 'failures']);
  });

  test('are explained in those words', () => {
    const { rules: explained, unmatched } = rules.explain(relayEventFor({ topic: 'no-events' }));
    expect(explained[0]).toMatchObject({
      reason: 'kind: this is an event of the relay itself, which only rules with kind: relay match',
    });
    expect(unmatched).toEqual({ applies: false, reason: 'this is an event of the relay itself' });
    expect(rules.explain(jobEvent()).rules[2]).toMatchObject({ reason: 'kind: this is a job event, the rule wants relay' });
  });

  test('can be read in templates, whose fields are checked', () => {
    const title = (template: string) => `rules: [{ name: a, send: [{ to: console, message: { title: "${template}" } }] }]`;
    expect(problemsOf(title('{{ relay.topic }} {{ relay.about }}: {{ relay.detail }}'))).toEqual([]);
    expect(problemsOf(title('{{ relay.topik }}'))).toEqual([expect.stringContaining('relay has no "topik"')]);
  });

  test('a rule that names their types in vain is warned', () => {
    const rule = (match: string) => `rules: [{ name: a, match: ${match} }]`;
    expect(warningsOf(rule('{ event_types: [relay.backlog] }'))).toEqual([
      '3:43 "relay.backlog" is matched only together with kind: relay',
    ]);
    expect(
      warningsOf(rule('{ kind: relay, event_types: [relay.backlogs, relay.nothing-such, "relay.*", relay.backlog] }')),
    ).toEqual(['3:56 the relay has no event "relay.backlogs"', '3:72 the relay has no event "relay.nothing-such"']);
  });

  test.each(['job_types', 'job_ids', 'dataset_ids', 'app_ids', 'data_plane_ids', 'requested_by'])(
    'have no %s: to ask for them is worth a warning, in rules, owners and mutes',
    (key) => {
      const match = `match: { kind: relay, ${key}: ["*"] }`;
      expect(rulesOf(`rules: [{ name: a, ${match} }]`).plan(relayEventFor()).rules).toEqual([]);
      const warning = `${key} with kind: relay matches nothing: events of the relay have none`;
      expect(
        warningsOf(
          `rules: [{ name: a, ${match} }]\nowners: [{ ${match}, mention: <!here> }]\nmutes: [{ name: m, ${match}, from: 2026-03-01T00:00Z, reason: x }]\n`,
        ),
      ).toEqual([`3:42 ${warning}`, `4:34 ${warning}`, `5:42 ${warning}`]);
      expect(warningsOf(`rules: [{ name: a, match: { kind: job, ${key}: ["*"] } }]`)).toEqual([]);
    },
  );

  test('are failed or completed: to ask for another state is worth a warning', () => {
    const rule = (states: string) => warningsOf(`rules: [{ name: a, match: { kind: relay, states: [${states}] } }]`);
    expect(rule('failed, completed')).toEqual([]);
    expect(rule('"f*", "*ed", "complete?"')).toEqual([]);
    const why = 'with kind: relay matches nothing: events of the relay are failed or completed';
    expect(rule('cancelled, failed, faild, "run*"')).toEqual([
      `3:51 state "cancelled" ${why}`,
      `3:70 state "faild" ${why}`,
      `3:77 state "run*" ${why}`,
    ]);
  });
});
