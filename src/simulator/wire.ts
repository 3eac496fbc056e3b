/** The forms in which Narrative documents its webhook bodies. Source: its knowledge base, its guide, and `/apps/events`. */
import { isObject, stringifyJson, type JsonObject, type JsonValue } from '../event/json.ts';

/** What names one webhook event, apart from the job it is about. */
export interface Envelope {
  eventId: string;
  subscriptionId: string;
  createdAt: string;
}

/** The company whose token it is. */
export const companyId = 1;

export type WireForm = 'knowledge-base' | 'guide';

/** A job's transition as a body. `job` is in snake_case, as the knowledge base has it. */
export function jobBody(form: WireForm, job: JsonObject, { eventId, subscriptionId, createdAt }: Envelope): Uint8Array {
  const type = `job.${String(job.state)}`;
  switch (form) {
    case 'knowledge-base':
      return bytes({ id: eventId, type, created_at: createdAt, data: job });
    case 'guide':
      return bytes({
        webhookEventId: eventId,
        webhookSubscriptionId: subscriptionId,
        eventType: type,
        companyId,
        idempotencyKey: `${subscriptionId}:${eventId}`,
        createdAt,
        data: camelCased(job),
      });
  }
}

export interface AppDelivery {
  /** Such as `facebook.audience.delivery.failed`. */
  eventType: string;
  datasetId: number;
  connectionId: string;
  profileId: string;
  payload: JsonObject;
}

/** A connector's event as published through `/apps/events`; `wrapped` is the variant with `{value: …}` around three of its parts. */
export function appBody(app: AppDelivery, wrapped: boolean, { eventId, createdAt }: Envelope): Uint8Array {
  const wrap = (value: JsonValue): JsonValue => (wrapped ? { value } : value);
  return bytes({
    context: { companyId, connectionId: app.connectionId, datasetId: app.datasetId, profileId: app.profileId },
    eventTimestamp: createdAt,
    eventType: wrap(app.eventType),
    idempotencyKey: wrap(eventId),
    payload: wrap(app.payload),
  });
}

export function bytes(body: JsonObject): Uint8Array {
  return new TextEncoder().encode(stringifyJson(body));
}

function camelCased(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(camelCased);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelCased(part ?? null),
    ]),
  );
}
