/**
 * What design.md, section 5, promises of deliveries, held against three witnesses that share no code: the load (what was
 * acknowledged), the stand-ins (what arrived) and the relay's own account. Pure.
 */
import type { Account } from './account.ts';
import { judgeIncidents, type IncidentEvidence } from './incident-verdict.ts';
import type { LoadWebhook } from './webhook.ts';
import { destinations, type Arrival, type DestinationName, type Effect } from './witness.ts';

export interface Evidence extends IncidentEvidence {
  arrivals: readonly Arrival[];
  /** Lives of the relay that were ended without warning. */
  crashed: ReadonlySet<number>;
  account: Account;
  /** What the stand-ins found wrong with requests. */
  problems: readonly string[];
}

/** What the rules of the proof send a failure to. */
const routedTo: readonly DestinationName[] = ['data-eng', 'oncall', 'airflow'];

/**
 * How many deliveries of a destination one crash can hit: its requests in flight at once, at the most (`concurrency` in
 * `src/destination`).
 */
const inFlight: Record<DestinationName, number> = { 'data-eng': 4, triage: 4, oncall: 4, airflow: 8, incidents: 4, pager: 4 };

/** Every promise that was broken, one line each; empty: all were kept. */
export function judge(evidence: Evidence): string[] {
  const single = { ...evidence, webhooks: evidence.webhooks.filter(({ fate }) => fate !== 'incident') };
  return [
    ...unacknowledged(evidence),
    ...lostEvents(evidence),
    ...neverArrived(single),
    ...uncalledFor(single),
    ...needlessRepeats(evidence),
    ...tooManyPerCrash(evidence),
    ...outOfOrder(single),
    ...pagedTwice(single),
    ...changedBytes(single),
    ...unaccounted(single),
    ...judgeIncidents(evidence),
    ...evidence.problems.map((problem) => `a stand-in complains: ${problem}`),
  ];
}

/** Where a webhook should arrive: what dies at the HTTP endpoint goes to the fallback. */
function shouldReach({ fate, refusedByHttp }: LoadWebhook): DestinationName[] {
  if (fate !== 'routed') return [];
  return routedTo.map((destination) => (refusedByHttp && destination === 'airflow' ? 'triage' : destination));
}

function unacknowledged({ webhooks, acknowledged }: Evidence): string[] {
  const known = new Set(acknowledged.map(({ webhook }) => webhook.id));
  return webhooks.filter(({ id }) => !known.has(id)).map(({ id }) => `${id} was never acknowledged`);
}

/** Acknowledged means on disk: it is in the ledger once, with what became of it. */
function lostEvents({ acknowledged, account }: Evidence): string[] {
  const taken = ['routed', 'suppressed', 'unrouted'];
  const outcomes = Map.groupBy(account.events, ({ webhookId }) => webhookId);
  return acknowledged.flatMap(({ webhook: { id, fate }, sent }) => {
    const found = (outcomes.get(id) ?? []).map(({ outcome }) => outcome);
    if (found.length === 1 && (fate === 'incident' ? taken.includes(found[0]!) : found[0] === fate)) return [];
    return [
      `${id} was acknowledged (${sent.answer}, request ${sent.attempts}) as ${fate}; in the ledger: ${found.join(', ') || 'lost'}`,
    ];
  });
}

function neverArrived({ webhooks, arrivals }: Evidence): string[] {
  const known = new Set(arrivals.map(({ destination, webhookId }) => `${destination} ${webhookId}`));
  return webhooks.flatMap((webhook) =>
    shouldReach(webhook)
      .filter((destination) => !known.has(`${destination} ${webhook.id}`))
      .map((destination) => `${webhook.id} never arrived at ${destination}`),
  );
}

function uncalledFor({ webhooks, arrivals }: Evidence): string[] {
  const expected = new Map(webhooks.map((webhook) => [webhook.id, shouldReach(webhook)]));
  return arrivals.flatMap(({ destination, webhookId }) =>
    expected.get(webhookId)?.includes(destination) ? [] : [`${webhookId} arrived at ${destination}, where nobody sent it`],
  );
}

/**
 * "At most one extra message per crash or timeout": a delivery is made again only when the relay cannot know that it was
 * made before, because the answer was withheld, or because that life of the relay crashed after it. So each of its arrivals
 * but the last must be one of these; as none follows an answered one in the same life, a crash costs a delivery one extra.
 */
function needlessRepeats(evidence: Evidence): string[] {
  const { crashed } = evidence;
  return repeatedIn(madeIn(evidence)).flatMap(({ destination, what, life, answered, again }) => {
    if (!answered || (again.life > life && crashed.has(life))) return [];
    return [`${what} was delivered to ${destination} in life ${life} of the relay, which knew, and again in ${again.life}`];
  });
}

/** And a crash hits no more deliveries than were in flight. */
function tooManyPerCrash(evidence: Evidence): string[] {
  const hits = repeatedIn(madeIn(evidence)).filter(({ answered, life, again }) => answered && again.life > life);
  const perCrash = Map.groupBy(hits, ({ destination, life }) => `${destination}, at the end of life ${life}`);
  return [...perCrash].flatMap(([crash, repeated]) => {
    const limit = inFlight[repeated[0]!.destination];
    return repeated.length <= limit ? [] : [`${crash}: ${repeated.length} made again, at most ${limit} were in flight`];
  });
}

