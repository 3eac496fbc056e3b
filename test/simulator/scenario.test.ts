import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/rules/problem.ts';
import { readScenario, seedSubscriptions, type Scenario } from '../../src/simulator/scenario.ts';

const secrets = { NARRATIVE_WEBHOOK_SECRET: 'not-a-real-secret' };

function scenario(text: string): Scenario {
  const read = readScenario(text, 'story.yaml', secrets);
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  return read.scenario;
}

function problems(text: string, env: Record<string, string | undefined> = secrets): string[] {
  const read = readScenario(text, 'story.yaml', env);
  return read.ok ? [] : read.problems.map(formatProblem);
}

const oneJob = 'version: 1\njobs:\n  - { at: 5s, type: costs }\n';

describe('a scenario', () => {
  test('needs no more than a job, and the rest is filled in', () => {
    const read = scenario(oneJob);
    expect(read).toMatchObject({ beginsMs: null, lastsMs: 365_000, seed: 1, subscriptions: [], apps: [], strangers: [] });
    expect(read.jobs).toMatchObject([
      {
        plan: { type: 'costs', atMs: 5_000, queuedMs: 60_000, tookMs: 300_000, end: { state: 'completed' }, datasetId: null },
        count: 1,
        atOnce: false,
        only: null,
      },
    ]);
  });

  test('has times in several units, and a time of day for its beginning', () => {
    const read = scenario(`version: 1\nbegins: '23:30'\nlasts: 1d2h3m4s\n${oneJob.slice(11)}`);
    expect(read.beginsMs).toBe((23 * 60 + 30) * 60_000);
    expect(read.lastsMs).toBe(((24 + 2) * 60 + 3) * 60_000 + 4_000);
  });

  test('lets subscriptions take their secret from the environment, and the URL of whoever plays it', () => {
    const read = scenario(`${oneJob}subscriptions:
  - { name: all, secret: { env: NARRATIVE_WEBHOOK_SECRET } }
  - { url: 'https://relay.example.com/hook', states: [failed], job_ids: [7, a] }
  - { app_id: 8 }
`);
    const filters = { jobIds: null, jobTypes: null, states: null };
    expect(seedSubscriptions(read, 'http://127.0.0.1:1/x')).toEqual([
      { name: 'all', url: 'http://127.0.0.1:1/x', secret: 'not-a-real-secret', kind: 'jobs', ...filters, appId: null },
      {
        name: null,
        url: 'https://relay.example.com/hook',
        secret: null,
        kind: 'jobs',
        ...filters,
        jobIds: ['7', 'a'],
        states: ['failed'],
        appId: null,
      },
      { name: null, url: 'http://127.0.0.1:1/x', secret: null, kind: 'app', ...filters, appId: '8' },
    ]);
  });

  test('says why a job fails by a name, by a message, or by both', () => {
    const read = scenario(`version: 1
failures: { disk-full: { message: No space left, exception: java.io.IOException, frames: 3 } }
jobs:
  - { at: 0s, type: costs, fails: [disk-full, 'Access denied', { message: short, frames: 0 }] }
`);
    expect(read.jobs[0]?.plan.end).toEqual({
      state: 'failed',
      failures: [
        { message: 'No space left', exception: 'java.io.IOException', frames: 3 },
        { message: 'Access denied', exception: 'java.lang.RuntimeException', frames: 12 },
        { message: 'short', exception: 'java.lang.RuntimeException', frames: 0 },
      ],
    });
  });
});

