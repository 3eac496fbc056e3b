import { describe, expect, test } from 'vitest';
import { knownJobTypes, knownStates } from '../../src/rules/facts.ts';
import { loadRules } from '../../src/rules/load.ts';
import { filterOf, uncovered, type AskedFor } from '../../src/rules/wanted.ts';
import { rulesOf } from './support.ts';

/** What the rules want, such as `{ failed: ['costs'], completed: 'all' }`. */
function wantedJobs(body: string, subscription: string | null = null): Record<string, string[] | 'all'> {
  const { jobs } = rulesOf(body).wanted(subscription);
  return Object.fromEntries([...jobs].map(([state, types]) => [state, types === 'all' ? types : [...types]]));
}

/** Gets events, not alerts: nothing that a rule sends there waits for an end. */
const hook = 'destinations: { hook: { type: http, url: "https://hooks.example.com/" } }\n';
/** One rule with these keys, which sends there. */
const rule = (keys: string) => `${hook}rules: [{ name: r, ${keys}, send: [{ to: hook }] }]`;
const matching = (match: string) => rule(`match: ${match}`);

const all: object = { '*': 'all' };
const asking = (states: string[] | null, jobTypes: string[] | null): AskedFor => ({ jobIds: null, states, jobTypes });

describe('what a rule wants of jobs', () => {
  test.each<[string, string, object]>([
    [
      'its states of its types',
      '{ states: [failed, cancelled], job_types: [costs] }',
      { failed: ['costs'], cancelled: ['costs'] },
    ],
    ['every state of its types, where it names no state', '{ job_types: [costs] }', { '*': ['costs'] }],
    ['its states of all jobs, where it names no type', '{ states: [failed] }', { failed: 'all' }],
    ['everything, where it names neither', '{}', all],
    ['all that a glob over types may come to mean', "{ states: [failed], job_types: ['models_*'] }", { failed: ['models_*'] }],
    ['the known states that a glob means', "{ states: ['pend*'] }", { pending: 'all', pending_cancellation: 'all' }],
    ['every state, for a glob that means all', "{ states: ['*'], job_types: ['*'] }", all],
    ['the state in the type of an event', '{ event_types: [job.failed] }', { failed: 'all' }],
    ['the states that a glob over event types means', "{ event_types: ['job.c*'] }", { completed: 'all', cancelled: 'all' }],
    ['what both lists hold', '{ event_types: [job.failed, job.running], states: [failed] }', { failed: 'all' }],
    [
      'no less for what Narrative can not be asked',
      '{ states: [failed], dataset_ids: [1], when: job.duration_s > 1 }',
      { failed: 'all' },
    ],
    ['not the states that it excludes', '{ states: [failed, cancelled], not: { states: [cancelled] } }', { failed: 'all' }],
    ['not the types that it excludes', '{ job_types: [costs, forecast], not: { job_types: [costs] } }', { '*': ['forecast'] }],
    [
      'what it excludes only together with something else',
      '{ states: [failed], not: { states: [failed], dataset_ids: [1] } }',
      { failed: 'all' },
    ],
    ['all types, where it wants all but some', '{ states: [failed], not: { job_types: [costs] } }', { failed: 'all' }],
    ['nothing of what connectors send', '{ kind: app }', {}],
    ['nothing, where only app events have what it asks for', '{ app_ids: [8] }', {}],
    ['nothing, where it names the type of an app event', '{ event_types: [facebook.audience.delivery.failed] }', {}],
    ['nothing of Narrative, where it is about the relay', '{ kind: relay }', {}],
    ['nothing, where it excludes jobs', '{ not: { kind: job } }', {}],
  ])('is %s', (_what, match, expected) => {
    expect(wantedJobs(matching(match))).toEqual(expected);
  });

  test('is every known state but those that it excludes', () => {
    const { completed: _, ...others } = Object.fromEntries(knownStates.map((state) => [state, 'all']));
    expect(wantedJobs(matching('{ not: { states: [completed] } }'))).toEqual(others);
    expect(wantedJobs(matching('{ not: { event_types: [job.completed] } }'))).toEqual(others);
  });

  test('is nothing, where it sends nowhere', () => {
    expect(wantedJobs('rules: [{ name: r, match: { states: [failed] }, send: [] }]')).toEqual({});
  });

  test('is nothing of another subscription', () => {
    for (const match of [
      '{ subscriptions: [production] }',
      "{ subscriptions: ['prod*'] }",
      '{ not: { subscriptions: [staging] } }',
    ]) {
      expect(wantedJobs(matching(match), 'production')).toEqual(all);
      expect(wantedJobs(matching(match), 'staging')).toEqual({});
      expect(wantedJobs(matching(match))).toEqual(all);
    }
  });

  test.each(['hold: 10m', 'repeat: 12h', 'recover: true', 'group: {}'])('with %s is also the end of what it alerts of', (key) => {
    const keys = `match: { states: [failed], job_types: [costs] }, ${key}`;
    expect(wantedJobs(rule(keys))).toEqual({ failed: ['costs'], completed: ['costs'] });
    expect(wantedJobs(`defaults: { incidents: { close: [running] } }\n${rule(keys)}`)).toEqual({
      failed: ['costs'],
      running: ['costs'],
    });
    expect(wantedJobs(rule(`match: { states: [cancelled] }, ${key}`))).toEqual({ cancelled: 'all' });
  });

  test('is the end of what it alerts of without any of these, since a silence may keep that back until then', () => {
    const sending = (match: string, ...to: string[]) =>
      wantedJobs(`${hook}rules: [{ name: r, match: ${match}, send: [${to.map((name) => `{ to: ${name} }`).join(', ')}] }]`);
    expect(sending('{ states: [failed], job_types: [costs] }', 'hook', 'console')).toEqual({
      failed: ['costs'],
      completed: ['costs'],
    });
    expect(sending('{ states: [failed], job_types: [costs] }', 'hook')).toEqual({ failed: ['costs'] });
    expect(sending('{ states: [running] }', 'console')).toEqual({ running: 'all' });
  });

  test.each<[string, string[] | 'all']>([
    ['{{ job.dataset_id }}', 'all'],
    ['{{ job.type }} {{ job.dataset_id }}', ['costs']],
    ['{{- job.dataset_id }}/{{- job.type -}}', ['costs']],
    ['{{ job.input.dataset_id | default: job.type }}', 'all'],
    ['{{ job.type | slice: 0, 5 }}', 'all'],
    ['{% unless job.dataset_id %}{{ job.type }}{% endunless %}{{ job.dataset_id }}', 'all'],
  ])('is the end of each job that may have the subject %s', (subject, expected) => {
    const recovering = rule('match: { states: [failed], job_types: [costs] }, recover: true');
    expect(wantedJobs(`defaults: { subject: '${subject}' }\n${recovering}`)).toEqual({ failed: ['costs'], completed: expected });
  });

  test.each<[string, object]>([
    ['{{ app.dataset_id | default: job.dataset_id }}', { completed: 'all' }],
    ['{{ event.company_id }}', { completed: 'all' }],
    ['{{ job.type }} {{ event.company_id }}', {}],
    ['{{ job.dataset_id }}', {}],
    ['{{ app.dataset_id }}', {}],
  ])('of an app is the end of jobs only where both may have the subject %s', (subject, expected) => {
    const recovering = rule('match: { kind: app, states: [failed] }, recover: true');
    expect(wantedJobs(`defaults: { subject: '${subject}' }\n${recovering}`)).toEqual(expected);
  });

  test('with late is every state: the next one ends the wait', () => {
    expect(wantedJobs(rule('match: { job_types: [costs] }, late: { pending: 20m }'))).toEqual({ '*': ['costs'] });
  });

  test('with expect is the state that it expects', () => {
    expect(wantedJobs(rule('match: { job_types: [costs] }, expect: { by: "06:00" }'))).toEqual({ completed: ['costs'] });
  });

  test('with digest is what it collects', () => {
    expect(wantedJobs('rules: [{ name: r, match: { states: [completed] }, digest: { at: "06:00" } }]')).toEqual({
      completed: 'all',
    });
  });
});

