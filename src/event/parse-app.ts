/**
 * From a body to an app event: what a connector tells of. Two forms are documented, with and without `{value: …}` around type, key
 * and payload; whether the webhook puts them into an envelope, as it does with job events, is not, so both are read.
 */
import { connectorId, connectorName } from './connectors.ts';
import type { App, AppEvent } from './event.ts';
import { isObject, type JsonObject } from './json.ts';
import { isoTimestamp } from './time.ts';
import { object, read, text, unwrap } from './wire.ts';

/** `{connector}.{category}.{status}`, the category itself holding a dot: `facebook.audience.delivery.failed`. */
const appEventType = /^([^.]+)\.(.+)\.([^.]+)$/;

/** A job's event whose job can't be read is no connector's, however many dots its type has. */
const notConnectors = ['job'];

interface TypeParts {
  type: string;
  connector: string;
  category: string;
  status: string;
}

/** Null for what is no app event's type. Categories that are new to us are kept: a failure of an unknown kind is still one. */
export function appTypeParts(type: string): TypeParts | null {
  const [, connector, category, status] = appEventType.exec(type) ?? [];
  if (connector === undefined || category === undefined || status === undefined) return null;
  return notConnectors.includes(connector.toLowerCase()) ? null : { type, connector, category, status };
}

/** Whether the body itself says that it is an app's event: by the type of one, beside a context. */
export function saysApp(top: JsonObject): boolean {
  return isObject(top.context) && typeIn(top) !== null;
}

/** What every event has, read from the top of the body. */
type Envelope = Pick<AppEvent, 'narrative_id' | 'subscription_id' | 'company_id' | 'created_at'>;

/** `idempotencyKey`: what the event itself calls its key, for where the envelope has none. Null: the body is no app event. */
export function parseApp(top: JsonObject, envelope: Envelope): { event: AppEvent; idempotencyKey: string | null } | null {
  const wire = eventIn(top);
  const parts = typeIn(wire) ?? typeIn(top);
  if (!parts) return null;
  const { type, connector, category, status } = parts;
  const context = isObject(wire.context) ? wire.context : wire;
  const id = appId([top, wire, context], connector);
  const app: App = {
    id,
    connector,
    name: connectorName(id, connector),
    category,
    status,
    profile_id: text(read(context, 'profile_id', 'profileId')),
    connection_id: text(read(context, 'connection_id', 'connectionId')),
    dataset_id: text(read(context, 'dataset_id', 'datasetId')),
    payload: unwrap(wire.payload) ?? (wire === top ? null : wire),
  };
  const company_id = envelope.company_id ?? text(read(context, 'company_id', 'companyId'));
  const created_at = isoTimestamp(unwrap(read(wire, 'event_timestamp', 'eventTimestamp'))) ?? envelope.created_at;
  const event: AppEvent = { kind: 'app', ...envelope, company_id, created_at, type, app };
  return { event, idempotencyKey: text(unwrap(read(wire, 'idempotency_key', 'idempotencyKey'))) };
}

/** The part of the body that is the event. What has a `context` is one; a payload may hold anything, so it has to look like one. */
function eventIn(top: JsonObject): JsonObject {
  if (isObject(top.context)) return top;
  const payload = object(unwrap(top.payload));
  if (isObject(payload.context) || writtenType(payload) !== null) return payload;
  return isObject(top.data) ? top.data : top;
}

function writtenType(wire: JsonObject): string | null {
  return text(unwrap(read(wire, 'event_type', 'eventType')));
}

function typeIn(wire: JsonObject): TypeParts | null {
  const type = writtenType(wire) ?? text(unwrap(wire.type));
  return type === null ? null : appTypeParts(type);
}

/** Ids are numbers in the knowledge base and UUIDs in the OpenAPI file. */
function appId(places: readonly JsonObject[], connector: string): App['id'] {
  const written = places.map((place) => text(read(place, 'app_id', 'appId'))).find((id) => id !== null);
  if (written === undefined) return connectorId(connector);
  return /^\d+$/.test(written) && Number.isSafeInteger(Number(written)) ? Number(written) : written;
}
