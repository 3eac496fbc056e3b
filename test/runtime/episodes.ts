/** What the load told of each subject: from the first failure to the completion is an episode. */
import type { Incident, IncidentAccount, IncidentDelivery } from './incident-account.ts';
import { incidentTypes, type IncidentRule } from './incident-stream.ts';
import type { Acknowledged } from './load.ts';

export interface Episode {
  subject: string;
  /** The rule that its failures match. */
  rule: IncidentRule;
  failures: Acknowledged[];
  /** Null: it still fails. */
  completion: Acknowledged | null;
  /** The relay's; null where it knows of none. */
  incident: Incident | null;
  /** Messages about it alone, by the relay's account. */
  deliveries: IncidentDelivery[];
}

/** Subjects belong to one stream, which tells one thing after the other: so the order in which they were sent is theirs. */
export function episodesOf(acknowledged: readonly Acknowledged[], account: IncidentAccount): Episode[] {
  const told = acknowledged.filter(({ webhook }) => webhook.fate === 'incident');
  return [...Map.groupBy(told, ({ webhook }) => webhook.subject!)].flatMap(([subject, webhooks]) => {
    const incidents = account.incidents.filter((incident) => incident.kind === 'subject' && incident.subject === subject);
    return cutAtCompletions(webhooks).map(({ failures, completion }, i): Episode => {
      const incident = incidents[i] ?? null;
      const deliveries = account.deliveries.filter((delivery) => incident !== null && delivery.incident === incident.id);
      return { subject, rule: ruleFor(subject), failures, completion, incident, deliveries };
    });
  });
}

function cutAtCompletions(webhooks: readonly Acknowledged[]): Pick<Episode, 'failures' | 'completion'>[] {
  const episodes: Pick<Episode, 'failures' | 'completion'>[] = [];
  let failures: Acknowledged[] = [];
  for (const each of webhooks) {
    if (each.webhook.state === 'failed') failures.push(each);
    else {
      episodes.push({ failures, completion: each });
      failures = [];
    }
  }
  return failures.length === 0 ? episodes : [...episodes, { failures, completion: null }];
}

function ruleFor(subject: string): IncidentRule {
  const rules = Object.keys(incidentTypes) as IncidentRule[];
  return rules.find((rule) => subject.startsWith(`${incidentTypes[rule]}/`))!;
}
