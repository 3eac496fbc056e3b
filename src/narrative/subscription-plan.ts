/** What to ask Narrative for, checked before it is asked: vocabulary, address, and overlap with what there is. */
import { oneLine, truncate } from '../destination/text.ts';
import { formatDuration } from '../event/time.ts';
import { knownJobTypes, knownStates } from '../rules/facts.ts';
import { nearest } from '../rules/suggest.ts';
import type { JobFilter, NewSubscription, Subscription } from './api.ts';
import { isLoopback } from './target.ts';

/** States and job types that Narrative does not document, each in a sentence. Open sets: it may have added them. */
export function unknownValues({ states, jobTypes }: JobFilter): string[] {
  return [...unknownIn(states, 'state', knownStates), ...unknownIn(jobTypes, 'job type', knownJobTypes)];
}

function unknownIn(values: readonly string[] | null, what: string, known: readonly string[]): string[] {
  return (values ?? [])
    .filter((value) => !known.includes(value))
    .map((value) => {
      const meant = nearest(value, known);
      const hint = meant === null ? `it has ${known.join(', ')}` : `did you mean "${meant}"?`;
      return `Narrative documents no ${what} "${value}": ${hint}`;
    });
}

/** Why Narrative would not send to a URL; null: nothing speaks against it. Plain HTTP stays on one machine. */
export function urlProblem(url: string, apiUrl: string): string | null {
  const parsed = URL.parse(url);
  if (!parsed) return `${url} is no URL: write it whole, such as https://relay.example.com/webhooks/narrative`;
  if (parsed.protocol === 'https:') return null;
  const local = parsed.protocol === 'http:' && isLoopback(url) && isLoopback(apiUrl);
  return local
    ? null
    : `Narrative sends to https only, and this is ${parsed.protocol}//${parsed.host}: put TLS in front of the relay`;
}

/** Those that are active, send to the same address and may tell of the same. */
export function overlapping(wanted: NewSubscription, known: readonly Subscription[]): Subscription[] {
  return known.filter(
    (one) => one.status !== 'archived' && addressOf(one.url) === addressOf(wanted.url) && mayTellOfTheSame(scopeOf(wanted), one),
  );
}

function addressOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}` : url;
}

/** What a subscription tells of. */
type Scope = Pick<Subscription, 'kind' | 'appId' | 'filter'>;

function scopeOf(wanted: NewSubscription): Scope {
  const everything: JobFilter = { jobIds: null, jobTypes: null, states: null };
  return wanted.kind === 'app' ? { ...wanted, filter: everything } : { kind: 'jobs', appId: null, filter: wanted };
}

/** Whether there can be an event of which both tell. */
export function mayTellOfTheSame(one: Scope, other: Scope): boolean {
  if (one.kind !== other.kind) return false;
  if (one.kind === 'app') return one.appId === other.appId;
  return (['jobIds', 'jobTypes', 'states'] as const).every((key) => {
    const [a, b] = [one.filter[key], other.filter[key]];
    return a === null || b === null || a.some((value) => b.includes(value));
  });
}

/** States that all jobs go through while nothing is wrong. */
const usualStates = ['pending', 'running', 'completed'];

/**
 * `watch.no_events` takes silence for trouble, and with narrow filters there may be silence for long while all is well. Null: it is not
 * set (`noEventsMs`), or some filter asks for what every job comes to.
 */
export function quietWarning(filters: readonly JobFilter[], noEventsMs: number | null): { detail: string; todo: string } | null {
  const isBroad = ({ jobIds, jobTypes, states }: JobFilter) =>
    jobIds === null && jobTypes === null && (states === null || states.some((state) => usualStates.includes(state)));
  if (noEventsMs === null || filters.length === 0 || filters.some(isBroad)) return null;
  const asked = truncate(oneLine(filters.slice(0, 3).map(filterInWords).join('; ')), 200);
  return {
    detail: `the rules take ${formatDuration(noEventsMs / 1000)} without an event for trouble (watch.no_events), and nothing but ${asked} comes here: there may be none for longer while all is well`,
    todo: 'make no_events longer than such a time, take it out, or ask for what every job comes to: relay subscriptions create --state completed',
  };
}

/** Such as `completed, failed of costs, forecast` and `every state of all jobs`. */
export function filterInWords({ jobIds, jobTypes, states }: JobFilter): string {
  const jobs = jobTypes === null ? 'all jobs' : jobTypes.join(', ');
  const only = jobIds === null ? '' : `, only ${jobIds.length === 1 ? 'job' : 'jobs'} ${jobIds.join(', ')}`;
  return `${states === null ? 'every state' : states.join(', ')} of ${jobs}${only}`;
}
