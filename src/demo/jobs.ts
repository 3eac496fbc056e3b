/** The jobs of the demo's night: what each is asked to do, how long it takes and how it ends. */
import type { JsonObject } from '../event/json.ts';
import type { Dice } from './dice.ts';
import { failureWire, type Trouble } from './failures.ts';

export interface JobPlan {
  type: string;
  datasetId?: number;
  /** Minutes into the night at which it is asked for. */
  atMin: number;
  queuedMin: number;
  tookMin: number;
  /** A user's id, or the name of the process that asks. */
  by: number | string;
  /** Why it fails; several for several `failures`. None: it completes. */
  fails?: [Trouble, ...Trouble[]];
  /** Somebody cancels it half way. */
  cancelled?: true;
  /** It begins to run and is not heard of again. */
  stuck?: true;
  /** What had failed before completes. */
  recovers?: true;
  /** redelivered: its end comes twice, byte for byte. seen-twice: and by an overlapping subscription. running-late: after its end. */
  special?: 'redelivered' | 'seen-twice' | 'running-late';
}

/** One transition: the whole job as it is at that moment, in Narrative's snake_case form. */
export interface Transition {
  atMs: number;
  state: string;
  job: JsonObject;
}

const nightly = 'nightly-refresh';
const lost: JobPlan['fails'] = ['executorLost'];
const view = (plan: Omit<JobPlan, 'type' | 'by'>): JobPlan => ({ type: 'materialize-view', by: nightly, ...plan });
const delivery = (plan: Omit<JobPlan, 'type' | 'by'>): JobPlan => ({ type: 'datasets_deliver_data', by: nightly, ...plan });
const model = (plan: Omit<JobPlan, 'type' | 'by'>): JobPlan => ({ type: 'models_deliver_model', by: 318, ...plan });

/** A bad night, but not a hopeless one: what fails recovers before the morning, but for one delivery, one view that hangs, and a typo. */
export const jobPlans: readonly JobPlan[] = [
  { atMin: 2, queuedMin: 1, tookMin: 3, type: 'costs', by: 'cost-report' },
  view({ atMin: 5, queuedMin: 2, tookMin: 68, datasetId: 10736 }),
  { atMin: 12, queuedMin: 1, tookMin: 9, type: 'datasets_calculate_column_stats', datasetId: 10674, by: nightly },
  delivery({ atMin: 20, queuedMin: 3, tookMin: 24, datasetId: 10736, fails: ['storageDenied'], special: 'redelivered' }),
  // The view that fails three times.
  view({ atMin: 30, queuedMin: 2, tookMin: 38, datasetId: 10744, fails: lost }),
  { atMin: 35, queuedMin: 1, tookMin: 2, type: 'nql-forecast', by: 512 },
  { atMin: 48, queuedMin: 1, tookMin: 4, type: 'datasets_sample', datasetId: 10801, by: 512 },
  view({ atMin: 55, queuedMin: 2, tookMin: 0, datasetId: 10992, stuck: true }),
  delivery({ atMin: 60, queuedMin: 2, tookMin: 31, datasetId: 10801 }),
  model({ atMin: 75, queuedMin: 4, tookMin: 38, datasetId: 10922, special: 'running-late' }),
  { atMin: 86, queuedMin: 1, tookMin: 2, type: 'upload-stats', datasetId: 10674, by: nightly },
  view({ atMin: 90, queuedMin: 2, tookMin: 38, datasetId: 10744, fails: lost, special: 'seen-twice' }),
  { atMin: 120, queuedMin: 1, tookMin: 5, type: 'datasets_suggest_mappings', datasetId: 10801, by: 512 },
  delivery({ atMin: 140, queuedMin: 2, tookMin: 26, datasetId: 10736, recovers: true }),
  view({ atMin: 150, queuedMin: 2, tookMin: 38, datasetId: 10744, fails: ['diskFull'] }),
  { atMin: 152, queuedMin: 1, tookMin: 6, type: 'forecast', by: 512 },
  { atMin: 178, queuedMin: 1, tookMin: 3, type: 'nql-forecast', by: 512, fails: ['hostileText'] },
  { atMin: 180, queuedMin: 5, tookMin: 110, type: 'model_training_run', datasetId: 10922, by: 318, special: 'redelivered' },
  { atMin: 200, queuedMin: 1, tookMin: 1, type: 'datasets_delete_table', datasetId: 10311, by: 407 },
  view({ atMin: 260, queuedMin: 3, tookMin: 62, datasetId: 10744, recovers: true }),
  { atMin: 262, queuedMin: 1, tookMin: 3, type: 'costs', by: 'cost-report' },
  { atMin: 280, queuedMin: 1, tookMin: 12, type: 'delete-snowflake-table', datasetId: 10311, by: 407, cancelled: true },
  delivery({
    atMin: 300,
    queuedMin: 2,
    tookMin: 47,
    datasetId: 10988,
    fails: ['columnMissing', 'executorLost'],
    special: 'redelivered',
  }),
  model({ atMin: 330, queuedMin: 3, tookMin: 41, datasetId: 10922, special: 'running-late' }),
  { atMin: 350, queuedMin: 1, tookMin: 4, type: 'datasets_sample', datasetId: 10988, by: 512 },
  // Twice within the time in which its rule reminds nobody.
  delivery({ atMin: 385, queuedMin: 2, tookMin: 18, datasetId: 10801, fails: ['quotaReached'] }),
  { atMin: 400, queuedMin: 1, tookMin: 2, type: 'upload-stats', datasetId: 10801, by: nightly },
  delivery({ atMin: 425, queuedMin: 1, tookMin: 9, datasetId: 10801, fails: ['quotaReached'] }),
  { atMin: 430, queuedMin: 1, tookMin: 2, type: 'nql-forecast', by: 512 },
  view({ atMin: 440, queuedMin: 2, tookMin: 49, datasetId: 10736 }),
  delivery({ atMin: 455, queuedMin: 2, tookMin: 24, datasetId: 10801, recovers: true }),
  delivery({ atMin: 470, queuedMin: 2, tookMin: 40, datasetId: 10988, recovers: true }),
  model({ atMin: 490, queuedMin: 3, tookMin: 24, datasetId: 10930, fails: ['modelTooLarge'] }),
  { atMin: 500, queuedMin: 1, tookMin: 3, type: 'costs', by: 'cost-report' },
];

