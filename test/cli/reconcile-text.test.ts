/** What people read of a run, where a simulated Narrative can't bring it about. */
import { expect, test } from 'vitest';
import type { MissedAnswer, RunAnswer } from '../../src/cli/reconcile-answers.ts';
import { describeRun, failureText, progressText } from '../../src/cli/reconcile-text.ts';

function run(changes: Partial<RunAnswer> = {}): RunAnswer {
  return {
    id: 'rec_1M7ZPRB9M00',
    trigger: 'operator',
    apply: false,
    from: '2026-03-01T18:00:00.000Z',
    until: '2026-03-02T18:00:00.000Z',
    lookback_s: 86_400,
    subscription: null,
    status: 'done',
    detail: null,
    started_at: '2026-03-02T18:01:00.000Z',
    jobs: 1_200,
    jobs_in_all: null,
    missing: 1,
    taken: 0,
    unreadable: 0,
    ...changes,
  };
}

const missed: MissedAnswer = {
  job_id: 'job-1',
  state: 'failed',
  job_type: 'costs',
  dataset_id: null,
  updated_at: '2026-03-02T09:12:00.000Z',
  event_id: null,
};

test('progress says of how many jobs where Narrative does, and what it waits for', () => {
  expect(progressText(run({ missing: 3 }))).toBe('looked at 1200 jobs, 3 states missing so far');
  expect(progressText(run({ jobs_in_all: 5_300 }))).toBe('looked at 1200 of 5300 jobs, 1 state missing so far');
  expect(progressText(run({ jobs: 1, missing: 0, detail: 'Asks again\u001b[2J\nlater' }))).toBe(
    'looked at 1 job, 0 states missing so far. Asks again[2J later',
  );
});

test('the command to apply looks exactly where this run has looked', () => {
  const command = (changes: Partial<RunAnswer>) => /: (relay reconcile .*)\n/.exec(describeRun(run(changes), [missed]))![1];
  const window = '--from 2026-03-01T18:00:00.000Z --until 2026-03-02T18:00:00.000Z';
  expect(command({})).toBe(`relay reconcile ${window} --lookback 24h --apply`);
  expect(command({ lookback_s: 5_400 })).toBe(`relay reconcile ${window} --lookback 90m --apply`);
  expect(command({ lookback_s: 90 })).toBe(`relay reconcile ${window} --lookback 90s --apply`);
  expect(command({ lookback_s: 0, subscription: 'production' })).toBe(
    `relay reconcile ${window} --subscription production --apply`,
  );
});

test('one is one', () => {
  const told = describeRun(run(), [missed]);
  expect(told).toContain('1 state never arrived. Nothing was sent; to send its alert: ');
  expect(told).toMatch(/costs +– +failed/);
});

test('what was taken of what is missing is said where it isn’t all', () => {
  const event_id = 'evt_1M7ZPRBAM00';
  const told = describeRun(run({ apply: true, missing: 3, taken: 2 }), [missed, { ...missed, event_id }]);
  expect(told).toContain('✓ Took 2 of 3 states that never arrived. What came of one: relay explain evt_1M7ZPRBAM00\n');
});

test('a run that was cancelled, or failed, keeps what it took', () => {
  const taking = { apply: true, missing: 2, taken: 2 };
  expect(describeRun(run({ ...taking, status: 'cancelled' }), [])).toBe(
    'rec_1M7ZPRB9M00 was cancelled: 1200 jobs looked at, 2 states missing, 2 taken, which stay taken.\n',
  );
  expect(failureText(run({ ...taking, status: 'failed', detail: 'Narrative refused' }))).toBe(
    'rec_1M7ZPRB9M00 failed: Narrative refused (1200 jobs looked at, 2 states missing, 2 taken, which stay taken)',
  );
});

test('what stands in the way of certainty is said, however well it went', () => {
  const detail = "staging: which subscription this is at Narrative can't be known.";
  expect(describeRun(run({ missing: 0, unreadable: 2, detail }), [])).toMatch(
    /^✓ Nothing is missing: .*\n! staging: which .* known\.\n! 2 records of Narrative's could not be read, and may be missing, too\n$/,
  );
});
