/** The variables of templates and of `when`, so that a misspelt one is found before an event comes. */
import type { App, EventView, Job, RelayFacts } from '../event/event.ts';
import { didYouMean } from './suggest.ts';

type Names<T> = Record<keyof T, 'text' | 'other'>;

const jobFields = {
  id: 'text',
  state: 'text',
  type: 'text',
  dataset_id: 'text',
  data_plane_id: 'text',
  executor: 'text',
  created_at: 'text',
  updated_at: 'text',
  dequeued_at: 'text',
  ended_at: 'text',
  duration_s: 'other',
  duration: 'text',
  idempotency_key: 'text',
  requested_by: 'text',
  request_source: 'other',
  input: 'other',
  result: 'other',
  failures: 'other',
} satisfies Names<Job>;

const appFields = {
  id: 'other',
  connector: 'text',
  name: 'text',
  category: 'text',
  status: 'text',
  profile_id: 'text',
  connection_id: 'text',
  dataset_id: 'text',
  payload: 'other',
} satisfies Names<App>;

const relayFields = { topic: 'text', state: 'text', about: 'text', detail: 'text' } satisfies Names<RelayFacts>;

const eventFields = {
  id: 'text',
  kind: 'text',
  type: 'text',
  state: 'text',
  subscription: 'text',
  subscription_id: 'text',
  narrative_id: 'text',
  company_id: 'text',
  created_at: 'text',
  received_at: 'text',
  reconciled: 'other',
} satisfies Names<EventView['event']>;

const variables: ReadonlyMap<string, ReadonlyMap<string, 'text' | 'other'>> = new Map([
  ['event', new Map(Object.entries(eventFields))],
  ['job', new Map(Object.entries(jobFields))],
  ['app', new Map(Object.entries(appFields))],
  ['relay', new Map(Object.entries(relayFields))],
]);

export const variableNames: readonly string[] = [...variables.keys()];

/** Says what is wrong with `variable.field`, or null. Fields further down are Narrative's and unknown to us. */
export function unknownVariable(variable: string, field?: string): { message: string; hint?: string } | null {
  const fields = variables.get(variable);
  if (!fields) return { message: `unknown variable "${variable}"`, ...didYouMean(variable, variableNames) };
  if (field === undefined || fields.has(field)) return null;
  return { message: `${variable} has no "${field}"`, ...didYouMean(field, fields.keys()) };
}

/** Whether the field is text, also where Narrative writes a number (`job.dataset_id`). */
export function isTextField(variable: string, field: string): boolean {
  return variables.get(variable)?.get(field) === 'text';
}

/** Fields that don't exist yet when rules are matched: a plan depends on what Narrative said and on nothing else. */
export const unknownWhileRouting: readonly string[] = ['id', 'received_at'];
