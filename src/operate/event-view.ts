/** Events as operators are shown them. */
import { eventId } from '../event/id.ts';
import type { EventRow } from '../store/event-list.ts';
import type { EventSummaryView } from './shapes/views.ts';
import { iso } from './text.ts';

export function eventSummaryOf(row: EventRow): EventSummaryView {
  return {
    id: eventId(row.seq),
    received_at: iso(row.receivedAt),
    subscription: row.subscription,
    scheme: row.scheme,
    outcome: row.outcome,
    reason: row.reason,
    kind: row.kind as EventSummaryView['kind'],
    type: row.type,
    state: row.state,
    job_id: row.jobId,
    job_type: row.jobType,
    dataset_id: row.datasetId,
    updated_at: row.updatedAtUs === null ? null : iso(Math.floor(row.updatedAtUs / 1000)),
    subject: row.subject,
    rules: row.rules,
    duplicate_of: idOrNull(row.duplicateOf),
    replay_of: idOrNull(row.replayOf),
  };
}

/**
 * The `match` of a silence that would keep the like of an event quiet, as in the rules files; null where it has neither a dataset nor
 * a job type: what would be left matches too much.
 */
export function matchOfTheLike({ datasetId, jobType }: Pick<EventRow, 'datasetId' | 'jobType'>): Record<string, unknown> | null {
  if (datasetId !== null) return { dataset_ids: [datasetId] };
  return jobType === null ? null : { job_types: [jobType] };
}

function idOrNull(seq: number | null): string | null {
  return seq === null ? null : eventId(seq);
}
