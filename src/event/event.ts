/**
 * The event: what Narrative said, in one shape whatever form it came in. The names inside `Job` and `App` are the names
 * that rules, CEL expressions and templates use, so they are snake_case here too: one thing, one name.
 *
 * Source of the fields: docs.narrative.io and the OpenAPI file in narrative-io/mintlify-docs.
 */
import type { JsonObject, JsonValue } from './json.ts';

export interface JobFailure {
  message: string;
  /** ISO 8601, UTC. */
  timestamp: string | null;
  /** For example a Spark stack trace; hundreds of kilobytes at times. */
  value: JsonValue;
}

export interface Job {
  id: string;
  /** `pending, running, completed, pending_cancellation, cancelled, failed`, or one that Narrative adds later. */
  state: string;
  /** Such as `materialize-view`. An open set. */
  type: string;
  /** Decimal digits. From `input`, else `result`. */
  dataset_id: string | null;
  data_plane_id: string | null;
  executor: string | null;
  /** All times: ISO 8601, UTC. */
  created_at: string | null;
  updated_at: string | null;
  /** When it started. */
  dequeued_at: string | null;
  ended_at: string | null;
  /** Seconds from its start (else its creation) to its end (else its last update). */
  duration_s: number | null;
  /** The same for people: `5 min 55 s`. */
  duration: string | null;
  /** The job's own key, the same in each of its events. Never the delivery's key. */
  idempotency_key: string | null;
  /** A user's name (else `user 407`), or the name of the process. */
  requested_by: string | null;
  request_source: JsonObject;
  input: JsonObject;
  result: JsonValue;
  failures: JobFailure[];
}

export interface App {
  /** The connector's app id, where the event says it or its name is one we know. Text where it is no number. */
  id: number | string | null;
  /** As in the event's type, such as `facebook`. */
  connector: string;
  /** For people, such as `Facebook`; of a connector that we don't know, the same as `connector`. */
  name: string;
  /** `audience.delivery`, `taxonomy.delivery`, or one that Narrative adds later. */
  category: string;
  /** `completed` or `failed`. */
  status: string;
  /** The connector's settings. */
  profile_id: string | null;
  /** That profile, tied to a dataset. */
  connection_id: string | null;
  dataset_id: string | null;
  /** Of no documented shape. */
  payload: JsonValue;
}

interface EventBase {
  /** Such as `job.failed` or `facebook.audience.delivery.failed`. */
  type: string;
  /** The id that Narrative gave this webhook event. */
  narrative_id: string | null;
  /** The id of the Narrative subscription that sent it. */
  subscription_id: string | null;
  company_id: string | null;
  /** ISO 8601, UTC. */
  created_at: string | null;
}

export interface JobEvent extends EventBase {
  kind: 'job';
  job: Job;
}

export interface AppEvent extends EventBase {
  kind: 'app';
  app: App;
}

/** What the relay says about itself: no webhook, but an event like any other from the ledger on. */
export interface RelayEvent extends EventBase {
  kind: 'relay';
  relay: RelayFacts;
}

export type RelayTopic = 'destination-parked' | 'backlog' | 'unverified' | 'no-events' | 'template-error' | 'reconcile';

export interface RelayFacts {
  topic: RelayTopic;
  /** `failed` when the trouble begins, `completed` when it is over. */
  state: 'failed' | 'completed';
  /** What it is about: a destination's name, a subscription's, a rule's; null: the relay as a whole. */
  about: string | null;
  /** One sentence for people. Never holds a secret. */
  detail: string;
}

export type NarrativeEvent = JobEvent | AppEvent | RelayEvent;

/** An event as it arrived here: what Narrative said, and where and when we heard it. */
export interface ReceivedEvent {
  /** `evt_…`: unique, and it sorts by time. Also the `webhook-id` of forwarded events. */
  id: string;
  /** The name of the subscription (in `rules/`) whose secret verified it. */
  subscription: string;
  receivedAtMs: number;
  /** Its webhook never came: reconciliation found it in Narrative's job list. Default: false. */
  reconciled?: boolean;
  /** The event that it is a replay of: put through the rules once more, for an operator. Default: null, it came. */
  replay?: { /** `evt_…` */ of: string; /** When that one came. */ receivedAtMs: number } | null;
  narrative: NarrativeEvent;
}

/** The state of the job, the status of the connector's delivery, or how the relay does. */
export function stateOf(event: NarrativeEvent): string {
  switch (event.kind) {
    case 'job':
      return event.job.state;
    case 'app':
      return event.app.status;
    case 'relay':
      return event.relay.state;
  }
}

export function datasetOf(event: NarrativeEvent): string | null {
  switch (event.kind) {
    case 'job':
      return event.job.dataset_id;
    case 'app':
      return event.app.dataset_id;
    case 'relay':
      return null;
  }
}

/** States after which a job changes no more. Unknown states count as not ended. */
export function hasEnded(state: string): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

/** The variables of templates (Liquid) and of `when` expressions (CEL). Of `job`, `app` and `relay` all but the event's own kind are null. */
export interface EventView {
  event: {
    id: string;
    kind: NarrativeEvent['kind'];
    type: string;
    state: string;
    subscription: string;
    subscription_id: string | null;
    narrative_id: string | null;
    company_id: string | null;
    created_at: string | null;
    received_at: string;
    /** Its webhook never came: found in Narrative's job list. */
    reconciled: boolean;
  };
  job: Job | null;
  app: App | null;
  relay: RelayFacts | null;
}

export function viewOf({ id, subscription, receivedAtMs, reconciled = false, narrative }: ReceivedEvent): EventView {
  const { kind, type, subscription_id, narrative_id, company_id, created_at } = narrative;
  const received_at = new Date(receivedAtMs).toISOString();
  return {
    event: {
      id,
      kind,
      type,
      state: stateOf(narrative),
      subscription,
      subscription_id,
      narrative_id,
      company_id,
      created_at,
      received_at,
      reconciled,
    },
    job: narrative.kind === 'job' ? narrative.job : null,
    app: narrative.kind === 'app' ? narrative.app : null,
    relay: narrative.kind === 'relay' ? narrative.relay : null,
  };
}
