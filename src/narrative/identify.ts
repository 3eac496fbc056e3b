/** Which of Narrative's subscriptions is which of ours. */
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { JobFilter, Subscription } from './api.ts';

/** What Narrative has for one subscription of the rules. */
export interface Identified {
  /** Its name in the rules. */
  name: string;
  /** Those that deliver to it, archived ones included; `[]` when there is none, or when `problem` says why it can't be known. */
  found: readonly Subscription[];
  /** For people, one line with what to do; null: none. */
  problem: string | null;
}

/**
 * By `id` where the rules give one; else by the URL, which needs `publicUrl`: at `…/webhooks/narrative/<name>`, with or without a
 * url-token behind it, or at the common address when there is only one subscription in the rules. What one claims by its id is
 * nobody else's. No problem text shows a URL of Narrative's: it can end in a url-token.
 */
export function identify(
  configured: Iterable<SubscriptionConfig>,
  known: readonly Subscription[],
  publicUrl: string | undefined,
): Identified[] {
  const ours = [...configured];
  const claimed = new Set(ours.map(({ id }) => id?.toLowerCase()));
  const unclaimed = known.filter(({ id }) => !claimed.has(id.toLowerCase()));
  return ours.map(({ name, id }) => {
    if (id !== null) return byId(name, id, known);
    const base = publicUrl === undefined ? null : addressOf(publicUrl);
    if (base === null) return { name, found: [], problem: `${name}: ${unknowable}` };
    return byAddress(name, `${base}/webhooks/narrative`, unclaimed, ours.length === 1);
  });
}

const unknowable =
  'which subscription this is at Narrative can\'t be known. Give it its "id" in the rules ("relay subscriptions list" shows it), or set RELAY_PUBLIC_URL to where Narrative reaches this relay';

function byId(name: string, id: string, known: readonly Subscription[]): Identified {
  const found = known.filter((subscription) => subscription.id.toLowerCase() === id.toLowerCase());
  if (found.length > 0) return { name, found, problem: null };
  const problem = `${name}: Narrative has no subscription ${id}; "relay subscriptions list" shows those there are`;
  return { name, found, problem };
}

function byAddress(name: string, common: string, known: readonly Subscription[], alone: boolean): Identified {
  const own = `${common}/${name}`;
  const at = (isIt: (address: string) => boolean) => known.filter(({ url }) => isIt(addressOf(url) ?? ''));
  const isOwn = (address: string) => address === own || isTokenBelow(address, own);
  const found = at((address) => isOwn(address) || (alone && address === common));
  if (alone || found.some(isActive) || !at((address) => address === common).some(isActive)) return { name, found, problem: null };
  const problem = `${name}: by the common address ${common} Narrative's subscriptions can't be told apart. Give each its "id" in the rules; "relay subscriptions list" shows it`;
  return { name, found: [], problem };
}

/** An unknown status may well mean that events come. */
const isActive = ({ status }: Subscription) => status !== 'archived';

/** Exactly one segment more: the url-token. */
function isTokenBelow(address: string, own: string): boolean {
  return address.startsWith(`${own}/`) && !address.includes('/', own.length + 1);
}

/** Scheme, host and path, as different spellings of one URL have them in common; null for what is no URL. */
function addressOf(url: string): string | null {
  const parsed = URL.parse(url);
  return parsed && `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}

/** Whether a subscription asks for this state of this job. */
export function asksFor({ jobIds, jobTypes, states }: JobFilter, job: { id: string; type: string; state: string }): boolean {
  return [
    [jobIds, job.id],
    [jobTypes, job.type],
    [states, job.state],
  ].every(([list, value]) => list === null || (list as readonly string[]).includes(value as string));
}
