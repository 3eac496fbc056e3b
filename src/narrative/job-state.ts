/** A record of the job list, read as a state that a job came to, and written as the event that a webhook would have told it with. */
import { hasEnded } from '../event/event.ts';
import { believableEnd, cameToStateAt } from '../event/happened.ts';
import { isObject, stringifyJson, type JsonObject, type JsonValue } from '../event/json.ts';
import { parseWire } from '../event/parse.ts';
import { timestampUs } from '../event/time.ts';

export interface JobState {
  jobId: string;
  state: string;
  jobType: string;
  datasetId: string | null;
  /** When the job came to it, by Narrative's clock: ISO 8601, UTC; and µs since the epoch. */
  at: string;
  atUs: number;
  /** The same where the end of the job says it, µs; null: the job goes on, or does not say when it ended, and `atUs` moves at each touch. */
  endedUs: number | null;
  /** When the job was last changed, µs; the same where the record doesn't say. */
  updatedUs: number;
  /** µs; null: not said. */
  createdUs: number | null;
  /** As Narrative wrote it. */
  record: JsonObject;
}

/** Null for what is no object, names no job, type and state, or no time at all. Throws on what is nested too deeply to be read. */
export function readJobState(record: JsonValue): JobState | null {
  if (!isObject(record)) return null;
  // Without its numbers and texts being looked at twice: what is read here is read as in a webhook.
  const parsed = parseWire({ data: record });
  if (parsed.kind !== 'event' || parsed.event.kind !== 'job') return null;
  const { id, state, type, dataset_id, created_at, updated_at } = parsed.event.job;
  const end = believableEnd(parsed.event.job);
  const at = cameToStateAt(parsed.event.job) ?? end ?? created_at;
  const atUs = microseconds(at);
  if (at === null || atUs === null) return null;
  return {
    jobId: id,
    state,
    jobType: type,
    datasetId: dataset_id,
    at,
    atUs,
    endedUs: hasEnded(state) ? microseconds(end) : null,
    updatedUs: microseconds(updated_at) ?? atUs,
    createdUs: microseconds(created_at),
    record,
  };
}

function microseconds(time: string | null): number | null {
  return time === null ? null : timestampUs(time);
}

/**
 * The body of that webhook in the form of Narrative's knowledge base, so that receivers get what they know; `reconciled` says that it is
 * none. Its id names the state, so that taking it twice comes to once. Throws on what is nested too deeply to be written.
 */
export function bodyOf({ jobId, state, at, record }: JobState): Uint8Array {
  return new TextEncoder().encode(
    stringifyJson({
      id: `reconciled:${jobId}:${state}:${at}`,
      type: `job.${state}`,
      created_at: at,
      reconciled: true,
      data: record,
    }),
  );
}
