/** The default wording: what an on-call person needs to know about an event at three in the morning, in that order. */
import type { App, Job, NarrativeEvent, ReceivedEvent, RelayFacts } from '../event/event.ts';
import { hasEnded } from '../event/event.ts';
import { cameToStateAt } from '../event/happened.ts';
import { formatDuration } from '../event/time.ts';
import { oneLine, truncate } from './text.ts';

/** Enough for any name or id; keeps a hostile one from filling the message. */
const maxValue = 300;

/**
 * Raw, one line: `datasets_deliver_data failed · dataset 10736`. `recovered`: what is said in place of the state when
 * its completion ends an incident.
 */
export function defaultTitle(event: NarrativeEvent, recovered: string | null = null): string {
  switch (event.kind) {
    case 'job': {
      const outcome = recovered !== null && event.job.state === 'completed' ? recovered : jobOutcome(event.job);
      return titleOf(event.job.type, outcome, event.job.dataset_id);
    }
    case 'app': {
      const { name, category, status, dataset_id } = event.app;
      const outcome = recovered !== null && status === 'completed' ? recovered : stateWords(status);
      return titleOf(`${name} ${category.replaceAll('.', ' ')}`, outcome, dataset_id);
    }
    case 'relay':
      return value(event.relay.detail) ?? `relay: ${event.relay.topic}`;
  }
}

function titleOf(subject: string, outcome: string, dataset: string | null): string {
  return shortValue(`${shortValue(subject)} ${outcome}${dataset === null ? '' : ` · dataset ${shortValue(dataset)}`}`);
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
      return `is now ${shortValue(state)}`;
  }
}

/** Raw values in the order of their use; what the event doesn't say is left out. */
export function defaultFields(received: ReceivedEvent): { label: string; value: string }[] {
  return factsOf(received).flatMap(({ label, value: given }) => {
    const shown = value(given);
    return shown === null ? [] : [{ label, value: shown }];
  });
}

function factsOf(received: ReceivedEvent): Fact[] {
  const { narrative } = received;
  const subscription: Fact = { label: 'Subscription', value: received.subscription };
  switch (narrative.kind) {
    case 'job':
      return [...jobFields(narrative.job), subscription];
    case 'app':
      return [...appFields(narrative.app, occurredAt(received)), subscription];
    case 'relay':
      return relayFields(narrative.relay, occurredAt(received));
  }
}

interface Fact {
  label: string;
  value: string | null;
}

function jobFields(job: Job): Fact[] {
  const { state, duration, dequeued_at, created_at, requested_by, request_source } = job;
  const ended = hasEnded(state);
  const at = readableTime(cameToStateAt(job));
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
    { label: 'Connector', value: app.id === null ? app.name : `${app.name} (app ${app.id})` },
    { label: 'Profile', value: app.profile_id },
    { label: 'Connection', value: app.connection_id },
  ];
}

function relayFields({ topic, about, state }: RelayFacts, at: string): Fact[] {
  return [
    { label: 'About', value: about },
    { label: 'Topic', value: topic },
    { label: state === 'failed' ? 'Began at' : 'Over at', value: readableTime(at) },
  ];
}

function momentLabel(state: string): string {
  return hasEnded(state) ? `${state.charAt(0).toUpperCase()}${state.slice(1)} at` : 'Updated at';
}

/** ISO 8601, UTC: when it ended, else when it changed, else when we heard of it. */
export function occurredAt({ narrative, receivedAtMs, replay }: ReceivedEvent): string {
  const moments =
    narrative.kind === 'job'
      ? [cameToStateAt(narrative.job), narrative.job.updated_at, narrative.job.ended_at, narrative.created_at]
      : [narrative.created_at];
  const said = moments.find((moment) => moment !== null && isRealTime(moment));
  return said?.replace(/(\.\d{6})\d+/, '$1') ?? new Date(replay?.receivedAtMs ?? receivedAtMs).toISOString();
}

/** Told later than this after it happened, ms, it may be over, or taken care of: whoever is woken has to know that first. */
const oldMs = 900_000;

/** `26 h ago`, in the largest unit of which there are two: of what no webhook brought now and is old news; else null. */
export function agoOf(received: ReceivedEvent): string | null {
  if (!received.reconciled && !received.replay) return null;
  const lateMs = latenessMs(received, received.receivedAtMs);
  if (!(lateMs > oldMs)) return null;
  const minutes = Math.floor(lateMs / 60_000);
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}

/** Why it is told so late; null for what came by its webhook. */
export function reconciledNote(received: ReceivedEvent): string | null {
  if (!received.reconciled) return null;
  const lateMs = latenessMs(received, received.replay?.receivedAtMs ?? received.receivedAtMs);
  // Two clocks are compared: Narrative's may be ahead.
  const late = lateMs > 0 ? ` ${formatDuration(lateMs / 1000)} after it happened` : '';
  return `Its webhook never came: found in Narrative's job list${late}`;
}

/** Why it is told again; null for what came. */
export function replayNote({ replay }: ReceivedEvent): string | null {
  if (!replay) return null;
  const at = new Date(replay.receivedAtMs).toISOString().slice(0, 16).replace('T', ' ');
  return `Replay of ${replay.of} from ${at} UTC, asked for by an operator`;
}

function latenessMs(received: ReceivedEvent, toldAtMs: number): number {
  return toldAtMs - Date.parse(occurredAt(received));
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
  return raw === null ? null : shortValue(raw) || null;
}

/** One line that fits a field. */
export function shortValue(raw: string): string {
  return truncate(oneLine(raw.slice(0, maxValue * 4)), maxValue);
}
