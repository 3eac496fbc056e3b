/**
 * What the relay asks of Narrative's API, in one shape whichever spelling its documents use.
 *
 * Source of the endpoints and fields: docs.narrative.io and the OpenAPI file in narrative-io/mintlify-docs.
 */
import type { JsonObject, JsonValue } from '../event/json.ts';

/** Expected failures come back as values; only a broken world is thrown. */
export type Answer<T> = { ok: true; value: T } | { ok: false; failure: ApiFailure };

export interface ApiFailure {
  /**
   * unauthorized: 401 or 403. not-found: 404, or an id that can't be one. refused: any other 4xx. rate-limited: 429. server-error: 5xx.
   * too-large: an answer beyond the limit. not-json: an answer that is none, or breaks off. unexpected: JSON of another shape, or a
   * redirect. unreachable: no connection, or one that broke before an answer came.
   */
  kind:
    | 'unauthorized'
    | 'not-found'
    | 'refused'
    | 'rate-limited'
    | 'server-error'
    | 'unreachable'
    | 'timeout'
    | 'too-large'
    | 'not-json'
    | 'unexpected';
  /** For people, one line: what was asked, what came back, what to do. Holds no secret. */
  detail: string;
  /** What the other side asked to wait, ms. */
  afterMs?: number;
}

/** Which events a subscription asks for; null: all. Values of one list are alternatives, the lists have to hold together. */
export interface JobFilter {
  jobIds: readonly string[] | null;
  jobTypes: readonly string[] | null;
  states: readonly string[] | null;
}

export interface Subscription {
  id: string;
  name: string | null;
  /** By what it says of itself, else by its fields. */
  kind: 'jobs' | 'app';
  /** `active` (also when Narrative says nothing, as its knowledge base does), `archived`, or one that Narrative adds later. */
  status: string;
  url: string;
  companyId: string | null;
  /** All null for `app`. */
  filter: JobFilter;
  /** Null for `jobs`. */
  appId: string | null;
  /** ISO 8601, UTC. */
  createdAt: string | null;
  updatedAt: string | null;
}

/** Times: ISO 8601, UTC; null where Narrative says nothing. */
export interface SubscriptionDetail extends Subscription {
  eventsSent: number | null;
  lastEventSentAt: string | null;
  deliveries: {
    successful: number | null;
    failed: number | null;
    lastSuccessfulAt: string | null;
    lastFailedAt: string | null;
  } | null;
}

export interface CreatedSubscription extends Subscription {
  /** Told once; null when the answer held none. */
  secret: string | null;
}

export type NewSubscription =
  | ({ kind: 'jobs'; url: string; name: string | null } & JobFilter)
  | { kind: 'app'; url: string; name: string | null; appId: string };

export interface JobsQuery {
  state?: string;
  type?: string;
  datasetId?: string;
  dataPlaneId?: string;
  /** Default: Narrative's own, which is newest first. */
  orderBy?: 'created_at_asc' | 'created_at_desc';
  /** 1 to 500. */
  perPage: number;
  /** Records to skip. */
  offset: number;
}

export interface JobsPage {
  /** As Narrative wrote them, every digit kept. One that is no object is no job. */
  records: readonly JsonValue[];
  /** Null where the answer doesn't say. */
  totalRecords: number | null;
}

export interface NarrativeApi {
  /** Archived ones too. One that can't be read is left out, unless none can. */
  listSubscriptions(): Promise<Answer<Subscription[]>>;
  showSubscription(id: string): Promise<Answer<SubscriptionDetail>>;
  /** Sent again only where it surely did not arrive: a second one would have a secret of its own. */
  createSubscription(wanted: NewSubscription): Promise<Answer<CreatedSubscription>>;
  /** Also a success: 404 after a first try of which nobody knows what became. That one archived it. */
  archiveSubscription(id: string): Promise<Answer<null>>;
  listJobs(query: JobsQuery): Promise<Answer<JobsPage>>;
  getJob(id: string): Promise<Answer<JsonObject>>;
  /** How far Narrative's clock was ahead of ours in its last answer, ms, whole seconds; negative: behind. Null: it has said no time. */
  clockAheadMs(): number | null;
}
