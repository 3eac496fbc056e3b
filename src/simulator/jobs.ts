/** The jobs that a simulated Narrative remembers, in memory and as long as it runs. */
import { isObject, type JsonObject } from '../event/json.ts';
import { timestampUs } from '../event/time.ts';

export interface JobsOnRecord {
  /** A new one, or one that was there as it is now; by its `job_id`. */
  put(job: JsonObject): void;
  find(id: string): JsonObject | undefined;
  /** All that meet each condition, by their creation. Newest first unless asked for otherwise. */
  list(conditions?: JobConditions, oldestFirst?: boolean): JsonObject[];
}

/** Those left out hold for all jobs. */
export interface JobConditions {
  state?: string | undefined;
  type?: string | undefined;
  /** Of its `input`, decimal digits. Source: "Filter jobs where the input has a dataset_id", in the OpenAPI file. */
  datasetId?: string | undefined;
  dataPlaneId?: string | undefined;
}

export function createJobs(): JobsOnRecord {
  const jobs = new Map<string, JsonObject>();
  return {
    put: (job) => void jobs.set(String(job.job_id), job),
    find: (id) => jobs.get(id),
    list(conditions = {}, oldestFirst = false) {
      const found = [...jobs.values()].filter((job) => meets(job, conditions));
      const byCreation = found.map((job) => ({ job, createdUs: timestampUs(String(job.created_at)) ?? 0 }));
      // Stable: jobs of one moment stay in the order in which they came, and so turn round with it.
      byCreation.sort((a, b) => a.createdUs - b.createdUs);
      const oldest = byCreation.map(({ job }) => job);
      return oldestFirst ? oldest : oldest.toReversed();
    },
  };
}

function meets(job: JsonObject, { state, type, datasetId, dataPlaneId }: JobConditions): boolean {
  return (
    (state === undefined || job.state === state) &&
    (type === undefined || job.type === type) &&
    (datasetId === undefined || datasetOf(job) === datasetId) &&
    (dataPlaneId === undefined || job.data_plane_id === dataPlaneId)
  );
}

/** Null for a job that is about none. */
export function datasetOf(job: JsonObject): string | null {
  const datasetId = isObject(job.input) ? job.input.dataset_id : undefined;
  return datasetId === undefined || datasetId === null ? null : String(datasetId);
}
