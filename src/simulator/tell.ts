/** From what happens to the webhooks that tell of it. */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../event/json.ts';
import type { JobsOnRecord } from './jobs.ts';
import { untilOr, type Webhook } from './sender.ts';
import type { Sent } from './sent.ts';
import { zoneless } from './stamps.ts';
import type { KeptSubscription, Subscriptions } from './subscriptions.ts';
import type { Happening, WebhookWish } from './timeline.ts';
import { appBody, bytes, jobBody, type WireForm } from './wire.ts';

/** What came of one webhook for one subscription. */
export interface SentWebhook {
  subscriptionId: string;
  /** Narrative's id of the webhook event. */
  eventId: string;
  /** Of its place in the timeline, what was to be told. */
  happening: Happening;
  /** It is the second time, byte for byte. */
  again: boolean;
  /** When it was first sent, this time: Narrative's time, epoch ms. */
  sentAtMs: number;
  outcome: Sent;
}

/** The forms of bodies. `both` takes turns from one happening to the next. */
export interface Forms {
  /** Of jobs' bodies. */
  jobs: WireForm | 'both';
  /** Of apps' bodies. */
  apps: 'plain' | 'wrapped' | 'both';
}

export interface TellerPorts {
  /** This machine's time, epoch ms. */
  now(): number;
  /** The time at Narrative, epoch ms. */
  storyNow(): number;
  wait(ms: number): Promise<void>;
  /** Story time passes so much faster than this machine's. */
  speed: number;
}

export interface TellerOptions {
  subscriptions: Subscriptions;
  jobs: JobsOnRecord;
  forms: Forms;
  /** Narrative's time, µs. */
  stamp(): number;
  onSent(sent: SentWebhook): void;
  ports: TellerPorts;
}

/** One webhook on its way. */
interface Letter {
  kept: KeptSubscription;
  webhook: Webhook;
  wish: WebhookWish;
  /** False for what is not from Narrative. */
  counts: boolean;
}

const asUsual: WebhookWish = { delayMs: 0, againAfterMs: null, lost: false };

export function createTeller({ subscriptions, jobs, forms, stamp, onSent, ports }: TellerOptions) {
  let jobTurns = 0;
  let appTurns = 0;

  function lettersOf(happening: Happening): Letter[] {
    const active = subscriptions.all().filter(({ subscription }) => subscription.status === 'active');
    const createdAt = zoneless(stamp());
    const letter = (kept: KeptSubscription, wish: WebhookWish, bodyFor: (eventId: string) => Uint8Array): Letter => {
      const id = randomUUID();
      return { kept, wish, counts: true, webhook: { id, body: bodyFor(id) } };
    };
    switch (happening.kind) {
      case 'job': {
        const { job, webhook } = happening;
        const form = turn(forms.jobs, ['knowledge-base', 'guide'], jobTurns++);
        return active
          .filter((kept) => wantsJob(kept, job))
          .map((kept) =>
            letter(kept, webhook, (eventId) => jobBody(form, job, { eventId, subscriptionId: kept.subscription.id, createdAt })),
          );
      }
      case 'app': {
        const wrapped = turn(forms.apps, ['wrapped', 'plain'], appTurns++) === 'wrapped';
        return active
          .filter(({ subscription }) => subscription.kind === 'app' && subscription.appId === happening.appId)
          .map((kept) =>
            letter(kept, happening.webhook, (eventId) =>
              appBody(happening, wrapped, { eventId, subscriptionId: kept.subscription.id, createdAt }),
            ),
          );
      }
      case 'stranger': {
        const { eventId: id, secret } = happening;
        // A forger signs with what he has, and doesn't insist.
        const forged = secret === null ? {} : { secret, maxAttempts: 1 };
        const webhook = { id, body: bytes(happening.body), ...forged };
        const addresses = active.filter(
          ({ subscription: { url } }, i) => i === active.findIndex((kept) => kept.subscription.url === url),
        );
        return addresses.map((kept) => ({ kept, wish: asUsual, counts: secret === null, webhook }));
      }
    }
  }

  async function send({ kept, webhook, wish, counts }: Letter, happening: Happening): Promise<SentWebhook[]> {
    const pause = (ms: number) => untilOr(kept.stopped, ports.wait(ms / ports.speed));
    if (wish.delayMs > 0) await pause(wish.delayMs);
    const signed = { ...webhook, signedAtMs: ports.now() };
    const once = async (again: boolean): Promise<SentWebhook> => {
      const sentAtMs = ports.storyNow();
      const outcome = await kept.deliver(signed, { again, counts });
      const sent = { subscriptionId: kept.subscription.id, eventId: webhook.id, happening, again, sentAtMs, outcome };
      onSent(sent);
      return sent;
    };
    if (wish.againAfterMs === null) return [await once(false)];
    // Not before the first one has ended: it is the same webhook, sent by a sender that has lost the answer.
    const [first] = await Promise.all([once(false), pause(wish.againAfterMs)]);
    return [first, await once(true)];
  }

  return {
    /** Puts a job on record, and resolves when each webhook that tells of it was delivered or given up. */
    async happen(happening: Happening): Promise<SentWebhook[]> {
      if (happening.kind === 'job') jobs.put(happening.job);
      const letters = lettersOf(happening).filter(({ wish }) => !wish.lost);
      return (await Promise.all(letters.map((letter) => send(letter, happening)))).flat();
    },
  };
}

function turn<T extends string>(form: T | 'both', both: readonly [T, T], turns: number): T {
  return form === 'both' ? both[turns % 2 === 0 ? 0 : 1] : form;
}

/** Whether it asks for this state of this job: the values of one list are alternatives, the lists have to hold together. */
function wantsJob({ subscription: { kind, filter } }: KeptSubscription, job: JsonObject): boolean {
  const asks = (list: readonly string[] | null, value: unknown) => list === null || list.some((wanted) => wanted === value);
  return kind === 'jobs' && asks(filter.jobIds, job.job_id) && asks(filter.jobTypes, job.type) && asks(filter.states, job.state);
}
