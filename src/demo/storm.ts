/** A storm: the catalog of a data plane is gone for two hours, and every job that needs it fails at once. */
import type { JsonObject } from '../event/json.ts';
import type { Dice } from './dice.ts';
import { failureWire } from './failures.ts';
import { zoneless, type Transition } from './jobs.ts';

export const stormSize = 200;
export const stormType = 'datasets_calculate_column_stats';

const firstDatasetId = 11_000;
/** From the first failure to the last, ms. */
const spreadMs = 38_000;

/** Every one of them fails, with no earlier state that anybody was told of. */
export function stormFailures(atMs: number, dice: Dice): Transition[] {
  return each(atMs, spreadMs, (datasetId, endedMs) => {
    const job = statistics(datasetId, endedMs, 31_000, dice);
    const failures = [failureWire('catalogDown', String(job.ended_at), dice)];
    return { atMs: endedMs, state: 'failed', job: { ...job, state: 'failed', result: null, failures } };
  });
}

/** All of them again, and now they complete: jobs of their own, about the same datasets. */
export function stormRecoveries(atMs: number, dice: Dice): Transition[] {
  return each(atMs, 3 * spreadMs, (datasetId, endedMs) => {
    const job = statistics(datasetId, endedMs, dice.between(20_000, 240_000), dice);
    return { atMs: endedMs, state: 'completed', job: { ...job, state: 'completed', result: { dataset_id: datasetId } } };
  });
}

function each(atMs: number, lastsMs: number, make: (datasetId: number, endedMs: number) => Transition): Transition[] {
  const gapMs = lastsMs / (stormSize - 1);
  return Array.from({ length: stormSize }, (_, i) => make(firstDatasetId + i, Math.round(atMs + i * gapMs)));
}

function statistics(datasetId: number, endedMs: number, tookMs: number, dice: Dice): JsonObject {
  const ended_at = zoneless(endedMs, dice);
  return {
    job_id: dice.uuid(),
    data_plane_id: 'f79cbdae-4848-47ca-95e8-69588364d185',
    request_source: { type: 'process', name: 'nightly-refresh' },
    type: stormType,
    input: { dataset_id: datasetId },
    created_at: zoneless(endedMs - tookMs - 60_000, dice),
    dequeued_at: zoneless(endedMs - tookMs, dice),
    ended_at,
    updated_at: ended_at,
  };
}
