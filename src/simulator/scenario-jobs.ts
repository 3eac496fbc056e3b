/** What becomes of one job of a scenario: each state that it comes to, with the whole job as it is then. */
import type { JsonObject } from '../event/json.ts';
import type { Dice } from './dice.ts';
import { failureWire, type Failure } from './scenario-failures.ts';

export interface JobPlan {
  /** Null: made up. */
  id: string | null;
  type: string;
  datasetId: number | null;
  dataPlaneId: string;
  /** More of its input. */
  input: JsonObject;
  /** A user's number, or the name of the process that asks. */
  by: number | string;
  /** When it is asked for, ms of story time. */
  atMs: number;
  queuedMs: number;
  tookMs: number;
  end: JobEnd;
}

export type JobEnd =
  | { state: 'completed' }
  | { state: 'failed'; failures: readonly Failure[] }
  | { state: 'cancelled' }
  /** It begins to run, and never ends. */
  | { state: 'running' };

export interface JobState {
  /** ms of story time. */
  atMs: number;
  state: string;
  /** In Narrative's snake_case form. */
  job: JsonObject;
}

/** The states that a job comes to, in order. */
export function statesUntil(end: JobEnd['state']): string[] {
  switch (end) {
    case 'running':
      return ['pending', 'running'];
    case 'cancelled':
      return ['pending', 'running', 'pending_cancellation', 'cancelled'];
    case 'completed':
    case 'failed':
      return ['pending', 'running', end];
  }
}

/** When the job comes to each of its states, ms of story time, in order. */
export function stateTimes({ atMs, queuedMs, tookMs, end }: JobPlan): ReadonlyMap<string, number> {
  const runsMs = atMs + queuedMs;
  const times: Record<string, number> = {
    pending: atMs,
    running: runsMs,
    // Half way: what is asked to stop takes its time.
    pending_cancellation: runsMs + Math.floor(tookMs / 2),
  };
  return new Map(statesUntil(end.state).map((state) => [state, times[state] ?? runsMs + tookMs]));
}

/** `beginsMs`: when the story begins, epoch ms. */
export function jobStates(plan: JobPlan, beginsMs: number, dice: Dice): JobState[] {
  const states = [...stateTimes(plan)];
  const us = dice.between(0, 600);
  // Two states that share a millisecond still follow each other.
  const stamps = states.map(([, atMs], i) => zoneless(beginsMs + atMs, us + 100 * i));
  let job = asked(plan, stamps[0]!, dice);
  return states.map(([state, atMs], i) => {
    job = { ...job, ...changes(state, plan, stamps[i]!, dice), state, updated_at: stamps[i]! };
    return { atMs, state, job };
  });
}

function asked({ id, type, datasetId, dataPlaneId, input, by }: JobPlan, created_at: string, dice: Dice): JsonObject {
  const nql = queries[type]?.(datasetId ?? 10674);
  return {
    job_id: id ?? dice.uuid(),
    data_plane_id: dataPlaneId,
    request_source: typeof by === 'string' ? { type: 'process', name: by } : { type: 'api_user', company_id: 1, user_id: by },
    type,
    input: { ...(nql && { nql }), ...(datasetId !== null && { dataset_id: datasetId }), ...input },
    // The job's own key: the same in every state. Whoever deduplicates on it swallows the failure.
    idempotency_key: `${datasetId ?? type}:${dice.uuid()}`,
    created_at,
    executor: null,
    dequeued_at: null,
    ended_at: null,
    result: null,
  };
}

/** What a job gets when it comes to a state. */
function changes(state: string, { end, datasetId }: JobPlan, at: string, dice: Dice): JsonObject {
  if (state === 'running') return { executor: `job-executor-${dice.uuid()}`, dequeued_at: at };
  if (state !== end.state) return {};
  switch (end.state) {
    case 'failed':
      return { ended_at: at, failures: end.failures.map((failure) => failureWire(failure, at, dice)) };
    case 'completed':
      return { ended_at: at, result: resultOf(datasetId, dice) };
    case 'cancelled':
      return { ended_at: at };
    case 'running':
      return {};
  }
}

/** As Narrative writes it: microseconds, no zone, meant as UTC. `us`: 0 to 999. */
function zoneless(epochMs: number, us: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 23)}${String(us).padStart(3, '0')}`;
}

const queries: Record<string, (datasetId: number) => string> = {
  'materialize-view': (id) =>
    `CREATE MATERIALIZED VIEW "daily_reach_${id}"\nREFRESH_SCHEDULE = '@daily'\nAS SELECT "country", COUNT(DISTINCT "user_key") AS "reach"\nFROM "company_data"."${id}"\nWHERE "event_ts" > NOW() - INTERVAL '7' DAY\nGROUP BY "country"`,
  'nql-forecast': (id) => `EXPLAIN SELECT "user_key", "hashed_email" FROM "company_data"."${id}" WHERE "country" IN ('US', 'CA')`,
  forecast: (id) => `SELECT "user_key" FROM "company_data"."${id}" LIMIT 1000000 ROWS`,
};

/** Snapshot ids are beyond 2^53, where a double skips every second integer or more: kept as bigint. */
function resultOf(datasetId: number | null, dice: Dice): JsonObject {
  if (datasetId === null) return { rows: dice.between(1_000, 90_000_000) };
  const snapshot_id = 1_724_919_539_450_264_600n + BigInt(dice.between(1, 99_999));
  return { dataset_id: datasetId, snapshot_id, recalculation_id: dice.uuid() };
}
