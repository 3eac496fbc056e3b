/** The subscriptions of a simulated Narrative, and how it delivers to each. */
import { randomUUID } from 'node:crypto';
import type { Subscription } from '../narrative/api.ts';
import { createSender, type Retries, type SenderPorts, type Webhook } from './sender.ts';
import type { RunningTally, Sent } from './sent.ts';
import type { Signing } from './signing.ts';
import { zoneless } from './stamps.ts';
import type { SeedSubscription } from './timeline.ts';
import { companyId } from './wire.ts';

/** Requests to one subscription that are in the air at once; the others wait in line. */
const atOnce = 16;

/** Times: as Narrative writes them; null for never. */
export interface Statistics {
  /** Events, however often each was sent. */
  eventsSent: number;
  lastEventSentAt: string | null;
  /** Webhooks that were answered with a 2xx in the end, and those that were given up. */
  successful: number;
  failed: number;
  lastSuccessfulAt: string | null;
  lastFailedAt: string | null;
}

export interface KeptSubscription {
  /** As it is now. */
  readonly subscription: Subscription;
  readonly secret: string;
  readonly statistics: Readonly<Statistics>;
  /** Aborted when it is archived or the simulator is closed: what has not been delivered by then never is. */
  readonly stopped: AbortSignal;
  /** `again`: an event that was sent before. `counts`: false for what is not from Narrative. */
  deliver(webhook: Webhook, how: { again: boolean; counts: boolean }): Promise<Sent>;
}

export interface Subscriptions {
  add(seed: SeedSubscription): KeptSubscription;
  /** In the order of their creation, archived ones included. */
  all(): readonly KeptSubscription[];
  find(id: string): KeptSubscription | undefined;
  /** False when there is no such subscription. One that is archived stays so. */
  archive(id: string): boolean;
  /** Nothing more is delivered. */
  close(): void;
}

export interface DeliveryOptions {
  signing?: Signing | undefined;
  retries?: Partial<Retries> | undefined;
  tally: RunningTally;
  /** µs. */
  stamp(): number;
  ports: SenderPorts;
}

export function createSubscriptions(delivery: DeliveryOptions): Subscriptions {
  const kept = new Map<string, ReturnType<typeof keep>>();
  const closing = new AbortController();
  return {
    add(seed) {
      const one = keep(seed, delivery, closing.signal);
      kept.set(one.subscription.id, one);
      return one;
    },
    all: () => [...kept.values()],
    find: (id) => kept.get(id),
    archive(id) {
      const one = kept.get(id);
      one?.archive();
      return one !== undefined;
    },
    close() {
      for (const { stop } of kept.values()) stop('the simulator was stopped');
      closing.abort();
    },
  };
}

function keep(seed: SeedSubscription, { signing, retries, tally, stamp, ports }: DeliveryOptions, closing: AbortSignal) {
  const secret = seed.secret ?? randomUUID();
  const sender = createSender({ ...retries, url: seed.url, secret, atOnce, tally, closing, ...(signing && { signing }) }, ports);
  const stopping = new AbortController();
  const statistics: Statistics = {
    eventsSent: 0,
    lastEventSentAt: null,
    successful: 0,
    failed: 0,
    lastSuccessfulAt: null,
    lastFailedAt: null,
  };
  let subscription = subscriptionOf(seed, `${zoneless(stamp())}Z`);

  const kept = {
    get subscription() {
      return subscription;
    },
    secret,
    statistics,
    stopped: stopping.signal,
    async deliver(webhook: Webhook, { again, counts }: { again: boolean; counts: boolean }): Promise<Sent> {
      if (counts && !again && !stopping.signal.aborted) {
        statistics.eventsSent += 1;
        statistics.lastEventSentAt = zoneless(stamp());
      }
      const sent = await sender.send({ ...webhook, stop: stopping.signal });
      if (counts) account(sent);
      return sent;
    },
    stop: (why: string) => stopping.abort(why),
    archive() {
      if (subscription.status === 'archived') return;
      subscription = { ...subscription, status: 'archived', updatedAt: `${zoneless(stamp())}Z` };
      stopping.abort('the subscription was archived');
    },
  };

  function account(sent: Sent): void {
    if (sent.kind === 'answered') {
      statistics.successful += 1;
      statistics.lastSuccessfulAt = zoneless(stamp());
    } else if (!stopping.signal.aborted) {
      statistics.failed += 1;
      statistics.lastFailedAt = zoneless(stamp());
    }
  }

  return kept satisfies KeptSubscription;
}

function subscriptionOf({ name, kind, url, jobIds, jobTypes, states, appId }: SeedSubscription, createdAt: string): Subscription {
  const filter = kind === 'jobs' ? { jobIds, jobTypes, states } : { jobIds: null, jobTypes: null, states: null };
  return {
    id: randomUUID(),
    name,
    kind,
    status: 'active',
    url,
    companyId: String(companyId),
    filter,
    appId: kind === 'app' ? appId : null,
    createdAt,
    updatedAt: createdAt,
  };
}
