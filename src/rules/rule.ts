/** A rule as the rest of the relay knows it: when it sends, what, and where. */
import type { Severity } from '../destination/destination.ts';
import type { Place } from './problem.ts';
import type { MessageTemplates } from './template.ts';

export interface Send {
  to: string;
  /** null: by the state of the event. */
  severity: Severity | null;
  change: boolean;
  /** Slack: a recovery is shown in the channel too. */
  broadcast: boolean;
  message: MessageTemplates | null;
  /** That of the destination, as the files had it: for what is sent when they have it no more. */
  fallback?: string | null;
}

/** What a rule asks for beyond sending each event. */
export interface IncidentPolicy {
  /** How long the first alert waits for the subject to complete, ms; null sends at once. */
  holdMs: number | null;
  /** At most one alert in this time while the subject keeps failing, ms; null sends each. */
  repeatMs: number | null;
  /** The end of the incident is told where its beginning was. */
  recover: boolean;
  group: GroupPolicy | null;
}

/** Alerts with equal values of `by` that come together become one message. */
export interface GroupPolicy {
  /** Such as `job.type`; of `event`, `job`, `app` or `relay`. Empty: all of the rule's. */
  by: readonly string[];
  /** From the first to the message, ms. */
  waitMs: number;
  /** From one message to the next, ms. */
  everyMs: number;
}

/** `days`: 1 (Monday) to 7; all seven when left out. Times of day: `HH:MM`. */
interface Calendar {
  /** IANA name. */
  timezone: string;
  days: readonly number[];
}

/** When a rule sends. */
export type Trigger =
  | { kind: 'event' }
  /** A job has been in a state for too long: state → ms. */
  | { kind: 'late'; afterMs: Readonly<Record<string, number>> }
  /** Something has not come to a state `by` a time of day, counted `from` another (null: from `by` of the day before). */
  | ({
      kind: 'expect';
      state: string;
      by: string;
      from: string | null;
      /** Each of them; null: any one event. */
      datasets: readonly string[] | null;
    } & Calendar)
  /** What came is told together `at` a time of day. */
  | ({ kind: 'digest'; at: string } & Calendar);

export interface RuleSummary {
  name: string;
  place: Place;
  /** As it is written; left out: everything. */
  match?: Readonly<Record<string, unknown>>;
  stop: boolean;
  trigger: Trigger;
  /** Null: each event is sent, whatever came before. */
  incident: IncidentPolicy | null;
  send: readonly Send[];
}
