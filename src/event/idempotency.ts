/**
 * Which deliveries are the same delivery. Order of trust: the delivery's own key in the body, the `Idempotency-Key`
 * header, the webhook event's id, and at last what the event says happened. `job.idempotency_key` is never one of them:
 * it is equal in a job's pending, running and failed events.
 */
import type { Hash } from '../ports.ts';
import type { NarrativeEvent } from './event.ts';
import type { DeliveryKeys } from './parse.ts';

/** Keys longer than this are kept as their digest, so that an index entry stays small. */
const maxKeyLength = 200;

export interface KeySources {
  deliveryKeys: DeliveryKeys;
  /** The `Idempotency-Key` header. */
  header: string | null;
  subscription: string;
  /** Null for a body that is no event we know. */
  event: NarrativeEvent | null;
  body: Uint8Array;
}

export function idempotencyKey(hash: Hash, { deliveryKeys, header, subscription, event, body }: KeySources): string {
  // A header that is there but empty names nothing: as a key it would make one event of all that come with it.
  const given = deliveryKeys.idempotencyKey ?? (header || null) ?? deliveryKeys.webhookEventId;
  if (given !== null) return given.length <= maxKeyLength ? given : `sha256:${hex(hash.sha256(given))}`;
  if (event?.kind === 'job' && event.job.updated_at !== null) {
    const { id, state, updated_at } = event.job;
    return `sha256:${hex(hash.sha256([subscription, id, state, updated_at].join('\n')))}`;
  }
  return `sha256:${hex(hash.sha256(body))}`;
}

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