const minuteMs = 60_000;

/** Everything that happens to one job, in order. `nightStartMs`: epoch milliseconds of minute 0. */
export function transitions(plan: JobPlan, nightStartMs: number, dice: Dice): Transition[] {
  const createdMs = nightStartMs + plan.atMin * minuteMs + dice.between(0, 40_000);
  const startedMs = createdMs + plan.queuedMin * minuteMs;
  const endedMs = startedMs + plan.tookMin * minuteMs;
  const created_at = zoneless(createdMs, dice);
  const dequeued_at = zoneless(startedMs, dice);
  const ended_at = zoneless(endedMs, dice);
  const asked = {
    job_id: dice.uuid(),
    data_plane_id: 'f79cbdae-4848-47ca-95e8-69588364d185',
    request_source: requestSource(plan.by),
    type: plan.type,
    input: input(plan),
    // The job's own key: the same in every transition. Whoever deduplicates on it swallows the failure.
    idempotency_key: `${plan.datasetId ?? plan.type}:${dice.uuid()}`,
    created_at,
  };
  const waiting = { ...asked, executor: null, dequeued_at: null, ended_at: null, result: null };
  const running = { ...waiting, executor: `job-executor-${dice.uuid()}`, dequeued_at };
  const ended = { ...running, ended_at, updated_at: ended_at };
  const steps: Transition[] = [
    { atMs: createdMs, state: 'pending', job: { ...waiting, state: 'pending', updated_at: created_at } },
    { atMs: startedMs, state: 'running', job: { ...running, state: 'running', updated_at: dequeued_at } },
  ];
  if (plan.stuck) return steps;
  if (plan.cancelled) {
    const askedMs = endedMs - minuteMs;
    const job = { ...running, state: 'pending_cancellation', updated_at: zoneless(askedMs, dice) };
    steps.push({ atMs: askedMs, state: 'pending_cancellation', job });
    steps.push({ atMs: endedMs, state: 'cancelled', job: { ...ended, state: 'cancelled' } });
  } else if (plan.fails) {
    const failures = plan.fails.map((trouble) => failureWire(trouble, ended_at, dice));
    steps.push({ atMs: endedMs, state: 'failed', job: { ...ended, state: 'failed', failures } });
  } else {
    steps.push({ atMs: endedMs, state: 'completed', job: { ...ended, state: 'completed', result: result(plan, dice) } });
  }
  return steps;
}

/** As Narrative writes it: microseconds, no zone, meant as UTC. */
export function zoneless(atMs: number, dice: Dice): string {
  return `${new Date(atMs).toISOString().slice(0, 23)}${String(dice.between(0, 999)).padStart(3, '0')}`;
}

function requestSource(by: JobPlan['by']): JsonObject {
  return typeof by === 'string' ? { type: 'process', name: by } : { type: 'api_user', company_id: 1, user_id: by };
}

function input({ type, datasetId }: JobPlan): JsonObject {
  const nql = queries[type]?.(datasetId ?? 10674);
  return { ...(nql && { nql }), ...(datasetId !== undefined && { dataset_id: datasetId }) };
}

const queries: Record<string, (datasetId: number) => string> = {
  'materialize-view': (id) =>
    `CREATE MATERIALIZED VIEW "daily_reach_${id}"\nREFRESH_SCHEDULE = '@daily'\nAS SELECT "country", COUNT(DISTINCT "user_key") AS "reach"\nFROM "company_data"."${id}"\nWHERE "event_ts" > NOW() - INTERVAL '7' DAY\nGROUP BY "country"`,
  'nql-forecast': (id) => `EXPLAIN SELECT "user_key", "hashed_email" FROM "company_data"."${id}" WHERE "country" IN ('US', 'CA')`,
  forecast: (id) => `SELECT "user_key" FROM "company_data"."${id}" LIMIT 1000000 ROWS`,
};

/** Snapshot ids are beyond 2^53, where a double skips every second integer or more: kept as bigint. */
function result({ datasetId }: JobPlan, dice: Dice): JsonObject {
  if (datasetId === undefined) return { rows: dice.between(1_000, 90_000_000) };
  const snapshot_id = 1_724_919_539_450_264_600n + BigInt(dice.between(1, 99_999));
  return { dataset_id: datasetId, snapshot_id, recalculation_id: dice.uuid() };
}
