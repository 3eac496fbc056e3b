/** Narrative's side, looked at for `relay doctor`: is what the relay counts on there, and does it fit the rules? */
import type { Finding } from '../finding.ts';
import { globMatches } from '../rules/glob.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { filterOf } from '../rules/wanted.ts';
import type { ApiFailure, NarrativeApi, Subscription } from './api.ts';
import { address, called, coverage, deliveries, existence, overlap, shown, type Place, type Told } from './check-subscription.ts';
import { identify, type Identified } from './identify.ts';
import { shownUrl, targetOf } from './target.ts';

export interface NarrativeToCheck extends Place {
  /** Null: no token is set. */
  api: NarrativeApi | null;
  /** Null: they can't be loaded, so nothing can be compared with them. */
  rules: Pick<RuleSet, 'subscriptions' | 'wanted'> | null;
  /** How far Narrative's clock was ahead of ours in its last answer, ms, whole seconds; null: it didn't say. */
  clockAheadMs: () => number | null;
}

export interface NarrativeChecked {
  findings: Finding[];
  /** False: it gave no answer, or none that says anything, so what was found is not all there is to find. */
  reached: boolean;
}

const area = 'Narrative';
/** Beyond this, ms, "late" and "lost" are judged by the wrong time. */
const maxClockMs = 60_000;

export async function checkNarrative({ api, rules, clockAheadMs, ...place }: NarrativeToCheck): Promise<NarrativeChecked> {
  if (api === null) return { findings: [withoutToken()], reached: true };
  const known = await api.listSubscriptions();
  if (!known.ok && isNoAnswer(known.failure)) {
    return { findings: [finding('token', refusal(known.failure)), notReached()], reached: false };
  }
  const jobs = await api.listJobs({ perPage: 1, offset: 0 });
  const findings = [
    finding('token', known.ok ? { verdict: 'ok', detail: `accepted by ${place.apiUrl}`, todo: null } : refusal(known.failure)),
    finding(
      'jobs',
      jobs.ok ? { verdict: 'ok', detail: 'can be read, so lost events can be found', todo: null } : jobsRefusal(jobs.failure),
    ),
    finding('clock', clock(clockAheadMs())),
  ];
  let reached = jobs.ok || !isNoAnswer(jobs.failure);
  if (known.ok && rules !== null) {
    const compared = await compare(api, rules, known.value, place);
    findings.push(...compared.findings);
    reached &&= compared.reached;
  } else if (known.ok) {
    findings.push(
      finding('subscriptions', { verdict: 'skipped', detail: 'there are no rules to compare them with', todo: null }),
    );
  }
  return { findings, reached };
}

type Rules = NonNullable<NarrativeToCheck['rules']>;

async function compare(
  api: NarrativeApi,
  { subscriptions, wanted }: Rules,
  known: readonly Subscription[],
  place: Place,
): Promise<NarrativeChecked> {
  const findings: Finding[] = [];
  let reached = true;
  const identified = identify(subscriptions.values(), known, place.publicUrl);
  const pairs = identified.map((each) => ({ each, config: subscriptions.get(each.name)!, active: activeOf(each) }));
  for (const { each, config, active } of pairs) {
    const add = (what: string, told: Told) => findings.push(finding(`${each.name}: ${what}`, told));
    add('subscription', existence(config, each, place));
    if (active.length === 0) continue;
    for (const subscription of active) add('address', address(subscription, config, place));
    const others = [...subscriptions.keys()].filter((name) => name !== each.name);
    // Rules that others match as well may be theirs to serve; all of them together are looked at below.
    const theirs = others.flatMap((name) => filterOf(wanted(name))?.parts ?? []);
    add('filters', coverage(active, wanted(each.name), theirs));
    for (const { id } of active) {
      const detail = await api.showSubscription(id);
      add('deliveries', detail.ok ? deliveries(detail.value) : refusal(detail.failure));
      reached &&= detail.ok || !isNoAnswer(detail.failure);
    }
  }
  const all = pairs.flatMap(({ active }) => active);
  // One that can't be found may be another company's, and ask for all that the others don't.
  if (pairs.length > 1 && pairs.every(({ active }) => active.length > 0)) {
    findings.push(finding('all subscriptions: filters', coverage(all, wanted(null), [])));
  }
  const here = deliveringHere(known, all, place);
  const lost = strays(here, subscriptions, place);
  const twice = overlap(here.filter((each) => !lost.includes(each)));
  if (twice) findings.push(finding('overlap', twice));
  findings.push(...lost.map(toNobody), ...appSubscriptions(here, wanted(null).apps));
  return { findings, reached };
}