const wrong: [what: string, text: string, problem: string][] = [
  [
    'a key that nobody knows',
    oneJob.replace('costs', 'costs, dataset_di: 7'),
    'story.yaml:3:28 unknown key "dataset_di" in jobs[0] (did you mean "dataset_id"?)',
  ],
  [
    'a time without a unit',
    oneJob.replace('5s', '5'),
    'story.yaml:3:11 jobs[0].at: a time is numbers with d, h, m or s (such as 45s, 20m, 3h50m or 0s)',
  ],
  [
    'a time of day that is none',
    `version: 1\nbegins: '25:00'\n${oneJob.slice(11)}`,
    'story.yaml:2:9 begins: a time of day is HH:MM, from 00:00 to 23:59 (such as "06:00")',
  ],
  ['another version', oneJob.replace('version: 1', 'version: 2'), 'story.yaml:1:10 version: must be 1, not "2"'],
  [
    'a secret that is written down',
    `${oneJob}subscriptions: [{ secret: hush }]\n`,
    'story.yaml:4:27 subscriptions[0].secret: must say where the secret is (write { env: NAME } and set that variable)',
  ],
  [
    'a secret that is not there',
    `${oneJob}subscriptions: [{ secret: { env: HUSH } }]\n`,
    'story.yaml:4:34 environment variable HUSH is not set (set HUSH to what the relay has, or HUSH_FILE to the path of a file that holds it, or leave secret out)',
  ],
  [
    'filters for jobs on an app',
    `${oneJob}subscriptions: [{ app_id: 8, states: [failed] }]\n`,
    "story.yaml:4:19 a subscription to an app's events has no filters for jobs (remove the filters, or app_id)",
  ],
  [
    'a failure that nobody described',
    `version: 1\nfailures: { disk-full: { message: full } }\njobs: [{ at: 5s, type: costs, fails: [disk-ful] }]\n`,
    'story.yaml:3:39 no failure is named "disk-ful" (did you mean "disk-full"?)',
  ],
  [
    'two ends of one job',
    oneJob.replace('costs', 'costs, hangs: true, cancelled: true'),
    'story.yaml:3:28 a job ends in one way, and this one has cancelled and hangs (remove cancelled or hangs)',
  ],
  [
    'a webhook of a state that never comes',
    oneJob.replace('costs', 'costs, webhooks: { failed: { lost: true } }'),
    'story.yaml:3:40 this job never comes to the state "failed" (its states are pending, running, completed)',
  ],
  [
    'a state that is asked for and never comes',
    oneJob.replace('costs', 'costs, only: [done]'),
    'story.yaml:3:35 this job never comes to the state "done" (its states are pending, running, completed)',
  ],
  [
    'many jobs with one id',
    oneJob.replace('costs', 'costs, count: 3, id: a'),
    "story.yaml:3:38 3 jobs can't have one id (leave id out: then each gets its own)",
  ],
  [
    'one job that comes all at once',
    oneJob.replace('costs', 'costs, at_once: true'),
    'story.yaml:3:28 at_once says nothing about a single job (add count, or remove it)',
  ],
  [
    'nothing that happens',
    'version: 1\n',
    'story.yaml:1:1 nothing happens in this scenario (list jobs, apps or strangers, such as jobs: [{ at: 5s, type: materialize-view, dataset_id: 10736 }])',
  ],
  [
    'a state that a subscription asks for and nobody knows',
    `${oneJob}subscriptions: [{ states: [completed, faild] }]\n`,
    'story.yaml:4:39 Narrative documents no state "faild" (did you mean "failed"?)',
  ],
  [
    'a job type that a subscription asks for and nobody knows',
    `${oneJob}subscriptions: [{ job_types: [costs, materialise-view] }]\n`,
    'story.yaml:4:38 Narrative documents no job type "materialise-view" (did you mean "materialize-view"?)',
  ],
  [
    'an event that is no connector’s',
    'version: 1\napps: [{ at: 0s, app_id: 8, event: facebook.failed, dataset_id: 7 }]\n',
    'story.yaml:2:36 apps[0].event: must be <connector>.<category>.<status> (such as facebook.audience.delivery.failed)',
  ],
  [
    'two jobs with one id',
    'version: 1\njobs: [{ at: 0s, type: costs, id: 7 }, { at: 1h, type: costs, id: "7" }]\n',
    'story.yaml:2:67 jobs[0] has the id "7" already (give another, or leave id out: then it gets its own)',
  ],
  [
    'a lost webhook that is late',
    oneJob.replace('costs', 'costs, webhooks: { running: { delay: 1m, lost: true } }'),
    'story.yaml:3:51 delay says nothing about a webhook that is lost: it is never sent (remove delay or lost)',
  ],
  [
    'a lost webhook of a connector that comes again',
    'version: 1\napps: [{ at: 0s, app_id: 7, event: s3.a.failed, dataset_id: 7, webhook: { lost: true, again_after: 1m } }]\n',
    'story.yaml:2:87 again_after says nothing about a webhook that is lost: it is never sent (remove again_after or lost)',
  ],
  [
    'an end before the last webhook',
    `version: 1\nlasts: 1h\njobs: [{ at: 1m, type: costs, queued: 0s, took: 1h, webhooks: { completed: { delay: 5s } } }]\n`,
    'story.yaml:2:8 the story is not over by then: its last webhook is sent after 1h1m5s (make it 1h1m5s or longer, or leave lasts out)',
  ],
  [
    'more stack traces than fit into memory',
    oneJob.replace('costs', "costs, count: 5000, fails: { message: 'x', frames: 201 }"),
    'story.yaml:3:41 with this job, the stack traces have 1,005,000 frames together, and 1,000,000 are the most (lower its count, or the frames of its failure)',
  ],
  ['no YAML at all', 'jobs: [\n', 'story.yaml:2:1 '],
];

