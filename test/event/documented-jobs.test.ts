/** The bodies of jobs' events that Narrative documents: each says what it says, and the shipped rules know what to do. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JobEvent } from '../../src/event/event.ts';
import { parseBody, parseWire } from '../../src/event/parse.ts';
import { parseJson, type JsonObject } from '../../src/event/json.ts';
import { readRulesFolder } from '../../src/node/rules-folder.ts';
import { loadRules } from '../../src/rules/load.ts';
import { anySecret } from '../rules/support.ts';

const example = (name: string) => readFileSync(`test/fixtures/narrative/${name}.json`);

function jobIn(parsed: ReturnType<typeof parseBody>): JobEvent {
  if (parsed.kind !== 'event' || parsed.event.kind !== 'job') throw new Error(`no job event: ${parsed.kind}`);
  return parsed.event;
}

const completed = {
  id: '2a5b9ad7-dc8f-47bb-8e62-843a38f8054c',
  state: 'completed',
  type: 'materialize-view',
  dataset_id: '10736',
  updated_at: '2023-10-31T11:25:08.327209Z',
  ended_at: '2023-10-31T11:25:08.327194Z',
};

const loaded = loadRules(readRulesFolder('rules'), anySecret);
if (!loaded.ok) throw new Error('the shipped rules do not load');
const planFor = (narrative: JobEvent) => loaded.rules.plan({ subscription: 'production', narrative });

describe('a completed view', () => {
  test.each<[string, { narrative_id: string | null; company_id: string | null }, string]>([
    ['job', { narrative_id: null, company_id: null }, 'user 407'],
    ['job-event-knowledge-base', { narrative_id: '90b6a7f6-0f0b-49fb-8c6e-dc4a1d1b2a10', company_id: null }, 'Example User'],
    ['job-event-guide', { narrative_id: '0b9d2a6c-7f4f-4a83-8d9d-1f5c3e7a2b44', company_id: '42' }, 'user 407'],
  ])('in %s', (name, envelope, requested_by) => {
    const event = jobIn(parseBody(example(name)));
    expect(event).toMatchObject({ type: 'job.completed', ...envelope, job: { ...completed, requested_by } });
    const result = event.job.result as JsonObject;
    expect(result.snapshot_id ?? result.snapshotId).toBe(1724919539450264600n);
    expect(planFor(event).rules).toEqual(['refreshed-view', 'completed-to-airflow', 'morning-digest']);
  });

  test('is no other in each of them: the key of the job is never that of a delivery', () => {
    const keys = ['job', 'job-event-knowledge-base', 'job-event-guide'].map((name) => {
      const parsed = parseBody(example(name));
      return parsed.kind === 'event' ? parsed.deliveryKeys.idempotencyKey : '';
    });
    expect(keys).toEqual([null, null, '6f0e6b0a-3f0c-4a2f-9d55-0b7f3d2f8f11']);
  });
});

test('a failed view, in the knowledge base’s form, pages for the dataset that is critical', () => {
  const event = jobIn(parseBody(example('job-event-failed-knowledge-base')));
  expect(event).toMatchObject({
    type: 'job.failed',
    job: { state: 'failed', dataset_id: '10736', requested_by: 'materialized-view-refresh', duration: '5 min 9 s' },
  });
  expect(event.job.failures).toMatchObject([
    { message: 'Job aborted due to stage failure', timestamp: '2023-10-31T11:31:40.118220Z' },
  ]);
  expect(planFor(event).deliveries.map(({ destination }) => destination)).toEqual(['oncall', 'data-eng']);
});

test('each record of a page of jobs can be read as an event', () => {
  const { records } = parseJson(example('jobs-page').toString()) as { records: JsonObject[] };
  const states = records.map((record) => jobIn(parseWire(record)).job.state);
  expect(states).toEqual(['failed', 'completed']);
});
