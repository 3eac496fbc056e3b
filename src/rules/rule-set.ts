/** One configuration, loaded: what the rest of the relay knows of the rules files. */
import type { Pace } from '../destination/destination.ts';
import type { Matcher } from './matcher.ts';
import type { Explanation, Plan, Routable } from './plan.ts';
import type { Place } from './problem.ts';
import type { RuleSummary } from './rule.ts';
import type { Demand, Wanted } from './wanted.ts';

/** `header`: in lower case; null for the usual headers of the scheme. */
export type VerifyConfig =
  | { scheme: 'auto' }
  /** `encoding: null`: hex or base64, whichever it is. */
  | { scheme: 'hmac-sha256'; header: string | null; encoding: 'hex' | 'base64' | null }
  | { scheme: 'shared-secret'; header: string | null }
  | { scheme: 'standard-webhooks'; toleranceMs: number }
  | { scheme: 'url-token' };

export interface SubscriptionConfig {
  name: string;
  /** At Narrative; null: not written. */
  id: string | null;
  verify: VerifyConfig;
  /** At least one; none empty. */
  secrets: readonly string[];
}

interface DestinationBase {
  name: string;
  /** Name of another destination. */
  fallback: string | null;
  /** null: the default for the type. */
  pace: Pace | null;
}

export type SlackConfig = DestinationBase & { type: 'slack' } & ({ token: string; channel: string } | { webhookUrl: string });
export type PagerDutyConfig = DestinationBase & { type: 'pagerduty'; routingKey: string; region: 'us' | 'eu' };
export type HttpConfig = DestinationBase & {
  type: 'http';
  url: string;
  /** Signs; null sends unsigned. */
  secret: string | null;
  method: 'POST' | 'PUT' | 'PATCH';
  headers: Record<string, string>;
};
export type ConsoleConfig = DestinationBase & { type: 'console' };

/** Secrets are resolved in here: never log one of these. */
export type DestinationConfig = SlackConfig | PagerDutyConfig | HttpConfig | ConsoleConfig;

/** Matching events are not sent for a time. From `mutes` in the files; those made at run time look the same. */
export interface Mute {
  /** The name of a mute in the files; `sil_…` of one made at run time. */
  name: string;
  matcher: Matcher;
  /** Epoch ms; null: since ever, or for ever. */
  fromMs: number | null;
  untilMs: number | null;
  reason: string;
  author: string | null;
}

/** When the relay speaks up about itself (events of `kind: relay`). */
export interface WatchConfig {
  /** No event for so long, ms; null: never. */
  noEventsMs: number | null;
  /** A delivery due for so long, ms. */
  backlogMs: number;
  /** So many unverified requests in a minute. */
  unverifiedPerMinute: number;
}

/** One entry of `tests`, its event already read as if it had arrived. */
export interface RuleTest {
  name: string;
  place: Place;
  routable: Routable;
  /** null: not looked at. */
  expect: { rules: readonly string[] | null; to: readonly string[] | null };
}

export interface RuleSet {
  /** Changes when the text of any file does. Hex. */
  version: string;
  /** At least one. */
  subscriptions: ReadonlyMap<string, SubscriptionConfig>;
  /** Always has `console`, built in unless the files define one. */
  destinations: ReadonlyMap<string, DestinationConfig>;
  /** `defaults.links`: label → template source. */
  links: Readonly<Record<string, string>>;
  /** `defaults.subject`; null for the built-in one. */
  subject: string | null;
  /** In file order: files by name, rules as written. */
  rules: readonly RuleSummary[];
  mutes: readonly Mute[];
  watch: WatchConfig;
  /** What happens where no rule matches; null: nothing. */
  unmatched: RuleSummary | null;
  /** Every secret in use, for redaction. */
  secrets: readonly string[];
  tests: readonly RuleTest[];
  /** Pure and quick: intake calls it for each event, inside the transaction. */
  plan(routable: Routable): Plan;
  /** The same decision with a reason for each rule; slower. */
  explain(routable: Routable): Explanation;
  /** Which events the rules have any use for, of those that come by a subscription; null: by any. */
  wanted(subscription: string | null): Wanted;
  /** The same, divided by which subscriptions can bring it. */
  demands(): readonly Demand[];
}