/** `what`: of which there should be one. */
type Made = Effect & { what: string };

/** Of incidents their messages in Slack: a page that comes again changes nothing. */
function madeIn({ arrivals, posts }: Pick<Evidence, 'arrivals' | 'posts'>): Made[] {
  return [
    ...arrivals.map((arrival) => ({ ...arrival, what: arrival.webhookId })),
    ...posts.map((post) => ({ ...post, what: post.deliveryId })),
  ];
}

/** What was made, and made `again` later. */
function repeatedIn(made: readonly Made[]): (Made & { again: Made })[] {
  return [...deliveriesIn(made).values()].flatMap((same) =>
    same.slice(0, -1).map((each, i) => ({ ...each, again: same[i + 1]! })),
  );
}

function deliveriesIn(made: readonly Made[]): Map<string, Made[]> {
  return Map.groupBy(made, ({ destination, what }) => `${what} to ${destination}`);
}

/** Per destination and subject, events arrive first in the order in which they were accepted: that in which they were sent. */
function outOfOrder({ webhooks, arrivals }: Evidence): string[] {
  const sent = new Map(webhooks.map((webhook, position) => [webhook.id, { position, subject: webhook.subject }]));
  const last = new Map<string, { position: number; webhookId: string }>();
  const seen = new Set<string>();
  return arrivals.flatMap(({ destination, webhookId }) => {
    const found = sent.get(webhookId);
    if (!found || seen.has(`${destination} ${webhookId}`)) return [];
    seen.add(`${destination} ${webhookId}`);
    const lane = `${destination} ${found.subject}`;
    const before = last.get(lane);
    if (before && before.position > found.position) return [`${destination}: ${webhookId} came after ${before.webhookId}`];
    last.set(lane, { position: found.position, webhookId });
    return [];
  });
}

/** One alert per subject, however often it was sent: PagerDuty folds what has the same dedup_key. */
function pagedTwice({ webhooks, arrivals }: Evidence): string[] {
  const subjects = new Map(webhooks.map(({ id, subject }) => [id, subject]));
  const pages = arrivals.filter(({ destination }) => destination === 'oncall');
  const bySubject = Map.groupBy(pages, ({ webhookId }) => subjects.get(webhookId) ?? webhookId);
  const byKey = Map.groupBy(pages, ({ dedupKey }) => dedupKey);
  const different = (list: readonly Arrival[], of: (arrival: Arrival) => unknown) => new Set(list.map(of)).size;
  return [
    ...[...bySubject]
      .filter(([, list]) => different(list, ({ dedupKey }) => dedupKey) > 1)
      .map(([subject, list]) => `${subject} has ${different(list, ({ dedupKey }) => dedupKey)} alerts at PagerDuty`),
    ...[...byKey]
      .filter(([key, list]) => key === null || different(list, ({ webhookId }) => subjects.get(webhookId)) > 1)
      .map(([key]) => `PagerDuty's alert ${key} stands for more than one subject`),
  ];
}

function changedBytes({ webhooks, arrivals }: Evidence): string[] {
  const bodies = new Map(webhooks.map(({ id, body }) => [id, body]));
  return arrivals.flatMap(({ webhookId, body }) => {
    const sent = bodies.get(webhookId);
    const same = body === null || (sent !== undefined && Buffer.compare(body, sent) === 0);
    return same ? [] : [`${webhookId} was forwarded with other bytes than it came with`];
  });
}

/** At the end nothing is open, nothing died but what was refused, and each event has exactly the deliveries it was promised. */
function unaccounted({ webhooks, acknowledged, account }: Evidence): string[] {
  const deliveries = Map.groupBy(account.deliveries, ({ webhookId }) => webhookId);
  const promised = new Map(acknowledged.map(({ webhook, sent }) => [webhook.id, sent]));
  return webhooks.flatMap((webhook) => {
    const planned = webhook.fate === 'routed' ? routedTo : [];
    const wanted = planned.map((destination) => {
      const dies = webhook.refusedByHttp && destination === 'airflow';
      return `${destination} ${dies ? 'dead' : 'delivered'}`;
    });
    if (webhook.fate === 'routed' && webhook.refusedByHttp) wanted.push('triage delivered (fallback)');
    const found = (deliveries.get(webhook.id) ?? []).map(
      ({ destination, status, fallback }) => `${destination} ${status}${fallback ? ' (fallback)' : ''}`,
    );
    const sent = promised.get(webhook.id);
    const toldOtherwise = sent?.answer === 'accepted' && sent.deliveries !== planned.length;
    return [
      ...(wanted.toSorted().join() === found.toSorted().join()
        ? []
        : [
            `${webhook.id} (${webhook.fate}) has the deliveries ${found.join(', ') || 'none'} instead of ${wanted.join(', ') || 'none'}`,
          ]),
      ...(toldOtherwise ? [`${webhook.id} was promised ${sent.deliveries} deliveries instead of ${planned.length}`] : []),
    ];
  });
}

/** Numbers for a table: what was delivered, and how much of it again. */
export function arrivalCounts(evidence: Evidence): { destination: string; deliveries: number; again: number }[] {
  const made = madeIn(evidence);
  return [...destinations, 'incidents'].map((destination) => {
    const here = made.filter((each) => each.destination === destination);
    const deliveries = deliveriesIn(here).size;
    return { destination, deliveries, again: here.length - deliveries };
  });
}
