/**
 * The Send port: what a destination is to the outbox. A destination turns one delivery into one request of its own
 * protocol and says, in a closed union, what came of it. It never retries, waits or remembers: the outbox does.
 */
import type { ReceivedEvent } from '../event/event.ts';
import type { JsonValue } from '../event/json.ts';
import type { MessageTemplates } from '../rules/template.ts';

export type Severity = 'critical' | 'error' | 'warning' | 'info';

/** Why an attempt should be made again. */
export type RetryReason =
  | 'network'
  | 'timeout'
  | 'rate-limited'
  | 'server-error'
  | 'service-unavailable'
  | 'unknown-answer'
  /** A fault of the relay's own, which is never held against the delivery. */
  | 'internal';

/**
 * What a delivery can consist of. `post`: a message of its own, whatever the protocol calls it. `edit`: what it said before is
 * brought up to date. `reply`: the news, in the thread below that.
 */
export type Part = 'post' | 'edit' | 'reply';

/** `detail` is for people and for the record; it never holds a secret. `parts`: which got through; left out: a post. */
export type AttemptOutcome =
  | { kind: 'delivered'; detail: string; receipt?: Record<string, string>; parts?: readonly Part[] }
  /** `afterMs`: the other side's `Retry-After`. It only ever delays. */
  | { kind: 'retry'; reason: RetryReason; detail: string; afterMs?: number }
  /** It may have arrived. Tried again like a retry, counted apart. */
  | { kind: 'ambiguous'; reason: RetryReason; detail: string; afterMs?: number }
  /** This payload will never be taken. */
  | { kind: 'rejected'; reason: 'payload' | 'unknown-answer'; detail: string }
  /** No payload will be taken until a person mends something. */
  | { kind: 'destination-broken'; reason: 'credential' | 'channel'; detail: string };

/** What a delivery says. */
export type Content =
  | { kind: 'event'; received: ReceivedEvent; /** The original bytes. */ body: Uint8Array; contentType: string }
  /** The relay's own words, such as "destination data-eng is broken" or a list of what failed together. */
  | ({ kind: 'notice'; occurredAtMs: number } & Notice);

/** So much of a notice's text is shown everywhere: characters, with `&`, `<` and `>` counted as escaped (`escapedLength`). */
export const maxNoticeText = 1_600;

/** Raw text: each destination escapes it. */
export interface Notice {
  title: string;
  /** What is beyond `maxNoticeText` may be cut. */
  text: string;
  /** Default: by the severity. */
  tone?: 'bad' | 'good' | 'neutral';
  fields?: { label: string; value: string }[];
  /** http(s) URLs. */
  links?: { label: string; url: string }[];
}

/** Who is told, and what helps them. Only ever from the rules files, never from an event. */
export interface Owner {
  /** Slack markup that notifies: `<@U…>`, `<!subteam^S…>`, `<!here>`, `<!channel>`. Null: nobody. */
  mention: string | null;
  /** An http(s) URL. */
  runbook: string | null;
}

/**
 * What a message is in the life of an incident. `open`: the first. `remind`: it failed again, and somebody should notice.
 * `count`: it failed again or ended, and nobody needs to notice: only ever for a destination that can edit what it said before.
 * `recover`: it is over.
 */
export type IncidentAct = 'open' | 'remind' | 'count' | 'recover';

/** The incident that a message belongs to, as it is at the moment of sending. */
export interface IncidentStatus {
  act: IncidentAct;
  /** Epoch ms, in Narrative's time: when the first failure happened, and the last. */
  sinceMs: number;
  lastMs: number;
  /** So far. */
  failures: number;
  /** One line each, raw: what the first and the last failure said; null where it said nothing. */
  firstSaid: string | null;
  lastSaid: string | null;
  /** Null while it is open. */
  endedMs: number | null;
}

/** One delivery, ready to send. */
export interface Outgoing {
  /** `dlv_…`; the same in each attempt. */
  deliveryId: string;
  /** The event's id; the `webhook-id` of a forwarded body. */
  eventId: string;
  /** Counts from 1. */
  attempt: number;
  content: Content;
  /** The rule whose wording it is; null for what no rule asked for. */
  rule: string | null;
  severity: Severity;
  /** Slack: the end of the incident is shown in the channel too, not only in the thread. */
  broadcast: boolean;
  /** PagerDuty: send a change event, not an alert. */
  change: boolean;
  /** In place of the default title, raw: where the event alone doesn't say what the matter is, as with a job that is late. */
  title?: string;
  /** The rule's own words; null for the default message. */
  message: MessageTemplates | null;
  /** "The thing that is broken", rendered; PagerDuty's dedup_key is made from it. */
  subject: string;
  /** Job link and others from `defaults.links`, as template sources by label. */
  links: Record<string, string>;
  /** Null: a message of its own. */
  incident: IncidentStatus | null;
  /**
   * The receipt of the incident's first message here, in this destination's own words; null when there is none (yet), or
   * this is no incident. A destination that can edit starts a receipt with `root` for it to be kept.
   */
  root: Readonly<Record<string, string>> | null;
  owners: readonly Owner[];
  /** Epoch ms: an attempt made at or after this may have arrived without our knowing; null: none may have. */
  unsureSinceMs: number | null;
  /** Said at the top when this is a second way for a message: "could not be delivered to data-eng: channel_not_found". */
  note: string | null;
}

/** A request, as it would go out, with secrets masked. For `explain`, for the record and for the console page. */
export interface Preview {
  format: 'slack' | 'pagerduty' | 'http' | 'console';
  body: JsonValue;
  /** The request after that, where `body` is an edit and the news is told in the thread below it. */
  reply?: JsonValue;
  /** Template errors that made a part fall back to the default wording. */
  problems: string[];
}

export interface Destination {
  readonly name: string;
  readonly type: 'slack' | 'pagerduty' | 'http' | 'console';
  /** Destinations with equal keys share one budget (two names for one Slack channel). Never a secret. */
  readonly paceKey: string;
  readonly pace: Pace | null;
  /** Requests in flight at once, at the most. */
  readonly concurrency: number;
  /** Where its dead letters' content and the report of its breaking go. */
  readonly fallback: string | null;
  preview(outgoing: Outgoing): Preview;
  /** Never throws for what the other side does; `signal` ends the request at shutdown. */
  send(outgoing: Outgoing, signal: AbortSignal): Promise<AttemptOutcome>;
}

/** A token bucket: `perSecond` on average, `burst` at once. */
export interface Pace {
  perSecond: number;
  burst: number;
}
