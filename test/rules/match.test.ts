import { describe, expect, test } from 'vitest';
import { appEvent, jobEvent, matching, problemsOf, rulesOf } from './support.ts';

const job = jobEvent({
  job_id: 'job-1',
  type: 'models_deliver_model',
  state: 'failed',
  data_plane_id: 'plane-1',
  input: { dataset_id: 10736 },
  request_source: { type: 'api_user', user_name: 'Example User' },
});

describe('match', () => {
  test('without keys, or left out, takes every event', () => {
    const rules = rulesOf('rules: [{ name: none, send: [] }, { name: empty, match: {}, send: [] }]');
    expect(rules.plan(job).rules).toEqual(['none', 'empty']);
    expect(rules.plan(appEvent()).rules).toEqual(['none', 'empty']);
  });

  test.each([
    ['states', 'failed', 'running'],
    ['job_types', 'models_deliver_model', 'costs'],
    ['job_ids', 'job-1', 'job-2'],
    ['dataset_ids', '10736', '1073'],
    ['data_plane_ids', 'plane-1', 'plane-2'],
    ['event_types', 'job.failed', 'job.running'],
    ['subscriptions', 'production', 'staging'],
    ['requested_by', 'Example User', 'Someone'],
  ])('%s compares its values, exactly or as globs', (key, right, wrong) => {
    const rules = {
      exact: `{ ${key}: ["${right}"] }`,
      glob: `{ ${key}: ["${right.slice(0, 3)}*"] }`,
      suffix: `{ ${key}: ["*${right.slice(3)}"] }`,
      either: `{ ${key}: ["${wrong}", "${right}"] }`,
      wrong: `{ ${key}: ["${wrong}"] }`,
      upper: `{ ${key}: ["${right.toUpperCase()}x"] }`,
    };
    expect(matching(rules, job)).toEqual(['exact', 'glob', 'suffix', 'either']);
  });

  test('app events have a status as their state, an app id and a dataset', () => {
    const event = appEvent('facebook.audience.delivery.failed', { dataset_id: 10736 });
    const rules = {
      status: '{ states: [failed] }',
      app: '{ app_ids: [8] }',
      otherApp: '{ app_ids: [7] }',
      dataset: '{ dataset_ids: [10736] }',
      type: '{ event_types: ["facebook.*.failed"] }',
      jobType: '{ job_types: ["*"] }',
    };
    expect(matching(rules, event)).toEqual(['status', 'app', 'dataset', 'type']);
  });

  test('numbers and texts are equal when they read the same, beyond 2^53 too', () => {
    const event = jobEvent({ input: { dataset_id: 1724919539450264600n } });
    const rules = {
      number: '{ dataset_ids: [1724919539450264600] }',
      text: '{ dataset_ids: ["1724919539450264600"] }',
      near: '{ dataset_ids: [1724919539450264601] }',
    };
    expect(matching(rules, event)).toEqual(['number', 'text']);
  });

  test('a list never matches what the event does not have', () => {
    expect(matching({ plane: '{ data_plane_ids: ["*"] }', by: '{ requested_by: ["*"] }' }, jobEvent())).toEqual([]);
  });

  test('a rule that an exact value and a glob both fit matches once', () => {
    expect(matching({ twice: '{ job_types: [models_deliver_model, "models_*", "*_model", "*"] }' }, job)).toEqual(['twice']);
  });

  test('keys are all needed', () => {
    const rules = {
      both: '{ states: [failed], job_types: ["models_*"] }',
      one: '{ states: [failed], job_types: [costs] }',
    };
    expect(matching(rules, job)).toEqual(['both']);
  });

  test('kind tells jobs from apps', () => {
    const rules = { jobs: '{ kind: job }', apps: '{ kind: app }' };
    expect(matching(rules, job)).toEqual(['jobs']);
    expect(matching(rules, appEvent())).toEqual(['apps']);
  });

  test('not excludes an event that meets all of its keys, and no other', () => {
    const rules = {
      excluded: '{ states: [failed], not: { dataset_ids: [10736] } }',
      excludedByBoth: '{ not: { dataset_ids: [10736], job_types: ["models_*"] } }',
      keptByOne: '{ not: { dataset_ids: [10736], job_types: [costs] } }',
      keptWithoutIt: '{ not: { app_ids: [8] } }',
    };
    expect(matching(rules, job)).toEqual(['keptByOne', 'keptWithoutIt']);
  });

  test('not needs a condition, in rules, owners and mutes: without one it would exclude everything', () => {
    const match = 'match: { states: [failed], not: {} }';
    const why = 'match.not: has no condition, so it excludes every event';
    const body = `rules: [{ name: a, ${match} }]\nowners: [{ ${match}, mention: <!here> }]\nmutes: [{ name: m, ${match}, from: 2026-03-01T00:00Z, reason: x }]\n`;
    expect(problemsOf(body)).toEqual([`3:52 rules[0].${why}`, `4:44 owners[0].${why}`, `5:52 mutes[0].${why}`]);
  });

  test('when decides, and an expression that fails is not true of the event', () => {
    const rules = {
      yes: "{ when: 'job.input.dataset_id == 10736' }",
      no: '{ when: job.input.dataset_id > 20000 }',
      missing: '{ when: job.input.rows > 1 }',
      appOnly: '{ when: app.connector == "facebook" }',
      notFailing: '{ not: { when: job.input.rows > 1 } }',
    };
    expect(matching(rules, job)).toEqual(['yes', 'notFailing']);
  });
});
