import { describe, expect, test } from 'vitest';
import { parseBody } from '../../src/event/parse.ts';
import { parseJson, type JsonObject } from '../../src/event/json.ts';
import { bodyOf, readJobState } from '../../src/narrative/job-state.ts';

const times = { created_at: '2026-03-02T09:00:00', ended_at: '2026-03-02T09:10:00.000001', updated_at: '2026-03-02T09:10:00.5' };
const record = (changes: JsonObject = {}): JsonObject => ({
  job_id: 'a',
  state: 'failed',
  type: 'forecast',
  ...times,
  ...changes,
});

describe('when a job came to its state', () => {
  const updated = '2026-03-02T09:10:00.5Z';
  const ended = '2026-03-02T09:10:00.000001Z';
  const created = '2026-03-02T09:00:00Z';

  test.each([
    ['its end says, if it has ended', {}, ended],
    ['else its last change, if it has ended', { ended_at: null }, updated],
    ['its last change says, if it goes on', { state: 'running' }, updated],
    ['else an end that it should not have', { state: 'running', updated_at: null }, ended],
    ['else its creation', { updated_at: 'soon', ended_at: null }, created],
    [
      'its creation says, where its end can not be and is all that it has',
      { updated_at: null, ended_at: '1970-01-01T00:00:00' },
      created,
    ],
  ])('%s', (_what, changes, expected) => {
    const state = readJobState(record(changes));
    expect(state).toMatchObject({ jobId: 'a', jobType: 'forecast', at: expected, record: record(changes) });
    expect(state!.atUs).toBe(Date.parse(expected) * 1_000 + (expected === ended ? 1 : 0));
    expect(state!.createdUs).toBe(Date.UTC(2026, 2, 2, 9) * 1_000);
  });

  test.each([
    ['its end is', {}, true],
    ['its last change is not, as it moves at each touch', { ended_at: null }, false],
    ['an end that can not be is not', { ended_at: '2026-03-02T08:59:59' }, false],
    ['that of a job that goes on is not, though an end is left of an earlier go', { state: 'running' }, false],
  ])('is a fixed time or not: %s', (_what, changes, isFixed) => {
    expect(readJobState(record(changes))!.endedUs).toBe(isFixed ? Date.parse(ended) * 1_000 + 1 : null);
  });

  test('is kept beside its last change, which is what its webhook says', () => {
    expect(readJobState(record())!.updatedUs).toBe(Date.parse(updated) * 1_000);
    expect(readJobState(record({ updated_at: null }))!.updatedUs).toBe(Date.parse(ended) * 1_000 + 1);
  });

  test.each([
    ['no time', { created_at: null, ended_at: null, updated_at: null }],
    ['no job', { job_id: null }],
    ['no state', { state: '' }],
    ['no type', { type: null }],
  ])('is not known of a record with %s', (_what, changes) => {
    expect(readJobState(record(changes))).toBeNull();
  });

  test.each([null, 7, 'a', [], [record()]])('is not known of %j, which is no record', (value) => {
    expect(readJobState(value)).toBeNull();
  });

  test('is read in either spelling', () => {
    const camel = { jobId: 'a', state: 'failed', jobType: 'forecast', updatedAt: '2026-03-02T09:10:00.5' };
    expect(readJobState(camel)).toMatchObject({
      jobId: 'a',
      jobType: 'forecast',
      at: '2026-03-02T09:10:00.5Z',
      createdUs: null,
    });
  });
});

test('a state is written as the webhook that did not come, with each field and digit of the record', () => {
  const original = parseJson(
    '{"job_id":"a","state":"failed","type":"forecast","updated_at":"2026-03-02T09:10:00","big":1724919539450264601,"e":1e400}',
  );
  const body = bodyOf(readJobState(original as JsonObject)!);
  expect(new TextDecoder().decode(body)).toContain('"big":1724919539450264601');
  expect(parseBody(body)).toMatchObject({
    kind: 'event',
    deliveryKeys: { idempotencyKey: null, webhookEventId: 'reconciled:a:failed:2026-03-02T09:10:00Z' },
    event: { type: 'job.failed', created_at: '2026-03-02T09:10:00Z', job: { id: 'a', updated_at: '2026-03-02T09:10:00Z' } },
  });
});
