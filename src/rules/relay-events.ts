/** What the relay says about itself, as events that rules can match. */
import type { RelayTopic } from '../event/event.ts';
import type { ListKey } from './facts.ts';

/** Each topic, with what an event about it may say. */
const examples: Record<RelayTopic, string> = {
  'destination-parked': 'Deliveries to data-eng wait: the token was revoked.',
  backlog: 'A delivery has been due for 10 min.',
  unverified: '20 requests in a minute had no valid proof.',
  'no-events': 'No event has come for 6 h.',
  'template-error': 'A template of the rule deliveries-page failed.',
  reconcile: "Narrative's API refuses the token, so lost events are not found.",
};

/** Trouble, and its end. */
export const relayStates = ['failed', 'completed'];

/** Keys of `match` that no event of the relay has a value for. */
export const absentFromRelay = [
  'job_ids',
  'dataset_ids',
  'app_ids',
  'requested_by',
  'job_types',
  'data_plane_ids',
] as const satisfies readonly ListKey[];

export const relayTopics = Object.keys(examples) as RelayTopic[];

export function exampleDetail(topic: RelayTopic): string {
  return examples[topic];
}
