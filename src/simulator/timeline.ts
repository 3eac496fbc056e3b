/** What happens at a simulated Narrative, and when: made from a scenario, played by the simulator. */
import type { JsonObject } from '../event/json.ts';

export interface Timeline {
  /** In the order of `atMs`. */
  happenings: readonly Happening[];
  /** To the end of the story, ms of story time. */
  lastsMs: number;
}

export type Happening = HappeningBase &
  (
    | JobHappening
    /** A connector's event. */
    | ({ kind: 'app' } & AppHappening)
    /** What comes to a public URL besides events: sent to every active subscription's URL, signed with `secret` (null: its own). */
    | { kind: 'stranger'; eventId: string; body: JsonObject; secret: string | null }
  );

interface HappeningBase {
  /** ms of story time after its beginning. */
  atMs: number;
  /** Those that follow each other and share this happen at once; null: by itself. */
  burst: string | null;
  /** For people who watch, in a few words; null for what is nothing special. */
  note: string | null;
}

/** A job comes to a state. */
interface JobHappening {
  kind: 'job';
  /** The whole job as it is then, in Narrative's snake_case form. */
  job: JsonObject;
  webhook: WebhookWish;
}

export interface AppHappening {
  appId: string;
  /** Such as `facebook.audience.delivery.failed`. */
  eventType: string;
  datasetId: number;
  connectionId: string;
  profileId: string;
  payload: JsonObject;
  webhook: WebhookWish;
}

/** How its webhooks go wrong, on request. Times are ms of story time. */
export interface WebhookWish {
  /** Sent so much later than it happened: out of order, when that is after a later state. 0: at once. */
  delayMs: number;
  /** Sent once more, byte for byte, so much after the first time, as by a sender whose first answer got lost; null: not. */
  againAfterMs: number | null;
  /** Never sent: what a webhook service that loses events does. */
  lost: boolean;
}

/** In the order in which they are to be created. Real ones get their secret from Narrative; here it can be chosen. */
export interface SeedSubscription {
  name: string | null;
  url: string;
  /** Null: made up, as Narrative does. */
  secret: string | null;
  kind: 'jobs' | 'app';
  jobIds: readonly string[] | null;
  jobTypes: readonly string[] | null;
  states: readonly string[] | null;
  appId: string | null;
}