describe('what all rules want of jobs', () => {
  test('adds up', () => {
    const rules = `${hook}rules:
      - { name: a, match: { states: [failed], job_types: [costs] }, send: [{ to: hook }] }
      - { name: b, match: { states: [failed, completed], job_types: [forecast] }, send: [{ to: hook }] }`;
    expect(wantedJobs(rules)).toEqual({ failed: ['costs', 'forecast'], completed: ['forecast'] });
  });

  test('includes what no rule matches, of all jobs, where that is sent', () => {
    expect(wantedJobs(`${hook}unmatched: { send: [{ to: hook }] }`)).toEqual({ failed: 'all' });
    expect(wantedJobs(`${hook}unmatched: { states: [cancelled], send: [{ to: console }] }`)).toEqual({ cancelled: 'all' });
    expect(wantedJobs(`${hook}unmatched: { states: [cancelled], send: [] }`)).toEqual({});
  });

  test('includes the end of what no rule matches, where that is an alert', () => {
    expect(wantedJobs(`${hook}unmatched: { send: [{ to: console }] }`)).toEqual({ failed: 'all', completed: 'all' });
  });

  test('is nothing that only an owner or a mute is about', () => {
    const others = `owners: [{ match: { states: [running] }, mention: "<!here>" }]
mutes: [{ name: m, match: { states: [pending] }, from: 2026-03-01T18:00:00Z, reason: none }]\n`;
    expect(wantedJobs(others + matching('{ states: [failed] }'))).toEqual({ failed: 'all' });
  });
});

