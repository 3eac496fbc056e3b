/** What to ask Narrative for, checked before it is asked: vocabulary, address, and overlap with what there is. */
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
    (one) => one.status !== 'archived' && addressOf(one.url) === addressOf(wanted.url) && mayTellOfTheSame(wanted, one),
  );
}

function addressOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}` : url;
}

function mayTellOfTheSame(wanted: NewSubscription, { kind, appId, filter }: Subscription): boolean {
  if (wanted.kind !== kind) return false;
  if (wanted.kind === 'app') return wanted.appId === appId;
  return (['jobIds', 'jobTypes', 'states'] as const).every((key) => {
    const [one, other] = [wanted[key], filter[key]];
    return one === null || other === null || one.some((value) => other.includes(value));
  });
}

/** Such as `completed, failed of costs, forecast` and `every state of all jobs`. */
export function filterInWords({ jobIds, jobTypes, states }: JobFilter): string {
  const jobs = jobTypes === null ? 'all jobs' : jobTypes.join(', ');
  const only = jobIds === null ? '' : `, only ${jobIds.length === 1 ? 'job' : 'jobs'} ${jobIds.join(', ')}`;
  return `${states === null ? 'every state' : states.join(', ')} of ${jobs}${only}`;
}
