import type { SubscriptionDetail } from '../../src/narrative/api.ts';

/** An active one for every state of all jobs, of which nothing is counted. */
export function subscription(over: Partial<SubscriptionDetail> = {}): SubscriptionDetail {
  return {
    id: 'sub-1',
    name: null,
    kind: 'jobs',
    status: 'active',
    url: 'https://relay.example.com/webhooks/narrative/production',
    companyId: '1',
    filter: { jobIds: null, jobTypes: null, states: null },
    appId: null,
    createdAt: null,
    updatedAt: null,
    eventsSent: null,
    lastEventSentAt: null,
    deliveries: null,
    ...over,
  };
}
