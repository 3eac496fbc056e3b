/** What the rules decide about one event. Pure: event × rule set → plan. */
import type { Severity } from '../destination/destination.ts';
import type { NarrativeEvent } from '../event/event.ts';
import type { Place } from './problem.ts';
import type { MessageTemplates } from './template.ts';

/** One destination's share of a plan: at most one per destination and event. */
export interface PlannedDelivery {
  destination: string;
  /** The rule that wins the wording: the first in file order that sends here. `unmatched` for the catch-all. */
  rule: string;
  /** Further rules that wanted the same destination, in file order. */
  merged: string[];
  /** The highest that any of them asked for. */
  severity: Severity;
  /** A change event, no alert: only if none of them asked for an alert. */
  change: boolean;
  message: MessageTemplates | null;
}

export interface Plan {
  /** Names of the rules that matched, in file order. */
  rules: string[];
  /** Rendered from `defaults.subject`. */
  subject: string;
  deliveries: PlannedDelivery[];
}

/** What the rules match on: the event, and the subscription that it came by. */
export interface Routable {
  subscription: string;
  narrative: NarrativeEvent;
}

/** A rule, and whether it matched. */
export type RuleExplanation = { name: string; place: Place } & (
  | { kind: 'matched'; to: readonly string[]; /** It ends evaluation within its file. */ stops: boolean }
  /** `reason`: the first condition that failed, in words. */
  | { kind: 'no-match'; reason: string }
  /** `stop` on the rule named `by` ended evaluation before. */
  | { kind: 'not-reached'; by: string }
);

/** Why an event was, or was not, sent where. */
export interface Explanation {
  /** Each rule, in file order. */
  rules: RuleExplanation[];
  /** null: the files have no `unmatched`. */
  unmatched: { applies: boolean; reason: string } | null;
  plan: Plan;
}
