/** What is right and wrong with one subscription of Narrative's, as far as it can be told without asking again. */
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { Subscription } from './api.ts';
import { ok, problem, shown, warning, type Told } from './check-told.ts';
import type { Identified } from './identify.ts';
import { mayTellOfTheSame } from './subscription-plan.ts';
import { isLoopback, shownUrl, targetOf } from './target.ts';

/** Where things are. */
export interface Place {
  apiUrl: string;
  publicUrl: string | undefined;
}

export function existence({ id, name }: SubscriptionConfig, { found, problem: why }: Identified, { publicUrl }: Place): Told {
  // Without an id nothing is wrong yet, but nothing can be seen either.
  if (why !== null) return { verdict: id === null ? 'warning' : 'problem', detail: why, todo: null };
  if (found.length === 0) {
    return problem(
      `no subscription at Narrative delivers to ${publicUrl}/webhooks/narrative/${name}`,
      `create one: relay subscriptions create --from-rules --subscription ${name}`,
    );
  }
  const active = found.filter(({ status }) => status === 'active');
  if (active.length > 0) return ok(`${active.map(called).join(', ')} ${active.length === 1 ? 'is' : 'are'} active`);
  const archived = found.every(({ status }) => status === 'archived');
  return problem(
    archived
      ? `${found.map(called).join(', ')} ${found.length === 1 ? 'is' : 'are'} archived: no events come, and none is ever made active again`
      : `${found.map((each) => `${called(each)} has the status ${shown(each.status)}`).join(', ')}: whether events come is unknown`,
    `create another (relay subscriptions create --from-rules --subscription ${name}), and put its secret${id === null ? '' : ' and its id'} in place of the old`,
  );
}

/** Its `url`, which must lead to this relay, to the right subscription of it, and by a safe way. */
export function address(subscription: Subscription, { name, verify, secrets }: SubscriptionConfig, place: Place): Told {
  const { url } = subscription;
  const { publicUrl, apiUrl } = place;
  const right = `${publicUrl ?? ''}/webhooks/narrative/${name}${verify.scheme === 'url-token' ? '/<token>' : ''}`;
  const renew = `its URL can't be changed: create another that delivers to ${right}, then archive ${subscription.id}`;
  const where = shownUrl(url);
  if (!url.startsWith('https:') && !(isLoopback(url) && isLoopback(apiUrl))) {
    return problem(`${where} is not https: events and secrets can be read on the way`, renew);
  }
  if (publicUrl === undefined) {
    return {
      verdict: 'skipped',
      detail: `it delivers to ${where}; whether that is this relay can't be told`,
      todo: 'set RELAY_PUBLIC_URL to where Narrative reaches this relay',
    };
  }
  const target = targetOf(url, publicUrl);
  switch (target.kind) {
    case 'elsewhere':
      return problem(
        `it delivers to ${where}, which is none of this relay's addresses`,
        `${renew}. Or correct RELAY_PUBLIC_URL (${publicUrl})`,
      );
    case 'common':
      return verify.scheme === 'url-token'
        ? problem(`it delivers to ${where} without a token, and ${name} has verify: url-token: all its events are refused`, renew)
        : ok(where);
    case 'named':
      if (target.name !== name) {
        return problem(
          `it delivers to ${where}: there its events are checked with the secrets of ${shown(target.name)}, not of ${name}`,
          renew,
        );
      }
      if (verify.scheme !== 'url-token') {
        return target.token === null
          ? ok(where)
          : warning(
              `its URL ends in a token, which ${name} (verify: ${verify.scheme}) does not look at`,
              `write verify: { scheme: url-token } if nothing else proves its events`,
            );
      }
      if (target.token === null) {
        return problem(`its URL has no token, and ${name} has verify: url-token: all its events are refused`, renew);
      }
      return secrets.includes(target.token)
        ? ok(where)
        : problem(
            `the token in its URL is none of the secrets of ${name}: all its events are refused`,
            'put the token under "secrets" of this subscription in the rules',
          );
  }
}

/** Active subscriptions that send the same events to this relay. */
export function overlap(subscriptions: readonly Subscription[]): Told | null {
  const pairs = subscriptions.flatMap((one, i) =>
    subscriptions
      .slice(i + 1)
      .filter((other) => mayTellOfTheSame(one, other))
      .map((other) => [one, other]),
  );
  if (pairs.length === 0) return null;
  const named = pairs.slice(0, 3).map((pair) => pair.map((each) => called(each!)).join(' and '));
  return warning(
    `the same events come twice, by ${named.join('; by ')}${pairs.length > 3 ? `; and ${pairs.length - 3} pairs more` : ''}`,
    `${pairs.some(([one]) => one!.kind === 'app') ? 'alerts about connectors may come twice, too' : 'no alert is sent twice for it'}; archive what is not needed: relay subscriptions archive <id>`,
  );
}

/** `3fa85f64-… "nightly"`. */
export function called({ id, name }: Pick<Subscription, 'id' | 'name'>): string {
  return name === null ? shown(id) : `${shown(id)} "${shown(name)}"`;
}
