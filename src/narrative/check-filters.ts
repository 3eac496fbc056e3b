/** Whether subscriptions ask for what the rules need: for all of it, and for not much else. */
import { oneLine, truncate } from '../destination/text.ts';
import { anyState, filterOf, uncovered, type Wanted } from '../rules/wanted.ts';
import type { JobFilter, Subscription } from './api.ts';
import { ok, problem, warning, type Told } from './check-told.ts';
import { quietWarning } from './subscription-plan.ts';

/** What the rules need and none of these asks for: what they match, and what ends the incidents that they tell of. `needed`: what nothing but these can bring. Null: nothing. */
export function missing(subscriptions: readonly Subscription[], needed: Wanted | null): Told | null {
  const parts = needed === null ? [] : uncovered(needed, filtersOf(subscriptions));
  if (parts.length === 0) return null;
  const it = subscriptions.length === 1 ? 'it does' : 'they do';
  return problem(
    `the rules need what ${it} not ask for, so it never comes: ${inWords(parts)}`,
    'create one that asks for it: relay subscriptions create --from-rules',
  );
}

/** What these ask for in vain. `wanted`: all that they can bring. Null: nothing, or no more than can be helped. */
export function surplus(subscriptions: readonly Subscription[], wanted: Wanted): Told | null {
  const parts = surplusOf(filtersOf(subscriptions), wanted);
  if (parts.length === 0) return null;
  return warning(
    `asks for more than the rules need: ${inWords(parts)}`,
    'harmless but for the traffic; to ask for less: relay subscriptions create --from-rules, then archive this one',
  );
}

/** `watch.no_events` tells silence from trouble only where something comes as long as all is well. `noEventsMs`: null where it is not set. */
export function quiet(subscriptions: readonly Subscription[], noEventsMs: number | null): Told | null {
  const told = quietWarning(filtersOf(subscriptions), noEventsMs);
  return told && warning(told.detail, told.todo);
}

/** What is right about filters that miss nothing. `alone`: there are no others in the rules. */
export function complete(subscriptions: readonly Subscription[], alone: boolean): Told {
  if (filtersOf(subscriptions).length === 0) return ok('no rule needs job events of it');
  return ok(alone ? 'asks for all that the rules need' : 'asks for all that it alone can bring');
}

function filtersOf(subscriptions: readonly Subscription[]): JobFilter[] {
  return subscriptions.flatMap(({ kind, filter }) => (kind === 'jobs' ? [filter] : []));
}

/** Beyond the one filter that would do: what that asks for too can't be helped. */
function surplusOf(filters: readonly JobFilter[], wanted: Wanted): string[] {
  const enough = filterOf(wanted)?.filter;
  const asked = filters
    .filter(({ jobIds }) => jobIds === null)
    .flatMap((filter) => uncovered(asWanted(filter), enough ? [enough] : []));
  return [...new Set(asked)];
}

function asWanted({ jobTypes, states }: JobFilter): Pick<Wanted, 'jobs'> {
  const types = jobTypes === null ? 'all' : new Set(jobTypes);
  return { jobs: new Map((states ?? [anyState]).map((state) => [state, types])) };
}

function inWords(parts: readonly string[]): string {
  const shown = parts.slice(0, 5).map((part) => truncate(oneLine(part), 200));
  return [...shown, ...(parts.length > 5 ? ['…'] : [])].join('; ');
}
