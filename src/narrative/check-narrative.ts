/** Narrative's side, looked at for `relay doctor`: is what the relay counts on there, and does it fit the rules? */
import type { Finding } from '../finding.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Demand } from '../rules/wanted.ts';
import type { ApiFailure, NarrativeApi, Subscription } from './api.ts';
import { appEvents, type ArrivingApp } from './check-apps.ts';
import { deliveries } from './check-deliveries.ts';
import { complete, missing, quiet, surplus } from './check-filters.ts';
import { address, called, existence, overlap, type Place } from './check-subscription.ts';
import { ok, type Told } from './check-told.ts';
import { clockWords } from './clocks.ts';
import { identify, type Identified } from './identify.ts';
import { shownUrl, targetOf } from './target.ts';

export interface NarrativeToCheck extends Place {
  /** Null: no token is set. */
  api: NarrativeApi | null;
  /** Null: they can't be loaded, so nothing can be compared with them. */
  rules: Pick<RuleSet, 'subscriptions' | 'wanted' | 'demands' | 'watch'> | null;
}

export interface NarrativeChecked {
  findings: Finding[];
  /** False: it gave no answer, or none that says anything, so what was found is not all there is to find. */
  reached: boolean;
}

const area = 'Narrative';

export async function checkNarrative({ api, rules, ...place }: NarrativeToCheck): Promise<NarrativeChecked> {
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
    finding('clock', clock(api.clockAheadMs())),
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

async function compare(api: NarrativeApi, rules: Rules, known: readonly Subscription[], place: Place): Promise<NarrativeChecked> {
  const { subscriptions } = rules;
  const demands = rules.demands();
  const identified = identify(subscriptions.values(), known, place.publicUrl);
  const active: Active = new Map(identified.map((each) => [each.name, activeOf(each)]));
  const checked: NarrativeChecked[] = [];
  for (const each of identified) checked.push(await checkOne(api, rules, each, demands, place));
  const here = deliveringHere(known, [...active.values()].flat(), place);
  const lost = strays(here, subscriptions, place);
  const arriving = here.filter((each) => !lost.includes(each));
  const twice = overlap(arriving);
  const apps = appEvents(demands, appsOf(arriving, active, place), active.size);
  const findings = [
    ...checked.flatMap((one) => one.findings),
    ...together(demands, active, rules),
    ...(twice ? [finding('overlap', twice)] : []),
    ...lost.map(toNobody),
    ...(apps ? [finding('app events', apps)] : []),
  ];
  return { findings, reached: checked.every(({ reached }) => reached) };
}

/** Those of Narrative's that are active, by name in the rules. */
type Active = ReadonlyMap<string, readonly Subscription[]>;

async function checkOne(
  api: NarrativeApi,
  { subscriptions, wanted, watch }: Rules,
  identified: Identified,
  demands: readonly Demand[],
  place: Place,
): Promise<NarrativeChecked> {
  const { name } = identified;
  const config = subscriptions.get(name)!;
  const active = activeOf(identified);
  const told: [string, Told][] = [['subscription', existence(config, identified, place)]];
  let reached = true;
  if (active.length > 0) {
    for (const subscription of active) told.push(['address', address(subscription, config, place)]);
    // What others can bring as well may be theirs to bring: that is looked at for all of them together.
    const needed = demands.find(({ by }) => by.length === 1 && by[0] === name)?.wanted ?? null;
    // Where silence is to be told from trouble, more than the rules need is asked for with good reason.
    const inVain = watch.noEventsMs === null ? surplus(active, wanted(name)) : null;
    told.push(['filters', missing(active, needed) ?? inVain ?? complete(active, subscriptions.size === 1)]);
  }
  for (const { id } of active) {
    const detail = await api.showSubscription(id);
    told.push(['deliveries', detail.ok ? deliveries(detail.value) : refusal(detail.failure)]);
    reached &&= detail.ok || !isNoAnswer(detail.failure);
  }
  return { findings: told.map(([what, each]) => finding(`${name}: ${what}`, each)), reached };
}

/** What several subscriptions share. One that can't be found may be another company's, and ask for all that the others don't. */
function together(demands: readonly Demand[], active: Active, { watch }: Rules): Finding[] {
  const areFound = (names: readonly string[]) => names.every((name) => active.get(name)!.length > 0);
  const shared = demands.filter(({ by, wanted }) => by.length > 1 && wanted.jobs.size > 0 && areFound(by));
  const findings = shared.map(({ by, wanted }) => {
    const whose = by.length === active.size ? 'all subscriptions' : by.join(', ');
    const sharing = by.flatMap((name) => active.get(name)!);
    return finding(`${whose}: filters`, missing(sharing, wanted) ?? ok('together they ask for all that the rules need'));
  });
  const silence = areFound([...active.keys()]) ? quiet([...active.values()].flat(), watch.noEventsMs) : null;
  return silence ? [...findings, finding('no events', silence)] : findings;
}

/** By which name of the rules each comes: the one in its URL, whose secrets count there; at the common address the one that claims it. */
function appsOf(arriving: readonly Subscription[], active: Active, { publicUrl }: Place): ArrivingApp[] {
  return arriving.flatMap((subscription) => {
    const { kind, appId, url } = subscription;
    const target = publicUrl === undefined ? null : targetOf(url, publicUrl);
    if (kind !== 'app' || appId === null || target?.kind === 'elsewhere') return [];
    const claimed = [...active].find(([, own]) => own.includes(subscription))?.[0] ?? null;
    return [{ id: appId, by: target?.kind === 'named' ? target.name : claimed }];
  });
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

function clock(aheadMs: number | null): Told {
  if (aheadMs === null) return { verdict: 'skipped', detail: 'Narrative did not say what time it is', todo: null };
  const detail = clockWords(aheadMs);
  return detail === null
    ? { verdict: 'ok', detail: "this machine's and Narrative's agree", todo: null }
    : { verdict: 'warning', detail, todo: 'set it by NTP: what is late and what got lost is judged by both' };
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
