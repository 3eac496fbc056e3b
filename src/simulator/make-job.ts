/** A job's next state, with all that a real one would say and nobody wants to type. */
import { randomUUID } from 'node:crypto';
import { hasEnded } from '../event/event.ts';
import type { JsonObject, JsonValue } from '../event/json.ts';
import { datasetOf } from './jobs.ts';
import { zoneless } from './stamps.ts';

/** Of one that waited before it ran, and that ran before it ended, µs. */
const queuedUs = 60_000_000;
const ranUs = 300_000_000;

const started = (state: string) => state !== 'pending';

/** A new job that comes to `state` now (µs). `given`: what is to be so and not as made up; no value is checked against another. */
export function newJob(state: string, nowUs: number, given: JsonObject): JsonObject {
  const endedUs = hasEnded(state) ? nowUs : null;
  const dequeuedUs = started(state) ? nowUs - (endedUs === null ? 0 : ranUs) : null;
  const createdUs = dequeuedUs === null ? nowUs : dequeuedUs - queuedUs;
  const asked = {
    job_id: randomUUID(),
    data_plane_id: 'f79cbdae-4848-47ca-95e8-69588364d185',
    request_source: { type: 'api_user', company_id: 1, user_id: 407 },
    type: 'materialize-view',
    input: {},
    idempotency_key: randomUUID(),
    created_at: zoneless(createdUs),
    dequeued_at: null,
    ended_at: null,
    executor: null,
    result: null,
    ...given,
  };
  return { ...asked, ...changes(asked, state, nowUs, dequeuedUs), ...given };
}

/** The job as it is when it comes to `state` now (µs). */
export function nextState(job: JsonObject, state: string, nowUs: number, given: JsonObject): JsonObject {
  const known = { ...job, ...given };
  return { ...known, ...changes(known, state, nowUs, started(state) ? nowUs : null), ...given };
}

/** What a job's coming to a state changes; `dequeuedUs` where it was not known to have started before. */
function changes(job: JsonObject, state: string, nowUs: number, dequeuedUs: number | null): JsonObject {
  const now = zoneless(nowUs);
  return {
    state,
    updated_at: now,
    ...(dequeuedUs !== null && {
      dequeued_at: job.dequeued_at ?? zoneless(dequeuedUs),
      executor: job.executor ?? `job-executor-${randomUUID()}`,
    }),
    ...(hasEnded(state) && { ended_at: now }),
    ...(state === 'completed' && { result: job.result ?? result(job, nowUs) }),
    ...(state === 'failed' && { failures: job.failures ?? [failure('Simulated failure', now)] }),
  };
}

/** Snapshot ids are beyond 2^53, as Narrative's are: digits get lost where JSON is read carelessly. */
function result(job: JsonObject, nowUs: number): JsonObject {
  const datasetId = datasetOf(job);
  if (datasetId === null) return {};
  return { dataset_id: Number(datasetId), snapshot_id: BigInt(nowUs) * 1000n + 1n, recalculation_id: randomUUID() };
}

/** As Narrative writes one. */
export function failure(message: string, timestamp: string): JsonObject {
  const value: JsonValue = {
    error_class: 'SimulatedFailure',
    stack_trace: `SimulatedFailure: ${message}\n\tat simulator.Job.run`,
  };
  return { message, timestamp, value };
}
