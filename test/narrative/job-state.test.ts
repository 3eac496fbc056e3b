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
  test.each([
    ['its last change says', {}, '2026-03-02T09:10:00.5Z'],
    ['else its end', { updated_at: null }, '2026-03-02T09:10:00.000001Z'],
    ['else its creation', { updated_at: 'soon', ended_at: null }, '2026-03-02T09:00:00Z'],
  ])('%s', (_what, changes, expected) => {
    const state = readJobState(record(changes));
    expect(state).toMatchObject({ jobId: 'a', state: 'failed', jobType: 'forecast', updatedAt: expected });
    expect(state!.updatedUs).toBe(Date.parse(expected) * 1_000 + (expected.includes('000001') ? 1 : 0));
    expect(state!.createdUs).toBe(Date.UTC(2026, 2, 2, 9) * 1_000);
  });

  test.each([
    ['no time', { created_at: null, ended_at: null, updated_at: null }],
    ['no job', { job_id: null }],
    ['no state', { state: '' }],
    ['no type', { type: null }],
  ])('is not known of a record with %s', (_what, changes) => {
    expect(readJobState(record(changes))).toBeNull();
  });

  test('is read in either spelling', () => {
    const camel = { jobId: 'a', state: 'failed', jobType: 'forecast', updatedAt: '2026-03-02T09:10:00.5' };
    expect(readJobState(camel)).toMatchObject({
      jobId: 'a',
      jobType: 'forecast',
      updatedAt: '2026-03-02T09:10:00.5Z',
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
