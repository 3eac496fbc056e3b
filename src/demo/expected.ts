/** What should come of each webhook of a night, told from its story alone: nothing here knows how the relay works. */
import type { JsonObject } from '../event/json.ts';
import type { JobFilter, Subscription } from '../narrative/api.ts';
import type { Happening, Timeline } from '../simulator/timeline.ts';

export type Answer =
  | 'accepted'
  | 'duplicate'
  | 'quarantined'
  | 'refused'
  /** None: the relay is away. */
  | 'given-up'
  /** Nor a webhook: the relay finds in Narrative's job list what it has missed. */
  | 'found';

/** What an event tells of: the thing that may be broken, as the relay's rules name it, and its job. */
export interface About {
  subject: string;
  state: string;
  /** Null for an app's event. */
  jobId: string | null;
}

export interface ExpectedWebhook {
  happening: Happening;
  /** When it is sent, ms of story time. */
  atMs: number;
  /** It was sent before, byte for byte. */
  again: boolean;
  answer: Answer;
  /** Null for what is no event of ours. */
  about: About | null;
}

/** When the relay is away, ms of story time. Nothing is sent again or late around it. */
export interface Outage {
  fromMs: number;
  untilMs: number;
}

/** Of a whole night, in the order in which they are sent. */
export function expectedWebhooks(
  { happenings }: Timeline,
  subscriptions: readonly Subscription[],
  outage: Outage | null,
): ExpectedWebhook[] {
  const active = subscriptions.filter(({ status }) => status === 'active');
  const webhooks = happenings.flatMap((happening) => webhooksOf(happening, active));
  const found = outage === null ? [] : missedIn(webhooks, outage);
  return [
    ...webhooks.map((webhook) => (isIn(outage, webhook) ? { ...webhook, answer: 'given-up' as const } : webhook)),
    ...found,
  ].sort((a, b) => a.atMs - b.atMs);
}

function webhooksOf(happening: Happening, active: readonly Subscription[]): ExpectedWebhook[] {
  const { atMs } = happening;
  if (happening.kind === 'stranger') {
    // It comes to an address, whoever else is told there.
    const answer = happening.secret === null ? 'quarantined' : 'refused';
    return [...new Set(active.map(({ url }) => url))].map(() => ({ happening, atMs, again: false, answer, about: null }));
  }
  const { delayMs, againAfterMs, lost } = happening.webhook;
  const askers = lost ? [] : active.filter((subscription) => asks(subscription, happening));
  const about = aboutOf(happening);
  return askers.flatMap((_, i): ExpectedWebhook[] => {
    // The same news by another subscription is no news.
    const answer = i === 0 ? 'accepted' : 'duplicate';
    const first: ExpectedWebhook = { happening, atMs: atMs + delayMs, again: false, answer, about };
    if (againAfterMs === null) return [first];
    return [first, { ...first, atMs: first.atMs + againAfterMs, again: true, answer: 'duplicate' }];
  });
}

function isIn(outage: Outage | null, { atMs }: ExpectedWebhook): boolean {
  return outage !== null && atMs >= outage.fromMs && atMs < outage.untilMs;
}

/** Of each job the list has only the state that it is in: what it went through before is gone. */
function missedIn(webhooks: readonly ExpectedWebhook[], outage: Outage): ExpectedWebhook[] {
  const latest = new Map<string, ExpectedWebhook>();
  for (const webhook of webhooks) {
    const { happening, about } = webhook;
    if (happening.atMs < outage.untilMs && about?.jobId && webhook.answer === 'accepted') latest.set(about.jobId, webhook);
  }
  const missed = [...latest.values()].filter((webhook) => isIn(outage, webhook));
  return missed.map((webhook) => ({ ...webhook, atMs: outage.untilMs, answer: 'found' }));
}

type Told = Exclude<Happening, { kind: 'stranger' }>;

function asks({ kind, filter, appId }: Subscription, happening: Told): boolean {
  if (happening.kind === 'app') return kind === 'app' && appId === happening.appId;
  return kind === 'jobs' && meets(filter, happening.job);
}

function meets({ jobIds, jobTypes, states }: JobFilter, job: JsonObject): boolean {
  const holds = (list: readonly string[] | null, value: unknown) => list === null || list.includes(String(value));
  return holds(jobIds, job.job_id) && holds(jobTypes, job.type) && holds(states, job.state);
}

function aboutOf(happening: Told): About {
  if (happening.kind === 'app') {
    const parts = happening.eventType.split('.');
    return { subject: `app/${parts[0]}/${happening.connectionId}`, state: parts.at(-1) ?? '', jobId: null };
  }
  const { job_id, type, state, input } = happening.job;
  const jobId = String(job_id);
  const { dataset_id } = (input ?? {}) as JsonObject;
  return { subject: `${String(type)}/${dataset_id === undefined ? jobId : String(dataset_id)}`, state: String(state), jobId };
}
