/** What `relay subscriptions create` is to ask for: from its options and, on request, from the rules. */
import type { JobFilter, NewSubscription } from '../narrative/api.ts';
import { unknownValues, urlProblem } from '../narrative/subscription-plan.ts';
import type { RuleSet, SubscriptionConfig } from '../rules/rule-set.ts';
import { didYouMean } from '../rules/suggest.ts';
import { filterOf, type Wanted, type WantedFilters } from '../rules/wanted.ts';
import type { Settings } from '../settings.ts';
import { CommandFailure, rulesFolder, rulesForLooking } from './rules.ts';

export interface CreateFlags {
  url?: string;
  name?: string;
  jobType: readonly string[];
  state: readonly string[];
  jobId: readonly string[];
  appId?: string;
  /** Of a folder; true: of the usual one. */
  fromRules?: string | true;
  subscription?: string;
  split?: boolean;
  force?: boolean;
}

export interface CreationPlan {
  /** At least one; several with `--split`. */
  wanted: readonly NewSubscription[];
  /** Which of the rules' subscriptions it is for; null: none was named. */
  name: string | null;
  /** What the rules want; null: they were not asked. */
  rules: { apps: Wanted['apps']; filters: WantedFilters } | null;
  /** What `--force` let pass. */
  warnings: readonly string[];
}

/** What makes no sense ends the command. */
export function planCreation(flags: CreateFlags, settings: Settings): CreationPlan {
  const { name, url, wanted, filters, parts } = readFlags(flags, settings);
  const slips = parts.flatMap((part) => (part.kind === 'jobs' ? unknownValues(part) : []));
  const warnings = [...new Set(slips)];
  if (warnings.length > 0 && !flags.force) {
    throw new CommandFailure(2, `${warnings.join('\n')}\nIf Narrative has it all the same, --force asks for it.`);
  }
  const problem = urlProblem(url, settings.narrativeApiUrl);
  if (problem !== null) throw new CommandFailure(2, problem);
  return { wanted: parts, name, rules: filters && { apps: wanted?.apps ?? null, filters }, warnings };
}

function readFlags(flags: CreateFlags, settings: Settings) {
  const rules = rulesOf(flags);
  const ours = rules && oursIn(rules, flags);
  const url = flags.url ?? usualUrl(settings, rules, ours);
  const name = ours?.name ?? null;
  const given = flags.name ?? (name === null ? 'narrative-relay' : `narrative-relay ${name}`);
  if (flags.appId !== undefined) {
    const part: NewSubscription = { kind: 'app', url, name: given, appId: flags.appId };
    return { name, url, wanted: null, filters: null, parts: [part] };
  }
  const wanted = flags.fromRules !== undefined && rules ? rules.wanted(name) : null;
  const filters = wanted && filtersOf(wanted);
  const asked: readonly JobFilter[] = filters ? (flags.split ? filters.parts : [filters.filter]) : [filterGiven(flags)];
  const parts = asked.map((filter, i): NewSubscription => {
    const numbered = asked.length > 1 ? `${given} (${i + 1} of ${asked.length})` : given;
    return { kind: 'jobs', url, name: numbered, ...filter };
  });
  return { name, url, wanted, filters, parts };
}

function rulesOf({ fromRules, subscription }: CreateFlags): RuleSet | null {
  if (fromRules === undefined && subscription === undefined) return null;
  return rulesForLooking(rulesFolder(typeof fromRules === 'string' ? fromRules : undefined));
}

function oursIn({ subscriptions }: RuleSet, { subscription }: CreateFlags): SubscriptionConfig {
  const names = [...subscriptions.keys()];
  if (subscription === undefined && names.length > 1) {
    throw new CommandFailure(
      2,
      `the rules have ${names.length} subscriptions: say which one this is with --subscription (${names.join(', ')})`,
    );
  }
  const name = subscription ?? names[0]!;
  const found = subscriptions.get(name);
  if (found) return found;
  throw new CommandFailure(2, `the rules have no subscription "${name}": ${didYouMean(name, names).hint}`);
}

function usualUrl({ publicUrl }: Settings, rules: RuleSet | null, ours: SubscriptionConfig | null): string {
  if (ours?.verify.scheme === 'url-token') {
    const example = `https://relay.example.com/webhooks/narrative/${ours.name}/<token>`;
    throw new CommandFailure(
      2,
      `"${ours.name}" is verified by the token at the end of its URL: give the whole of it, --url ${example}`,
    );
  }
  if (publicUrl === undefined) {
    throw new CommandFailure(
      2,
      'say where Narrative reaches the relay: set RELAY_PUBLIC_URL, or give --url https://relay.example.com/webhooks/narrative',
    );
  }
  return `${publicUrl}/webhooks/narrative${rules && ours && rules.subscriptions.size > 1 ? `/${ours.name}` : ''}`;
}

function filtersOf(wanted: Wanted): WantedFilters {
  const filters = filterOf(wanted);
  if (filters) return filters;
  const apps =
    wanted.apps === null
      ? 'no event of Narrative'
      : 'no job event, only those of connectors: relay subscriptions create --app-id 8';
  throw new CommandFailure(2, `the rules match ${apps}`);
}

function filterGiven({ jobType, state, jobId }: CreateFlags): JobFilter {
  const listed = (values: readonly string[]) => (values.length === 0 ? null : values);
  return { jobIds: listed(jobId), jobTypes: listed(jobType), states: listed(state) };
}
