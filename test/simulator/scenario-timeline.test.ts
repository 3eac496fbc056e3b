import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/rules/problem.ts';
import { readScenario } from '../../src/simulator/scenario.ts';
import { timelineOf } from '../../src/simulator/scenario-timeline.ts';
import type { Happening } from '../../src/simulator/timeline.ts';
import { stringifyJson } from '../../src/event/json.ts';

const beginsMs = Date.parse('2026-03-01T23:30:00Z');

function timeline(text: string) {
  const read = readScenario(`version: 1\n${text}`, 'story.yaml', {});
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  return timelineOf(read.scenario, beginsMs);
}

function jobsOf(happenings: readonly Happening[]) {
  return happenings.flatMap((happening) => (happening.kind === 'job' ? [happening] : []));
}

const jobs = (text: string) => jobsOf(timeline(text).happenings);
const minutes = (happenings: readonly Happening[]) => happenings.map(({ atMs }) => atMs / 60_000);

describe('a job', () => {
  const view = 'type: materialize-view, dataset_id: 10736, queued: 2m, took: 10m';

  test('goes through its states, each with what is known by then', () => {
    const states = jobs(`jobs: [{ at: 5m, ${view}, by: 407 }]`);
    expect(minutes(states)).toEqual([5, 7, 17]);
    expect(states.map(({ job }) => job)).toMatchObject([
      { state: 'pending', executor: null, dequeued_at: null, ended_at: null, result: null },
      { state: 'running', executor: expect.stringMatching(/^job-executor-/), ended_at: null, result: null },
      { state: 'completed', result: { dataset_id: 10736, snapshot_id: expect.any(BigInt) } },
    ]);
    const [pending, running, completed] = states.map(({ job }) => job);
    expect(pending?.created_at).toMatch(/^2026-03-01T23:35:00\.000\d{3}$/);
    expect(pending?.updated_at).toBe(pending?.created_at);
    expect(running?.dequeued_at).toMatch(/^2026-03-01T23:37:00/);
    expect(running?.updated_at).toBe(running?.dequeued_at);
    expect(completed?.ended_at).toMatch(/^2026-03-01T23:47:00/);
    expect(completed?.updated_at).toBe(completed?.ended_at);
    expect(completed?.dequeued_at).toBe(running?.dequeued_at);
    expect(completed).toMatchObject({ request_source: { type: 'api_user', user_id: 407 }, input: { dataset_id: 10736 } });
    expect(new Set(states.map(({ job }) => `${String(job.job_id)} ${String(job.idempotency_key)}`))).toHaveLength(1);
  });

  test('fails with its messages and stack traces', () => {
    const failed = jobs(
      `jobs: [{ at: 0s, ${view}, fails: { message: No space, exception: java.io.IOException, frames: 7 } }]`,
    ).at(-1);
    expect(failed).toMatchObject({ note: 'materialize-view failed · dataset 10736', job: { state: 'failed', result: null } });
    const [failure] = failed!.job.failures as { message: string; timestamp: string; value: { stack_trace: string } }[];
    expect(failure).toMatchObject({ message: 'No space', timestamp: failed?.job.ended_at });
    expect(failure?.value.stack_trace.split('\n')).toHaveLength(8);
    expect(failure?.value.stack_trace).toMatch(/^java\.io\.IOException: No space\n\tat /);
  });

  test('is cancelled half way, or begins to run and is not heard of again', () => {
    const states = (flag: string) => jobs(`jobs: [{ at: 0s, ${view}, ${flag}: true }]`);
    expect(states('cancelled').map(({ job }) => job.state)).toEqual(['pending', 'running', 'pending_cancellation', 'cancelled']);
    expect(minutes(states('cancelled'))).toEqual([0, 2, 7, 12]);
    const hanging = states('hangs');
    expect(hanging.map(({ job }) => job.state)).toEqual(['pending', 'running']);
    expect(hanging.at(-1)?.note).toContain('not heard of again');
  });

  test('whose states share a moment still has them one after the other', () => {
    const stamps = jobs('jobs: [{ at: 0s, type: costs, queued: 0s, took: 0s }]').map(({ job }) => String(job.updated_at));
    expect(stamps).toEqual([...stamps].sort());
    expect(new Set(stamps)).toHaveLength(3);
  });

  test('that completes after one like it has failed is noted, and another is not', () => {
    const notes = jobs(`jobs:
  - { at: 0s, ${view}, fails: 'No space' }
  - { at: 1h, ${view} }
  - { at: 2h, ${view} }
  - { at: 2h, type: costs }
`).map(({ note, job }) => (job.state === 'completed' ? note : null));
    expect(notes.filter((note) => note !== null)).toEqual(['materialize-view completed · dataset 10736']);
  });

  test('has what was wished for its webhooks, by state; the story lasts until the last of them', () => {
    const { happenings, lastsMs } = timeline(
      `jobs: [{ at: 0s, ${view}, webhooks: { running: { delay: 14m }, failed: { lost: true } }, fails: 'No space' }, { at: 1h, ${view}, webhooks: { completed: { again_after: 3h } } }]`,
    );
    const asItShould = { delayMs: 0, againAfterMs: null, lost: false };
    expect(jobsOf(happenings).map(({ webhook }) => webhook)).toEqual([
      asItShould,
      { ...asItShould, delayMs: 14 * 60_000 },
      { ...asItShould, lost: true },
      asItShould,
      asItShould,
      { ...asItShould, againAfterMs: 3 * 3_600_000 },
    ]);
    expect(lastsMs).toBe((60 + 12 + 180) * 60_000);
  });
});

