/** What the rules decide about one event. Pure: event × rule set → plan. */
import type { IncidentAct, Owner, Severity } from '../destination/destination.ts';
import type { NarrativeEvent } from '../event/event.ts';
import type { Place } from './problem.ts';
import type { RuleSummary } from './rule.ts';
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
  /** Slack: a recovery is shown in the channel too. */
  broadcast: boolean;
  /** As `Send.fallback`. */
  fallback?: string | null;
  /** Null: a message of its own. The rules don't know what is open, so a plan's own deliveries have none. */
  act: IncidentAct | null;
}

export interface Plan {
  /** Names of the rules that matched, in file order; of `late` rules, those that watch this state. */
  rules: string[];
  /** Rendered from `defaults.subject`. */
  subject: string;
  /** The subject's template failed or rendered to nothing, so the job's id stands for it. */
  subjectFellBack: boolean;
  /** What its state does to an incident of its subject. */
  part: 'opens' | 'closes' | null;
  /** What is sent if nothing stands in the way: no hold, no repetition, no silence. Equal to `mergeSends(matched, usual)`. */
  deliveries: PlannedDelivery[];
  /** The rules that send on this event, in file order; `unmatched` as a rule of that name. */
  matched: readonly RuleSummary[];
  /** Rules that send at another time (`late`, `expect`, `digest`) and want to know of this event. */
  timed: readonly RuleSummary[];
  /** For sends that name no severity. */
  usual: Severity;
  /** All that match, in file order; none where nothing is sent. */
  owners: readonly Owner[];
}

/** What the rules match on: the event, and the subscription that it came by. */
export interface Routable {
  subscription: string;
  /** Found by reconciliation: its webhook never came. Default: false. */
  reconciled?: boolean;
  narrative: NarrativeEvent;
}

/** A rule, and whether it matched. */
export type RuleExplanation = { name: string; place: Place } & (
  | {
      kind: 'matched';
      to: readonly string[];
      /** It ends evaluation within its file. */
      stops: boolean;
      /** Where it does not send at once: what it waits for, such as `late after 20 min in pending`. */
      waits?: string;
    }
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
