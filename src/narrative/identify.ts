/** Which of Narrative's subscriptions is which of ours. */
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { JobFilter, Subscription } from './api.ts';
import { targetOf, type Target } from './target.ts';

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
 * nobody else's. One with an id has also what was archived before it at the same place: a subscription that is made anew gets another
 * id. No problem text shows a URL of Narrative's: it can end in a url-token.
 */
export function identify(
  configured: Iterable<SubscriptionConfig>,
  known: readonly Subscription[],
  publicUrl: string | undefined,
): Identified[] {
  const ours = [...configured];
  const claimed = known.filter((each) => ours.some(({ id }) => isIt(each, id)));
  const unclaimed = known.filter((each) => !claimed.includes(each));
  const alone = ours.length === 1;
  const base = publicUrl !== undefined && URL.canParse(publicUrl) ? publicUrl : null;
  const leadsTo = (name: string) => (each: Subscription) => base !== null && isTargetOf(name, targetOf(each.url, base), alone);

  return ours.map(({ name, id }) => {
    if (id === null) {
      if (base === null) return { name, found: [], problem: `${name}: ${unknowable}` };
      return byAddress(name, base, unclaimed.filter(leadsTo(name)), alone ? [] : unclaimed);
    }
    const found = claimed.filter((each) => isIt(each, id));
    if (found.length === 0) return { name, found, problem: `${name}: Narrative has no subscription ${id}; ${listThem}` };
    const others = claimed.filter((each) => !isIt(each, id));
    const wasThere = ({ url }: Subscription) => isAmong(found, url) && !isAmong(others, url);
    const before = unclaimed.filter((each) => !isActive(each) && (leadsTo(name)(each) || wasThere(each)));
    return { name, found: [...found, ...before], problem: null };
  });
}

const unknowable =
  'which subscription this is at Narrative can\'t be known. Give it its "id" in the rules ("relay subscriptions list" shows it), or set RELAY_PUBLIC_URL to where Narrative reaches this relay';
const listThem = '"relay subscriptions list" shows those there are';

function isIt(subscription: Subscription, id: string | null): boolean {
  return subscription.id.toLowerCase() === id?.toLowerCase();
}

/** `others`: among which may be some that can't be told apart. */
function byAddress(name: string, base: string, found: readonly Subscription[], others: readonly Subscription[]): Identified {
  const isCommon = ({ url }: Subscription) => targetOf(url, base).kind === 'common';
  if (found.some(isActive) || !others.some((each) => isActive(each) && isCommon(each))) return { name, found, problem: null };
  const problem = `${name}: by the common address ${addressOf(base)}/webhooks/narrative Narrative's subscriptions can't be told apart. Give each its "id" in the rules; "relay subscriptions list" shows it`;
  return { name, found: [], problem };
}

function isTargetOf(name: string, target: Target, alone: boolean): boolean {
  return target.kind === 'named' ? target.name === name : target.kind === 'common' && alone;
}

/** An unknown status may well mean that events come. */
const isActive = ({ status }: Subscription) => status !== 'archived';

function isAmong(some: readonly Subscription[], url: string): boolean {
  const address = addressOf(url);
  return address !== null && some.some((each) => addressOf(each.url) === address);
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