describe('many jobs of a kind', () => {
  const many = 'type: upload-stats, dataset_id: 100, count: 4, within: 6m, queued: 1m, took: 1m';

  test('count up their datasets and spread over the time they are given', () => {
    const all = jobs(`jobs: [{ at: 10m, ${many} }]`);
    expect(all).toHaveLength(12);
    const completed = all.filter(({ job }) => job.state === 'completed');
    expect(minutes(completed)).toEqual([12, 14, 16, 18]);
    expect(completed.map(({ job }) => job.input)).toEqual([100, 101, 102, 103].map((dataset_id) => ({ dataset_id })));
    expect(new Set(completed.map(({ job }) => job.job_id))).toHaveLength(4);
    expect(all.every(({ burst }) => burst === null)).toBe(true);
  });

  test('come all at once when the last one is there, as one burst for each state, and one note', () => {
    const all = jobs(`jobs: [{ at: 10m, ${many}, at_once: true, only: [running, failed], fails: 'No space' }]`);
    const bursts = Map.groupBy(all, ({ burst }) => burst);
    expect([...bursts.values()].map(minutes)).toEqual([
      [17, 17, 17, 17],
      [18, 18, 18, 18],
    ]);
    expect(all.map(({ note }) => note).filter((note) => note !== null)).toEqual(['4 × upload-stats failed, at once']);
    for (const { atMs, job } of all) expect(Date.parse(`${String(job.updated_at)}Z`)).toBeLessThanOrEqual(beginsMs + atMs);
  });

  test('last until the last of them, of those of their states that happen', () => {
    const lastsMs = (more: string) => timeline(`jobs: [{ at: 10m, ${many}${more} }]`).lastsMs / 60_000;
    expect(lastsMs('')).toBe(18);
    expect(lastsMs(', at_once: true')).toBe(18);
    expect(lastsMs(', only: [running]')).toBe(17);
    expect(lastsMs(', only: [running], webhooks: { running: { delay: 4m } }')).toBe(21);
  });

  test('may be as many as one likes: two hundred thousand things that happen are no trouble', () => {
    const entry = '{ at: 10m, type: costs, count: 10000, within: 1h, at_once: true }';
    const { happenings, lastsMs } = timeline(`jobs: [${Array(7).fill(entry).join(', ')}]`);
    expect(happenings).toHaveLength(210_000);
    expect(lastsMs).toBe((10 + 60 + 6) * 60_000);
    expect(happenings.at(-1)?.atMs).toBe(lastsMs);
  });
});

test('everything is told in the order in which it happens', () => {
  const { happenings, lastsMs } = timeline(`lasts: 2h
jobs: [{ at: 20m, type: costs }, { at: 1m, type: costs }]
apps: [{ at: 10m, app_id: 8, event: facebook.audience.delivery.failed, dataset_id: 7 }]
strangers: [{ at: 3m, body: { hello: world } }]
`);
  expect(minutes(happenings)).toEqual([1, 2, 3, 7, 10, 20, 21, 26]);
  expect(lastsMs).toBe(2 * 3_600_000);
});

test('a connector keeps its connection to a dataset and its profile', () => {
  const { happenings } = timeline(`apps:
  - { at: 1m, app_id: 8, event: facebook.audience.delivery.failed, dataset_id: 7, payload: { error: expired } }
  - { at: 2m, app_id: 8, event: facebook.audience.delivery.completed, dataset_id: 7 }
  - { at: 3m, app_id: 8, event: facebook.audience.delivery.completed, dataset_id: 9 }
  - { at: 4m, app_id: 7, event: s3.audience.delivery.completed, dataset_id: 7, connection: mine, profile: 12 }
`);
  const apps = happenings.flatMap((happening) => (happening.kind === 'app' ? [happening] : []));
  const [failed, mended, other, s3] = apps;
  expect(failed).toMatchObject({ appId: '8', payload: { error: 'expired' }, note: 'facebook audience delivery failed' });
  expect(mended?.connectionId).toBe(failed?.connectionId);
  expect(other?.connectionId).not.toBe(failed?.connectionId);
  expect(new Set([failed?.profileId, mended?.profileId, other?.profileId])).toHaveLength(1);
  expect(s3).toMatchObject({ connectionId: 'mine', profileId: '12' });
});

test('a stranger has an id, and what he takes for the secret', () => {
  const { happenings } = timeline('strangers: [{ at: 1m, body: { a: 1 }, signed_with: guess }, { at: 2m, body: { id: mine } }]');
  const [forger, other] = happenings;
  expect(forger).toMatchObject({
    kind: 'stranger',
    secret: 'guess',
    body: { id: expect.stringMatching(/^[\da-f-]{36}$/), a: 1 },
  });
  expect(other).toMatchObject({ eventId: 'mine', body: { id: 'mine' }, secret: null });
});

test('the same scenario and beginning give the same bytes, and another seed gives others', () => {
  const text = 'jobs: [{ at: 1m, type: costs, fails: No space left }]';
  const bytes = (story: string) => stringifyJson(timeline(story));
  expect(bytes(text)).toBe(bytes(text));
  expect(bytes(`seed: 2\n${text}`)).not.toBe(bytes(text));
});