describe('which subscriptions can bring it', () => {
  test('is told for each rule, those that are bound to the same ones together', () => {
    const text = `version: 1
subscriptions: { eu: { secrets: [{ env: A }] }, us: { secrets: [{ env: B }] }, asia: { secrets: [{ env: C }] } }
rules:
      - { name: a, match: { states: [running], subscriptions: [eu] } }
      - { name: b, match: { states: [pending], subscriptions: ['e*'] } }
      - { name: c, match: { states: [completed], not: { subscriptions: [eu] } } }
      - { name: d, match: { states: [cancelled] } }
      - { name: e, match: { states: [failed], subscriptions: [nowhere*] } }
unmatched: { states: [pending_cancellation], send: [{ to: console }] }`;
    const loaded = loadRules([{ path: 'rules/a.yaml', text }], () => 'obviously-fake');
    if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
    expect(loaded.rules.demands().map(({ by, wanted }) => [by, [...wanted.jobs.keys()]])).toEqual([
      [['eu'], ['running', 'pending']],
      [['us', 'asia'], ['completed']],
      [
        ['eu', 'us', 'asia'],
        ['cancelled', 'pending_cancellation'],
      ],
      [[], ['failed', 'completed']],
    ]);
  });
});

describe('what the rules want of apps', () => {
  test.each<[string, string, unknown]>([
    ['all of them, for kind app', '{ kind: app }', 'all'],
    ['those that it names', '{ app_ids: [8, 11] }', ['8', '11']],
    ['those that it does not exclude', '{ app_ids: [8, 11], not: { app_ids: [8] } }', ['11']],
    ['that of the connector in the type of an event', '{ event_types: [facebook.audience.delivery.failed] }', ['8']],
    ['that of the connector in a glob', "{ event_types: ['facebook.*'] }", ['8']],
    ['all of them, where a glob leaves the connector open', "{ event_types: ['*.failed'] }", 'all'],
    ['all of them, for a connector that we know no app of', '{ event_types: [somewhere.audience.delivery.failed] }', 'all'],
    ['all of them, where jobs are matched by state only', '{ states: [failed] }', 'all'],
    ['none, where no app event has such a state', '{ states: [running] }', null],
    ['none, for kind job', '{ kind: job }', null],
    ['none, where only jobs have what it asks for', '{ job_types: [costs] }', null],
    ['none, where it excludes them', '{ not: { kind: app } }', null],
    ['none, where it names the type of a job event', '{ event_types: [job.failed] }', null],
  ])('is %s', (_what, match, expected) => {
    const { apps } = rulesOf(matching(match)).wanted(null);
    expect(apps === null || apps === 'all' ? apps : [...apps]).toEqual(expected);
  });
});

test('are apps asked for by the rules that name them or are about nothing else, and by others only by the way', () => {
  const asked = (match: string) => {
    const { appsAsked } = rulesOf(matching(match)).wanted(null);
    return appsAsked === 'all' ? appsAsked : [...appsAsked];
  };
  expect(asked('{ kind: app }')).toBe('all');
  expect(asked('{ not: { kind: job } }')).toBe('all');
  expect(asked('{ app_ids: [8] }')).toEqual(['8']);
  expect(asked('{ event_types: [job.failed, facebook.audience.delivery.failed] }')).toEqual(['8']);
  expect(asked("{ event_types: ['*.failed'] }")).toEqual([]);
  expect(asked('{ states: [failed] }')).toEqual([]);
});