function activeOf({ found }: Identified): Subscription[] {
  return found.filter(({ status }) => status === 'active');
}

/** Active ones whose URL leads to this relay, and those that the rules call theirs. */
function deliveringHere(known: readonly Subscription[], ours: readonly Subscription[], { publicUrl }: Place): Subscription[] {
  const leadsHere = ({ url }: Subscription) => publicUrl !== undefined && targetOf(url, publicUrl).kind !== 'elsewhere';
  return known.filter((each) => each.status === 'active' && (ours.includes(each) || leadsHere(each)));
}

/** Those that deliver to a name that the rules don't have. */
function strays(here: readonly Subscription[], names: ReadonlyMap<string, unknown>, { publicUrl }: Place): Subscription[] {
  if (publicUrl === undefined) return [];
  return here.filter(({ url }) => {
    const target = targetOf(url, publicUrl);
    return target.kind === 'named' && !names.has(target.name);
  });
}

function toNobody(subscription: Subscription): Finding {
  return finding('unknown name', {
    verdict: 'problem',
    detail: `${called(subscription)} delivers to ${shownUrl(subscription.url)}, and the rules have no subscription of that name: its events are answered with 404`,
    todo: `add the name under "subscriptions" in the rules, or archive it: relay subscriptions archive ${subscription.id}`,
  });
}

/** Connectors' events come by subscriptions of their own, one for each app. */
function appSubscriptions(here: readonly Subscription[], wanted: 'all' | ReadonlySet<string> | null): Finding[] {
  if (wanted === null) return [];
  const apps = new Set(here.flatMap(({ kind, appId }) => (kind === 'app' && appId !== null ? [appId] : [])));
  const todo = 'if you use such connectors: relay subscriptions create --app-id <id> for each';
  if (wanted === 'all') {
    const told: Told =
      apps.size > 0
        ? { verdict: 'ok', detail: `of app ${[...apps].map(shown).join(', ')}; rules match those of any other too`, todo: null }
        : { verdict: 'warning', detail: 'rules match events of connectors, and no subscription for an app delivers here', todo };
    return [finding('app events', told)];
  }
  const missing = [...wanted].filter((name) => ![...apps].some((app) => globMatches(name, app)));
  if (missing.length === 0)
    return [finding('app events', { verdict: 'ok', detail: `of app ${[...apps].map(shown).join(', ')}`, todo: null })];
  const detail = `rules match events of app ${missing.map(shown).join(', ')}, and no subscription for it delivers here`;
  return [finding('app events', { verdict: 'warning', detail, todo })];
}

function clock(aheadMs: number | null): Told {
  if (aheadMs === null) return { verdict: 'skipped', detail: 'Narrative did not say what time it is', todo: null };
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (Math.abs(aheadMs) <= maxClockMs) return { verdict: 'ok', detail: "this machine's and Narrative's agree", todo: null };
  return {
    verdict: 'warning',
    detail: `this machine's clock is ${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} Narrative's`,
    todo: 'set it by NTP: what is late and what got lost is judged by both',
  };
}

function withoutToken(): Finding {
  return finding('token', {
    verdict: 'warning',
    detail: 'no token is set, so Narrative can be asked nothing: neither about subscriptions nor for events that got lost',
    todo: 'set NARRATIVE_API_TOKEN to one with webhook permissions (account settings → API keys)',
  });
}

function refusal({ detail }: ApiFailure): Told {
  return { verdict: 'problem', detail, todo: null };
}

function jobsRefusal(failure: ApiFailure): Told {
  return { ...refusal(failure), todo: 'without it events that got lost are not found' };
}

function notReached(): Finding {
  return finding('subscriptions', { verdict: 'skipped', detail: 'Narrative could not be asked', todo: null });
}

/** No answer, or one that says only that it is not the time to ask. */
function isNoAnswer({ kind }: Pick<ApiFailure, 'kind'>): boolean {
  return kind === 'unreachable' || kind === 'timeout' || kind === 'server-error' || kind === 'rate-limited';
}

function finding(name: string, told: Told): Finding {
  return { area, name, ...told };
}
