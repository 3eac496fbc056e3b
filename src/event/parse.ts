/**
 * From a body to an event. Narrative documents two wire forms (snake_case with a `data` envelope, camelCase with ids on
 * top) and for app events a third with `{value: …}` wrappers; all are read. Only what makes an event an event is
 * required (job id, state, type; or an app event's type): a surprising value elsewhere must never cost somebody an alert.
 */
import type { Job, JobEvent, JobFailure, NarrativeEvent } from './event.ts';
import { isObject, parseJson, type JsonObject, type JsonValue } from './json.ts';
import { parseApp, saysApp } from './parse-app.ts';
import { formatDuration, isoTimestamp, secondsBetween } from './time.ts';
import { object, read, text, unwrap } from './wire.ts';

export type ParsedBody =
  | { kind: 'event'; event: NarrativeEvent; deliveryKeys: DeliveryKeys }
  /** JSON, but no event that we know. Kept whole. */
  | { kind: 'unknown'; why: string; deliveryKeys: DeliveryKeys }
  | { kind: 'not-json'; why: string };

/** The parts of a body that can name this one delivery; `src/event/idempotency.ts` chooses. */
export interface DeliveryKeys {
  idempotencyKey: string | null;
  webhookEventId: string | null;
}

const decoder = new TextDecoder();

/** Bytes that are no UTF-8 become U+FFFD rather than an error: one broken character in a stack trace must not lose the alert. */
export function parseBody(body: Uint8Array): ParsedBody {
  let json: JsonValue;
  try {
    json = parseJson(decoder.decode(body));
  } catch (error) {
    return { kind: 'not-json', why: error instanceof Error ? error.message : String(error) };
  }
  return parseWire(json);
}

export function parseWire(json: JsonValue): ParsedBody {
  if (!isObject(json)) {
    return {
      kind: 'unknown',
      why: 'the body is JSON but no object',
      deliveryKeys: { idempotencyKey: null, webhookEventId: null },
    };
  }
  const job = jobIn(json);
  // In a bare job the top-level idempotency key is the *job's*, equal in all its states: as a delivery key it would swallow the failure.
  const idempotencyKey = job === json ? null : text(unwrap(read(json, 'idempotency_key', 'idempotencyKey')));
  const webhookEventId = text(read(json, 'webhook_event_id', 'webhookEventId')) ?? text(json.id);
  const deliveryKeys = { idempotencyKey, webhookEventId };
  if (job) return { kind: 'event', event: jobEvent(json, job, webhookEventId), deliveryKeys };
  const app = parseApp(json, envelope(json, webhookEventId));
  // A connector's event has one key, its own, so one that is found further inside still names this event and no other.
  if (app)
    return {
      kind: 'event',
      event: app.event,
      deliveryKeys: { ...deliveryKeys, idempotencyKey: idempotencyKey ?? app.idempotencyKey },
    };
  return { kind: 'unknown', why: 'neither a job event (job_id, state, type) nor an app event (eventType)', deliveryKeys };
}

/** The part of the body that is the job. A connector may put anything into its payload, even what looks like one: then it is none. */
function jobIn(top: JsonObject): JsonObject | null {
  if (saysApp(top)) return null;
  return [top.data, unwrap(top.payload), top.job, top].filter(isObject).find(looksLikeJob) ?? null;
}

function jobEvent(top: JsonObject, wire: JsonObject, narrativeId: string | null): JobEvent {
  const job = parseJob(wire);
  const type = text(unwrap(read(top, 'event_type', 'eventType'))) ?? (top === wire ? null : text(top.type));
  return { kind: 'job', ...envelope(top, narrativeId), type: type ?? `job.${job.state}`, job };
}

function parseJob(wire: JsonObject): Job {
  const input = object(wire.input);
  const result = wire.result ?? null;
  const created_at = isoTimestamp(read(wire, 'created_at', 'createdAt'));
  const updated_at = isoTimestamp(read(wire, 'updated_at', 'updatedAt'));
  const dequeued_at = isoTimestamp(read(wire, 'dequeued_at', 'dequeuedAt'));
  const ended_at = isoTimestamp(read(wire, 'ended_at', 'endedAt'));
  const duration_s = secondsBetween(dequeued_at ?? created_at, ended_at ?? updated_at);
  const request_source = object(read(wire, 'request_source', 'requestSource'));
  return {
    id: text(read(wire, 'job_id', 'jobId')) ?? '',
    state: text(wire.state) ?? '',
    type: text(read(wire, 'type', 'jobType')) ?? '',
    dataset_id: text(read(input, 'dataset_id', 'datasetId')) ?? text(read(object(result), 'dataset_id', 'datasetId')),
    data_plane_id: text(read(wire, 'data_plane_id', 'dataPlaneId')),
    executor: text(wire.executor),
    created_at,
    updated_at,
    dequeued_at,
    ended_at,
    duration_s,
    duration: duration_s === null ? null : formatDuration(duration_s),
    idempotency_key: text(read(wire, 'idempotency_key', 'idempotencyKey')),
    requested_by: requestedBy(request_source),
    request_source,
    input,
    result,
    failures: Array.isArray(wire.failures) ? wire.failures.map(parseFailure) : [],
  };
}

function parseFailure(wire: JsonValue): JobFailure {
  if (!isObject(wire)) return { message: text(wire) ?? '', timestamp: null, value: wire };
  return { message: text(wire.message) ?? '', timestamp: isoTimestamp(wire.timestamp), value: wire.value ?? null };
}

function requestedBy(source: JsonObject): string | null {
  const name = text(read(source, 'user_name', 'userName')) ?? text(source.name);
  const user = text(read(source, 'user_id', 'userId'));
  return name ?? (user === null ? null : `user ${user}`);
}

function envelope(top: JsonObject, narrative_id: string | null) {
  return {
    narrative_id,
    subscription_id: text(read(top, 'webhook_subscription_id', 'webhookSubscriptionId')),
    company_id: text(read(top, 'company_id', 'companyId')),
    created_at: isoTimestamp(unwrap(read(top, 'created_at', 'createdAt') ?? read(top, 'event_timestamp', 'eventTimestamp'))),
  };
}

function looksLikeJob(wire: JsonObject): boolean {
  return (
    text(read(wire, 'job_id', 'jobId')) !== null && text(wire.state) !== null && text(read(wire, 'type', 'jobType')) !== null
  );
}
