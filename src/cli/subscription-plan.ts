/** What `relay subscriptions create` is to ask for: from its options and, on request, from the rules. */
import type { JobFilter, NewSubscription } from '../narrative/api.ts';
import { unknownValues, urlProblem } from '../narrative/subscription-plan.ts';
import type { RuleSet, SubscriptionConfig } from '../rules/rule-set.ts';
import { didYouMean } from '../rules/suggest.ts';
import { filterOf, type Wanted, type WantedFilters } from '../rules/wanted.ts';
import type { Settings } from '../settings.ts';
import { CommandFailure, rulesFolder, rulesForLooking } from './rules.ts';
import { usualUrl } from './subscription-url.ts';

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
  /** The token at the end of its URL proves its events, and Narrative's secret is not needed. What is printed shows no such URL. */
  byUrlToken: boolean;
  /** What the rules want of jobs; null: they were not asked. */
  rules: { wanted: Wanted; filters: WantedFilters } | null;
  /** `watch.no_events` of the rules, ms; null: not set, or there are no rules that can be used. */
  noEventsMs: number | null;
  /** What `--force` let pass. */
  warnings: readonly string[];
}

/** What makes no sense ends the command. */
export function planCreation(flags: CreateFlags, settings: Settings): CreationPlan {
  const rules = rulesOf(flags);
  const ours = rules && oursIn(rules.set, flags);
  const url =
    flags.url ?? usualUrl(settings, ours && { ...rules, config: ours, isOneOfSeveral: rules.set.subscriptions.size > 1 });
  const wanted = flags.fromRules !== undefined && rules && ours ? rules.set.wanted(ours.name) : null;
  const filters = wanted && filtersOf(wanted);
  const parts = partsOf(flags, url, ours?.name ?? null, filters);
  const warnings = [...new Set(parts.flatMap((part) => (part.kind === 'jobs' ? unknownValues(part) : [])))];
  if (warnings.length > 0 && !flags.force) {
    throw new CommandFailure(2, `${warnings.join('\n')}\nIf Narrative has it all the same, --force asks for it.`);
  }
  const problem = urlProblem(url, settings.narrativeApiUrl);
  if (problem !== null) throw new CommandFailure(2, problem);
  return {
    wanted: parts,
    name: ours?.name ?? null,
    byUrlToken: ours?.verify.scheme === 'url-token',
    rules: wanted && filters && { wanted, filters },
    noEventsMs: (rules?.set ?? usualRules())?.watch.noEventsMs ?? null,
    warnings,
  };
}

function partsOf(flags: CreateFlags, url: string, ours: string | null, filters: WantedFilters | null): NewSubscription[] {
  const name = flags.name ?? (ours === null ? 'narrative-relay' : `narrative-relay ${ours}`);
  if (flags.appId !== undefined) return [{ kind: 'app', url, name, appId: flags.appId }];
  const asked: readonly JobFilter[] = filters ? (flags.split ? filters.parts : [filters.filter]) : [filterGiven(flags)];
  return asked.map((filter, i) => {
    const numbered = asked.length > 1 ? `${name} (${i + 1} of ${asked.length})` : name;
    return { kind: 'jobs', url, name: numbered, ...filter };
  });
}

function rulesOf({ fromRules, subscription }: CreateFlags): { set: RuleSet; folder: string } | null {
  if (fromRules === undefined && subscription === undefined) return null;
  const folder = rulesFolder(typeof fromRules === 'string' ? fromRules : undefined);
  return { set: rulesForLooking(folder), folder };
}

/** Nobody asked for these, so it does not matter where they can't be used. */
function usualRules(): RuleSet | null {
  try {
    return rulesForLooking(rulesFolder(undefined));
  } catch (error) {
    if (error instanceof CommandFailure) return null;
    throw error;
  }
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
