/**
 * What design.md, section 6, promises of incidents, held against the load (what broke and works again), the stand-ins (what
 * was told) and the relay's account of why what was not told was not. Pure.
 */
import { episodesOf, type Episode } from './episodes.ts';
import type { IncidentAccount, IncidentDelivery } from './incident-account.ts';
import { shownWrongly, type ShownEvidence } from './incident-shown.ts';
import type { IncidentRule } from './incident-stream.ts';
import type { Acknowledged } from './load.ts';
import { timing } from './stage.ts';
import type { LoadWebhook } from './webhook.ts';
import { incidentDestinations } from './witness.ts';

export interface IncidentEvidence extends ShownEvidence {
  webhooks: readonly LoadWebhook[];
  acknowledged: readonly Acknowledged[];
  incidents: IncidentAccount;
}

export function judgeIncidents(evidence: IncidentEvidence): string[] {
  const { acknowledged, incidents } = evidence;
  const episodes = episodesOf(acknowledged, incidents);
  return [
    ...undelivered(incidents),
    ...episodes.flatMap((episode) => [
      ...otherwiseKnown(episode),
      ...endsNotHeard(
        `${episode.subject}, from ${firstOf(episode)} on`,
        episode.completion !== null,
        episode.deliveries,
        episode.rule,
      ),
      ...episode.failures.flatMap((failure) => unexplained(failure, episode, incidents)),
      ...tooSoon(episode, incidents),
      ...toldInVain(episode, evidence),
    ]),
    ...incidents.incidents
      .filter(({ kind }) => kind === 'group')
      .flatMap(({ id, subject, isOpen }) => {
        const deliveries = incidents.deliveries.filter(({ incident }) => incident === id);
        return [...endsNotHeard(subject, !isOpen, deliveries), ...tooClose(subject, deliveries, timing.everyMs)];
      }),
    ...shownWrongly(episodes, evidence),
  ];
}

const firstOf = ({ failures }: Episode) => failures[0]!.webhook.id;

/** Nothing of this kind is refused or dies, and at the end nothing is open. */
function undelivered({ deliveries }: IncidentAccount): string[] {
  return deliveries
    .filter(({ destination, status }) => isOfIncidents(destination) && status !== 'delivered')
    .map(({ id, destination, status, detail }) => `${id} to ${destination} is ${status}: ${detail}`);
}

function isOfIncidents(destination: string): boolean {
  return (incidentDestinations as readonly string[]).includes(destination);
}

/** Each episode is one incident, and open if and only if the subject still fails. */
function otherwiseKnown({ subject, failures, completion, incident }: Episode): string[] {
  const isOpen = completion === null;
  if (incident !== null && incident.isOpen === isOpen) return [];
  const known = incident === null ? 'unknown' : incident.isOpen ? 'open' : 'over';
  return [`${subject}: the incident of ${failures[0]!.webhook.id} is ${known}, and should be ${isOpen ? 'open' : 'over'}`];
}

/**
 * Whoever was alarmed hears, once, that it is over; nobody else does; and both destinations hear the same. What was told as part
 * of a group, and fails again when that is closed, may be alone in the next one: then its own story begins with a reminder.
 */
function endsNotHeard(
  what: string,
  isOver: boolean,
  deliveries: readonly IncidentDelivery[],
  rule: IncidentRule | null = null,
): string[] {
  const heard = incidentDestinations.map((to) =>
    deliveries.filter(({ destination, act }) => destination === to && act !== 'count'),
  );
  const [one, other] = heard.map((list) => list.map(({ event, act }) => `${event} ${act}`).join(', '));
  const acts = heard[0]!.map(({ act }) => act);
  const first = rule === 'grouped' && acts[0] === 'remind' ? 'remind' : 'open';
  const wanted = acts.length === 0 ? [] : [first, ...acts.slice(1, isOver ? -1 : undefined).map(() => 'remind')];
  if (isOver && acts.length > 0) wanted.push('recover');
  return [
    ...(one === other ? [] : [`${what}: ${incidentDestinations.join(' and ')} heard different things: ${one} | ${other}`]),
    ...(wanted.join() === acts.join() ? [] : [`${what}: told ${acts.join(', ')}, and should be ${wanted.join(', ')}`]),
  ];
}