test.each(wrong)('%s is a problem at its place, with what to do', (_what, text, problem) => {
  const found = problems(text);
  expect(found[0]?.slice(0, problem.length)).toBe(problem);
});

test.each<[what: string, text: string]>([
  [
    'a type that one of its own jobs has',
    oneJob.replace('costs', 'quantum-join') + 'subscriptions: [{ job_types: [quantum-join] }]\n',
  ],
  ['an end with its last webhook', `version: 1\nlasts: 6m5s\n${oneJob.slice(11)}`],
  ['as many stack traces as there may be', oneJob.replace('costs', "costs, count: 5000, fails: { message: 'x', frames: 200 }")],
])('%s is no problem', (_what, text) => {
  expect(problems(text)).toEqual([]);
});

describe('a secret in a file', () => {
  const text = `${oneJob}subscriptions: [{ secret: { env: HUSH } }]\n`;
  const folder = mkdtempSync(join(tmpdir(), 'relay-scenario-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret');

  test('is found by NAME_FILE, unless NAME has one', () => {
    writeFileSync(path, 'not-a-real-secret-in-a-file\n');
    const secretIn = (env: Record<string, string>) => {
      const read = readScenario(text, 'story.yaml', env);
      return read.ok ? read.scenario.subscriptions[0]?.secret : read.problems.map(formatProblem);
    };
    expect(secretIn({ HUSH_FILE: path })).toBe('not-a-real-secret-in-a-file');
    expect(secretIn({ HUSH_FILE: path, HUSH: 'not-a-real-secret' })).toBe('not-a-real-secret');
  });

  test.each([
    ['is not there', () => join(folder, 'no-such-file')],
    ['is empty', () => (writeFileSync(path, '\n'), path)],
  ])('that %s is a problem', (_what, file) => {
    expect(problems(text, { HUSH_FILE: file() })).toEqual([
      expect.stringMatching(/^story\.yaml:4:34 the file that HUSH_FILE names is empty or can't be read \(set HUSH /),
    ]);
  });
});

test('of an entry that is well-formed, mistakes of meaning are told beside mistakes of form', () => {
  const found = problems(`version: 1
lasts: 1m
subscriptions: [{ states: [faild] }, { stats: [failed] }]
failures: { disk-full: { mesage: full } }
jobs:
  - { at: 5s, type: costs, fails: disk-full, only: [failed, completed], id: a }
  - { at: soon, type: costs, hangs: true, cancelled: true, id: a }
`);
  expect(found).toEqual([
    expect.stringMatching(/^story\.yaml:2:8 the story is not over by then/),
    expect.stringMatching(/^story\.yaml:3:28 Narrative documents no state "faild"/),
    expect.stringMatching(/^story\.yaml:3:40 unknown key "stats"/),
    expect.stringMatching(/^story\.yaml:4:\d+ failures\.disk-full\.message: is missing/),
    expect.stringMatching(/^story\.yaml:4:26 unknown key "mesage"/),
    expect.stringMatching(/^story\.yaml:6:61 this job never comes to the state "completed"/),
    expect.stringMatching(/^story\.yaml:7:11 jobs\[1\]\.at: a time is/),
  ]);
});

test('all problems are told at once, in reading order', () => {
  const found = problems('version: 1\njobs:\n  - { at: soon, type: costs }\n  - { at: 5s }\n');
  expect(found).toHaveLength(2);
  expect(found[0]).toMatch(/^story.yaml:3:11 jobs\[0\].at/);
  expect(found[1]).toMatch(/^story.yaml:4:\d+ jobs\[1\].type: is missing/);
});
