/** What Slack and PagerDuty show of incidents at the end, against what is so. Part of the verdict; pure. */
import type { Episode } from './episodes.ts';
import type { IncidentAccount, IncidentDelivery } from './incident-account.ts';
import type { IncidentPost, IncidentsShown, Page } from './witness.ts';

export interface ShownEvidence {
  posts: readonly IncidentPost[];
  pages: readonly Page[];
  shown: IncidentsShown;
  incidents: IncidentAccount;
}

export function shownWrongly(episodes: readonly Episode[], evidence: ShownEvidence): string[] {
  return [...notPosted(evidence), ...scattered(evidence), ...notUpToDate(evidence), ...alertsAtOdds(episodes, evidence)];
}

function inSlack({ deliveries }: IncidentAccount): IncidentDelivery[] {
  return deliveries.filter(({ destination }) => destination === 'incidents');
}

/** Each delivery that people are to notice was posted; and nothing was that is none. How often is for others to say. */
function notPosted({ posts, incidents }: ShownEvidence): string[] {
  const known = new Map(inSlack(incidents).map((delivery) => [delivery.id, delivery]));
  const posted = new Set(posts.map(({ deliveryId }) => deliveryId));
  return [
    ...[...posted].filter((id) => !known.has(id)).map((id) => `${id} was posted, and the relay knows nothing of it`),
    ...[...known.values()]
      .filter(({ id, act }) => act !== 'count' && !posted.has(id))
      .map(({ id, act }) => `${id} (${act}) counts as delivered and was never posted`),
  ];
}

/**
 * An incident has one message in the channel, made by its first delivery, and all others are replies to it. Where that one was
 * posted again, because nobody could know of the first, the last counts.
 */
function scattered({ posts, incidents }: ShownEvidence): string[] {
  return byIncident(posts, incidents).flatMap(({ incident, its }) => {
    const roots = its.filter(({ threadTs }) => threadTs === null);
    const makers = new Set(roots.map(({ deliveryId }) => deliveryId));
    const root = roots.at(-1);
    const astray = its.filter(({ threadTs }) => threadTs !== null && threadTs !== root?.ts);
    return [
      ...(makers.size === 1 ? [] : [`incident ${incident} has messages of ${[...makers].join(', ')} in the channel`]),
      ...astray.map(
        ({ deliveryId }) => `${deliveryId} is a reply to something else than the message of its incident ${incident}`,
      ),
    ];
  });
}

/** The message in the channel says how the incident stands. */
function notUpToDate({ posts, shown, incidents }: ShownEvidence): string[] {
  const isOpen = new Map(incidents.incidents.map((incident) => [incident.id, incident.isOpen]));
  return byIncident(posts, incidents).flatMap(({ incident, its }) => {
    const root = its.findLast(({ threadTs }) => threadTs === null);
    const text = shown.roots.find(({ ts }) => ts === root?.ts)?.text ?? '';
    const wanted = isOpen.get(incident) ? '🔴' : '✅';
    return text.startsWith(wanted) ? [] : [`incident ${incident} should show ${wanted}, and shows: ${text.slice(0, 120)}`];
  });
}

function byIncident(posts: readonly IncidentPost[], incidents: IncidentAccount): { incident: number; its: IncidentPost[] }[] {
  const incidentOf = new Map(inSlack(incidents).map(({ id, incident }) => [id, incident]));
  const grouped = Map.groupBy(posts, ({ deliveryId }) => incidentOf.get(deliveryId) ?? null);
  return [...grouped].flatMap(([incident, its]) => (incident === null ? [] : [{ incident, its }]));
}

/** PagerDuty's alert of a subject is open if it fails, and nothing is resolved that was never triggered. */
function alertsAtOdds(episodes: readonly Episode[], { pages, shown, incidents }: ShownEvidence): string[] {
  const stateOf = new Map(shown.alerts.map(({ dedupKey, state }) => [dedupKey, state]));
  const keyOf = (subject: string) => `narrative/${subject}`;
  const last = new Map(episodes.map((episode) => [episode.subject, episode]));
  const ofSubjects = [...last.values()].flatMap(({ subject, rule, completion, deliveries }) => {
    const state = stateOf.get(keyOf(subject)) ?? 'absent';
    // What fails in a group may be told as part of the group only.
    const isFailing = completion === null && (rule !== 'grouped' || deliveries.length > 0);
    return (state === 'open') === isFailing ? [] : [`${subject} ${completion ? 'works' : 'fails'}, and its alert is ${state}`];
  });
  const groups = incidents.incidents.filter(({ kind }) => kind === 'group');
  const ofGroups = groups.flatMap(({ subject, isOpen }) => {
    const state = stateOf.get(keyOf(subject)) ?? 'absent';
    const another = groups.some((group) => group.subject === subject && group.isOpen);
    return (state === 'open') === (isOpen || another)
      ? []
      : [`${subject} is ${isOpen ? 'open' : 'over'}, and its alert is ${state}`];
  });
  const triggered = new Set<string>();
  const outOfNothing = pages.flatMap(({ action, dedupKey }) => {
    if (action === 'trigger') triggered.add(dedupKey);
    return triggered.has(dedupKey) ? [] : [`PagerDuty was to resolve ${dedupKey}, of which it knew nothing`];
  });
  return [...ofSubjects, ...ofGroups, ...outOfNothing];
}