/** Two states that share a type, and one that has its own. */
const uneven = `rules:
  - { name: a, match: { states: [running], job_types: [costs, forecast] } }
  - { name: b, match: { states: [cancelled], job_types: [forecast, costs] } }
  - { name: c, match: { states: [completed], job_types: [upload-stats] } }`;

const filtersFor = (body: string) => filterOf(rulesOf(body).wanted(null));

describe('what to ask for', () => {
  test('is one filter, and what it asks for in vain', () => {
    expect(filtersFor(uneven)).toMatchObject({
      filter: asking(['running', 'completed', 'cancelled'], ['costs', 'forecast', 'upload-stats']),
      surplus: ['running, cancelled of upload-stats', 'completed of costs, forecast'],
    });
  });

  test('is several that overlap nowhere', () => {
    expect(filtersFor(uneven)?.parts).toEqual([
      asking(['running', 'cancelled'], ['costs', 'forecast']),
      asking(['completed'], ['upload-stats']),
    ]);
  });

  test('is all types, where a glob leaves open which', () => {
    const failed = asking(['failed'], null);
    const surplus = ['failed of all jobs but costs, models_*'];
    expect(filtersFor(matching("{ states: [failed], job_types: ['models_*', costs] }"))).toEqual({
      filter: failed,
      surplus,
      parts: [failed],
    });
  });

  test('is everything without a list, where every state of all jobs is wanted', () => {
    const everything = asking(null, null);
    expect(filtersFor(`${matching('{}')}\nunmatched: { send: [{ to: hook }] }`)).toEqual({
      filter: everything,
      surplus: [],
      parts: [everything],
    });
  });

  test('is every state of some jobs, and more of others', () => {
    const both = `rules:
      - { name: a, match: { job_types: [costs] } }
      - { name: b, match: { states: [running], job_types: [forecast] } }`;
    expect(filtersFor(both)?.parts).toEqual([asking(null, ['costs']), asking(['running'], ['forecast'])]);
  });

  test('names every known state, where all but some types is the rest', () => {
    const both = `rules:
      - { name: a, match: { job_types: [costs] } }
      - { name: b, match: { states: [running] } }`;
    const others = knownStates.filter((state) => state !== 'running');
    expect(filtersFor(both)?.parts).toEqual([asking(others, ['costs']), asking(['running'], null)]);
  });

  test('is nothing, where no job event is wanted', () => {
    expect(filtersFor(matching('{ kind: app }'))).toBe(null);
  });
});

describe('what nobody asks for', () => {
  const missing = (match: string, ...filters: AskedFor[]) => uncovered(rulesOf(matching(match)).wanted(null), filters);

  test.each<[string, string[], AskedFor[]]>([
    ['everything, without a subscription', ['failed of costs, models_*'], []],
    ['a type', ['failed of costs'], [asking(['failed'], ['models_deliver_model'])]],
    ['a state', ['failed of costs, models_*'], [asking(['completed'], null)]],
    ['what a glob means', ['failed of models_*'], [asking(['failed'], ['costs'])]],
    ['all that one is asked for by its jobs only', ['failed of costs, models_*'], [{ ...asking(null, null), jobIds: ['j1'] }]],
    ['nothing, where one asks for all', [], [asking(null, null)]],
    ['nothing, where several together do', [], [asking(null, ['costs']), asking(['failed'], ['models_deliver_model'])]],
  ])('is %s', (_what, expected, filters) => {
    expect(missing("{ states: [failed], job_types: [costs, 'models_*'] }", ...filters)).toEqual(expected);
  });

  test('of all types is all but those asked for', () => {
    expect(missing('{ states: [failed] }', asking(null, ['forecast', 'costs']))).toEqual([
      'failed of all jobs but costs, forecast',
    ]);
    expect(missing('{ states: [failed] }')).toEqual(['failed of all jobs']);
    expect(missing('{ states: [failed] }', asking(null, knownJobTypes))).toEqual([]);
  });

  test('of every state is said in one', () => {
    expect(missing('{}')).toEqual(['every state of all jobs']);
    expect(missing('{ job_types: [costs] }', asking(knownStates, null))).toEqual([]);
  });
});
