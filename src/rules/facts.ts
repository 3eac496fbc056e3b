/** The nine things about an event that `match` lists compare. */
import { datasetOf, stateOf } from '../event/event.ts';
import type { Routable } from './plan.ts';

/** Keys of `match` that take lists, those that tell events apart best first: of equals, the index takes the first. */
export const listKeys = [
  'job_ids',
  'dataset_ids',
  'app_ids',
  'requested_by',
  'event_types',
  'job_types',
  'data_plane_ids',
  'subscriptions',
  'states',
] as const;

export type ListKey = (typeof listKeys)[number];

/** One text per list key, in the order of `listKeys`; null where the event has none, which no list matches. */
export type Facts = readonly (string | null)[];

export function factsOf({ subscription, narrative }: Routable): Facts {
  const job = narrative.kind === 'job' ? narrative.job : null;
  const app = narrative.kind === 'app' ? narrative.app : null;
  return [
    job ? job.id : null,
    datasetOf(narrative),
    app && app.id !== null ? String(app.id) : null,
    job ? job.requested_by : null,
    narrative.type,
    job ? job.type : null,
    job ? job.data_plane_id : null,
    subscription,
    stateOf(narrative),
  ];
}

/** What Narrative documents. Open sets: other values are matched all the same, but a near miss is worth a warning. */
export const knownStates = ['pending', 'running', 'completed', 'pending_cancellation', 'cancelled', 'failed'];
export const knownJobTypes = [
  'costs',
  'datasets_calculate_column_stats',
  'datasets_delete_table',
  'datasets_deliver_data',
  'datasets_sample',
  'datasets_suggest_mappings',
  'delete-snowflake-table',
  'forecast',
  'materialize-view',
  'models_deliver_model',
  'model_training_run',
  'nql-forecast',
  'upload-stats',
];
