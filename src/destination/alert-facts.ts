/** The default wording: what an on-call person needs to know about an event at three in the morning, in that order. */
import type { App, Job, NarrativeEvent, ReceivedEvent } from '../event/event.ts';
import { datasetOf, hasEnded } from '../event/event.ts';

import { oneLine, truncate } from './text.ts';

/** Enough for any name or id; keeps a hostile one from filling the message. */
const maxValue = 300;

/** Raw, one line: `datasets_deliver_data failed · dataset 10736`. */
export function defaultTitle(event: NarrativeEvent): string {
  const subject = event.kind === 'job' ? event.job.type : `${event.app.connector} ${event.app.category}`;
  const outcome = event.kind === 'job' ? jobOutcome(event.job) : stateWords(event.app.status);
  const dataset = datasetOf(event);
  return value(`${short(subject)} ${outcome}${dataset === null ? '' : ` · dataset ${short(dataset)}`}`) ?? event.kind;
}

function jobOutcome({ state, duration }: Job): string {
  return state === 'completed' && duration !== null ? `completed in ${duration}` : stateWords(state);
}

function stateWords(state: string): string {
  switch (state) {
    case 'completed':
    case 'failed':
      return state;
    case 'cancelled':
      return 'was cancelled';
    case 'pending':
    case 'running':
      return `is ${state}`;
    case 'pending_cancellation':
      return 'is being cancelled';
    default:
      return `is now ${short(state)}`;
  }
}

/** Raw values in the order of their use; what the event doesn't say is left out. */
export function defaultFields(received: ReceivedEvent): { label: string; value: string }[] {
  const { narrative } = received;
  const specific = narrative.kind === 'job' ? jobFields(narrative.job) : appFields(narrative.app, occurredAt(received));
  return [...specific, { label: 'Subscription', value: received.subscription }].flatMap(({ label, value: given }) => {
    const shown = value(given);
    return shown === null ? [] : [{ label, value: shown }];
  });
}

interface Fact {
  label: string;
  value: string | null;
}

function jobFields(job: Job): Fact[] {
  const { state, duration, dequeued_at, created_at, requested_by, request_source } = job;
  const ended = hasEnded(state);
  const at = readableTime(ended ? (job.ended_at ?? job.updated_at) : job.updated_at);
  const since = readableTime(dequeued_at ?? created_at);
  const after = ended && duration !== null ? ` (after ${duration})` : '';
  return [
    { label: 'Dataset', value: job.dataset_id },
    { label: momentLabel(state), value: at === null || (!ended && at === since) ? null : `${at}${after}` },
    { label: dequeued_at === null ? 'Created' : 'Started', value: since },
    {
      label: 'Started by',
      value: requested_by !== null && request_source.type === 'process' ? `${requested_by} (process)` : requested_by,
    },
    { label: 'Job id', value: job.id },
    // Only a failure makes one ask whether the whole data plane is ill.
    { label: 'Data plane', value: state === 'failed' ? job.data_plane_id : null },
  ];
}

function appFields(app: App, at: string): Fact[] {
  return [
    { label: 'Dataset', value: app.dataset_id },
    { label: momentLabel(app.status), value: readableTime(at) },
    { label: 'Connector', value: app.id === null ? app.connector : `${app.connector} (app ${app.id})` },
    { label: 'Profile', value: app.profile_id },
    { label: 'Connection', value: app.connection_id },
  ];
}

function momentLabel(state: string): string {
  return hasEnded(state) ? `${state.charAt(0).toUpperCase()}${state.slice(1)} at` : 'Updated at';
}

/** ISO 8601, UTC: when it ended, else when it changed, else when we heard of it. */
export function occurredAt({ narrative, receivedAtMs }: ReceivedEvent): string {
  const moments =
    narrative.kind === 'job' ? [narrative.job.ended_at, narrative.job.updated_at, narrative.created_at] : [narrative.created_at];
  const said = moments.find((moment) => moment !== null && isRealTime(moment));
  return said?.replace(/(\.\d{6})\d+/, '$1') ?? new Date(receivedAtMs).toISOString();
}

/** PagerDuty refuses an event whose timestamp is none, and `Date` takes the 30th of February for the 2nd of March. */
function isRealTime(iso: string): boolean {
  const ms = Date.parse(iso);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === iso.slice(0, 19);
}

/** `2023-10-31 11:25:08 UTC`. */
function readableTime(iso: string | null): string | null {
  if (iso === null) return null;
  return `${iso.slice(0, 19).replace('T', ' ').replace(/Z$/, '')} UTC`;
}

function value(raw: string | null): string | null {
  return raw === null ? null : short(raw) || null;
}

function short(raw: string): string {
  return truncate(oneLine(raw.slice(0, maxValue * 4)), maxValue);
}
