/** A record of the job list, read as a state that a job came to, and written as the event that a webhook would have told it with. */
import { isObject, stringifyJson, type JsonObject } from '../event/json.ts';
import { parseWire } from '../event/parse.ts';
import { timestampUs } from '../event/time.ts';

export interface JobState {
  jobId: string;
  state: string;
  jobType: string;
  datasetId: string | null;
  /** When the job came to it, by Narrative's clock: ISO 8601, UTC; and µs since the epoch. */
  updatedAt: string;
  updatedUs: number;
  /** µs; null: not said. */
  createdUs: number | null;
  /** As Narrative wrote it. */
  record: JsonObject;
}

/** Null for what names no job, type and state, or no time at all. */
export function readJobState(record: JsonObject): JobState | null {
  // Without its numbers and texts being looked at twice: what is read here is read as in a webhook.
  const parsed = isObject(record) ? parseWire({ data: record }) : null;
  if (parsed?.kind !== 'event' || parsed.event.kind !== 'job') return null;
  const { id, state, type, dataset_id, created_at, updated_at, ended_at } = parsed.event.job;
  const updatedAt = updated_at ?? ended_at ?? created_at;
  const updatedUs = updatedAt === null ? null : timestampUs(updatedAt);
  if (updatedAt === null || updatedUs === null) return null;
  return {
    jobId: id,
    state,
    jobType: type,
    datasetId: dataset_id,
    updatedAt,
    updatedUs,
    createdUs: created_at === null ? null : timestampUs(created_at),
    record,
  };
}

/**
 * The body of that webhook in the form of Narrative's knowledge base, so that receivers get what they know; `reconciled` says that it is
 * none. Its id names the state, so that taking it twice comes to once.
 */
export function bodyOf({ jobId, state, updatedAt, record }: JobState): Uint8Array {
  return new TextEncoder().encode(
    stringifyJson({
      id: `reconciled:${jobId}:${state}:${updatedAt}`,
      type: `job.${state}`,
      created_at: updatedAt,
      reconciled: true,
      data: record,
    }),
  );
}