/** A failure is told itself, or a decision says why not: and then it is so. */
function unexplained({ webhook: { id } }: Acknowledged, episode: Episode, account: IncidentAccount): string[] {
  const event = account.events.find(({ webhookId }) => webhookId === id)?.id;
  const told = (of: string | undefined) => isTold(account.deliveries.filter((delivery) => delivery.event === of));
  if (told(event)) return [];
  const decision = account.decisions.find((each) => each.event === event && each.rule === episode.rule);
  if (!decision) return [`${id} was neither told nor is there a reason`];
  const { kind, detail } = decision;
  const later = episode.failures.slice(episode.failures.findIndex(({ webhook }) => webhook.id === id) + 1);
  const laterTold = () => later.some(({ webhook }) => told(account.events.find(({ webhookId }) => webhookId === webhook.id)?.id));
  const isOver = episode.completion !== null;
  const notice = /^grouped: told in dlv_(\w+)_1\b/.exec(detail)?.[1];
  const holds =
    kind === 'cancelled'
      ? isOver
      : / counted with a later failure/.test(detail)
        ? later.length > 0
        : kind === 'repeat'
          ? isOver || laterTold()
          : kind === 'grouped' && notice !== undefined && told(`evt_${notice}`);
  return holds ? [] : [`${id} was not told, and the reason is not so: ${kind}, ${detail}`];
}

function isTold(deliveries: readonly IncidentDelivery[]): boolean {
  return incidentDestinations.every((to) =>
    deliveries.some(({ destination, act, status }) => {
      return destination === to && (act === 'open' || act === 'remind') && status === 'delivered';
    }),
  );
}

/** Held long enough, and not reminded of more often than the rule says. */
function tooSoon({ subject, rule, failures, deliveries }: Episode, { events }: IncidentAccount): string[] {
  switch (rule) {
    case 'held': {
      const failedAt = events.find(({ webhookId }) => webhookId === failures[0]!.webhook.id)?.receivedAt ?? 0;
      const early = deliveries.filter(({ act, createdAt }) => act === 'open' && createdAt < failedAt + timing.holdMs);
      return early.map(({ id, createdAt }) => `${subject}: ${id} was held for ${createdAt - failedAt} ms only`);
    }
    case 'repeated':
      return tooClose(subject, deliveries, timing.repeatMs);
    case 'grouped':
      return [];
  }
}

function tooClose(what: string, deliveries: readonly IncidentDelivery[], leastMs: number): string[] {
  const noticed = deliveries.filter(
    ({ destination, act }) => destination === 'incidents' && (act === 'open' || act === 'remind'),
  );
  return noticed.slice(1).flatMap(({ id, createdAt }, i) => {
    const sinceMs = createdAt - noticed[i]!.createdAt;
    return sinceMs >= leastMs ? [] : [`${what}: ${id} came ${sinceMs} ms after the message before`];
  });
}

/** By the load's own watch: what was over before any hold could be is told by nobody. */
function toldInVain({ subject, rule, failures, completion }: Episode, { posts, pages }: IncidentEvidence): string[] {
  if (rule !== 'held' || completion === null) return [];
  const lastedMs = completion.ackedAtMs - failures[0]!.sentAtMs;
  if (lastedMs >= timing.holdMs) return [];
  const ids = new Set(failures.map(({ webhook }) => webhook.id));
  return [...posts, ...pages].flatMap(({ webhookId }) =>
    webhookId !== null && ids.has(webhookId)
      ? [`${subject}: ${webhookId} was told, although it was over after ${Math.round(lastedMs)} ms`]
      : [],
  );
}
