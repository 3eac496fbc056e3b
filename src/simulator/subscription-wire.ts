/** Subscriptions as Narrative's API writes them, and what it takes to make one. */
import { z } from 'zod';
import type { JsonObject } from '../event/json.ts';
import { isLoopback } from '../narrative/target.ts';
import { knownJobTypes, knownStates } from '../rules/facts.ts';
import type { KeptSubscription } from './subscriptions.ts';
import type { SeedSubscription } from './timeline.ts';
import { companyId } from './wire.ts';

/**
 * Whose spelling: that of the knowledge base, or that of the OpenAPI file, which also tells the secret in each answer and
 * neither the name nor the type.
 */
export type Spelling = 'snake_case' | 'camelCase';

/** `whole`: with the statistics. */
export type Showing = 'created' | 'listed' | 'whole';

export function subscriptionAnswer(kept: KeptSubscription, spelling: Spelling, showing: Showing): JsonObject {
  switch (spelling) {
    case 'snake_case':
      return snakeCase(kept, showing);
    case 'camelCase':
      return camelCase(kept, showing);
  }
}

function snakeCase({ subscription, secret, statistics }: KeptSubscription, showing: Showing): JsonObject {
  const { id, name, kind, status, url, filter, appId } = subscription;
  const asked = {
    job_ids: listOf(filter.jobIds),
    job_types: listOf(filter.jobTypes),
    states: listOf(filter.states),
  };
  return {
    id,
    type: typeOf[kind],
    ...(showing === 'created' && { secret }),
    status,
    company_id: companyId,
    name,
    url,
    ...(kind === 'app' ? { app_id: appId } : asked),
    created_at: withoutZone(subscription.createdAt),
    updated_at: withoutZone(subscription.updatedAt),
    ...(showing === 'whole' && {
      events_sent: statistics.eventsSent,
      last_event_sent_at: statistics.lastEventSentAt,
      delivery_stats: {
        successful_deliveries: statistics.successful,
        failed_deliveries: statistics.failed,
        last_successful_delivery_at: statistics.lastSuccessfulAt,
        last_failed_delivery_at: statistics.lastFailedAt,
      },
    }),
  };
}

function camelCase({ subscription, secret, statistics }: KeptSubscription, showing: Showing): JsonObject {
  const { id, kind, status, url, filter, appId } = subscription;
  return {
    id,
    secret,
    status,
    companyId: String(companyId),
    ...(kind === 'app' && { appId }),
    ...(filter.jobIds && { jobIds: [...filter.jobIds] }),
    ...(filter.states && { jobStates: [...filter.states] }),
    ...(filter.jobTypes && { jobTypes: [...filter.jobTypes] }),
    url,
    createdAt: withoutZone(subscription.createdAt),
    updatedAt: withoutZone(subscription.updatedAt),
    ...(showing === 'whole' && {
      eventsSent: statistics.eventsSent,
      lastEventSentAt: statistics.lastEventSentAt,
      deliveryStats: {
        successfulDeliveries: statistics.successful,
        failedDeliveries: statistics.failed,
        lastSuccessfulDeliveryAt: statistics.lastSuccessfulAt,
        lastFailedDeliveryAt: statistics.lastFailedAt,
      },
    }),
  };
}

const typeOf = { jobs: 'webhook_subscription_jobs', app: 'webhook_subscription_app' } as const;
const listOf = (list: readonly string[] | null) => (list === null ? null : [...list]);
const withoutZone = (time: string | null) => time?.replace(/Z$/, '') ?? null;

/** Narrative wants HTTPS; to this machine, nobody listens on the way. */
const webhookUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { protocol } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(text));
}, 'must be an https URL (http only to this machine)');

/** What an empty list would ask for isn't documented. */
const listed = <T extends z.ZodType<string>>(item: T) =>
  z.array(item).min(1, 'must not be empty: leave it out to be told of all').nullish();

const name = z.string().nullish();

const request = z.discriminatedUnion(
  'type',
  [
    z.object({
      type: z.literal('webhook_subscription_jobs'),
      url: webhookUrl,
      name,
      job_ids: listed(z.guid('must be a UUID')),
      job_types: listed(z.enum(knownJobTypes)),
      states: listed(z.enum(knownStates)),
    }),
    z.object({
      type: z.literal('webhook_subscription_app'),
      url: webhookUrl,
      name,
      // A UUID in the OpenAPI file, a small number in the knowledge base.
      app_id: z.union([z.string().min(1), z.int().nonnegative()], 'must be the id of an app, such as "8"').transform(String),
    }),
  ],
  'must be webhook_subscription_jobs or webhook_subscription_app',
);

export type SubscriptionRead = { ok: true; seed: SeedSubscription } | { ok: false; message: string };

/** Unknown keys are ignored. */
export function readSubscription(body: unknown): SubscriptionRead {
  const read = request.safeParse(body);
  if (!read.success) return { ok: false, message: describeIssues(read.error) };
  const wanted = read.data;
  const common = { name: wanted.name ?? null, url: wanted.url, secret: null };
  const noFilter = { jobIds: null, jobTypes: null, states: null };
  switch (wanted.type) {
    case 'webhook_subscription_jobs': {
      const { job_ids, job_types, states } = wanted;
      const filter = { jobIds: job_ids ?? null, jobTypes: job_types ?? null, states: states ?? null };
      return { ok: true, seed: { ...common, ...filter, kind: 'jobs', appId: null } };
    }
    case 'webhook_subscription_app':
      return { ok: true, seed: { ...common, ...noFilter, kind: 'app', appId: wanted.app_id } };
  }
}

/** Each with where it is. */
export function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}
