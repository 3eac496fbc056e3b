/**
 * Narrative's answers → the shapes of `api.ts`, and what is asked of it → its fields. Strict where a misreading would cost
 * events (ids, URLs, filters), lenient where it would only cost a line on a screen (counts, times).
 */
import { isObject, type JsonObject, type JsonValue } from '../event/json.ts';
import { isoTimestamp } from '../event/time.ts';
import { object, read, text } from '../event/wire.ts';
import type {
  CreatedSubscription,
  JobFilter,
  JobsPage,
  JobsQuery,
  NewSubscription,
  Subscription,
  SubscriptionDetail,
} from './api.ts';

/** `why` names the field, and the index in a list; never a value, which can be a secret. */
export type Read<T> = { ok: true; value: T } | { ok: false; why: string };

/**
 * A bare array, as documented, or one in `records`, `data` or `subscriptions`. An entry that can't be read is left out, for it says
 * nothing of the others; where none can, the list is none.
 */
export function readSubscriptions(json: JsonValue): Read<Subscription[]> {
  const entries = listIn(json, ['records', 'data', 'subscriptions']);
  if (entries === null) return { ok: false, why: 'it is no list of subscriptions' };
  const found = entries.map(readSubscription);
  const readable = found.flatMap((each) => (each.ok ? [each.value] : []));
  const [first] = found;
  return first && !first.ok && readable.length === 0
    ? { ok: false, why: `in entry 0, ${first.why}` }
    : { ok: true, value: readable };
}

export function readSubscription(json: JsonValue): Read<Subscription> {
  if (!isObject(json)) return { ok: false, why: 'it is no object' };
  const id = text(json.id);
  if (id === null) return { ok: false, why: 'id is missing' };
  const url = text(json.url);
  if (url === null) return { ok: false, why: 'url is missing' };
  // The knowledge base shows subscriptions without any status: they are those that events are sent for.
  const status = absent(json.status) ? 'active' : text(json.status);
  if (status === null) return { ok: false, why: 'status is no text' };
  const appId = text(read(json, 'app_id', 'appId'));
  const kind = kindOf(json, appId);
  const filter = kind === 'jobs' ? readFilter(json) : { ok: true as const, value: noFilter };
  if (!filter.ok) return filter;
  return {
    ok: true,
    value: {
      id,
      name: text(json.name),
      kind,
      status,
      url,
      companyId: text(read(json, 'company_id', 'companyId')),
      filter: filter.value,
      appId: kind === 'app' ? appId : null,
      createdAt: isoTimestamp(read(json, 'created_at', 'createdAt')),
      updatedAt: isoTimestamp(read(json, 'updated_at', 'updatedAt')),
    },
  };
}

export function readSubscriptionDetail(json: JsonValue): Read<SubscriptionDetail> {
  const subscription = readSubscription(json);
  if (!subscription.ok) return subscription;
  const wire = object(json);
  const stats = read(wire, 'delivery_stats', 'deliveryStats');
  return {
    ok: true,
    value: {
      ...subscription.value,
      eventsSent: count(read(wire, 'events_sent', 'eventsSent')),
      lastEventSentAt: isoTimestamp(read(wire, 'last_event_sent_at', 'lastEventSentAt')),
      deliveries: isObject(stats)
        ? {
            successful: count(read(stats, 'successful_deliveries', 'successfulDeliveries')),
            failed: count(read(stats, 'failed_deliveries', 'failedDeliveries')),
            lastSuccessfulAt: isoTimestamp(read(stats, 'last_successful_delivery_at', 'lastSuccessfulDeliveryAt')),
            lastFailedAt: isoTimestamp(read(stats, 'last_failed_delivery_at', 'lastFailedDeliveryAt')),
          }
        : null,
    },
  };
}

export function readCreated(json: JsonValue): Read<CreatedSubscription> {
  const subscription = readSubscription(json);
  return subscription.ok ? { ok: true, value: { ...subscription.value, secret: text(object(json).secret) } } : subscription;
}

/** `{records: […], total_records?}`, or a bare array. */
export function readJobsPage(json: JsonValue): Read<JobsPage> {
  const records = listIn(json, ['records']);
  if (records === null) return { ok: false, why: 'it holds no list of jobs ("records")' };
  return { ok: true, value: { records, totalRecords: count(read(object(json), 'total_records', 'totalRecords')) } };
}

export function readJob(json: JsonValue): Read<JsonObject> {
  return isObject(json) ? { ok: true, value: json } : { ok: false, why: 'it is no object' };
}

/** What isn't asked for is left out: to Narrative an omitted filter means everything, and an empty one is documented nowhere. */
export function writeSubscription(wanted: NewSubscription): JsonObject {
  const { url } = wanted;
  const name = wanted.name === null ? {} : { name: wanted.name };
  if (wanted.kind === 'app') return { type: types.app, app_id: wanted.appId, url, ...name };
  return {
    type: types.jobs,
    url,
    ...name,
    ...(wanted.jobIds && { job_ids: [...wanted.jobIds] }),
    ...(wanted.jobTypes && { job_types: [...wanted.jobTypes] }),
    ...(wanted.states && { states: [...wanted.states] }),
  };
}

export function writeJobsQuery({ state, type, datasetId, dataPlaneId, orderBy, perPage, offset }: JobsQuery): string {
  const fields = {
    state,
    type,
    dataset_id: datasetId,
    data_plane_id: dataPlaneId,
    order_by: orderBy,
    per_page: String(perPage),
    offset: String(offset),
  };
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  return new URLSearchParams(given).toString();
}

const types = { jobs: 'webhook_subscription_jobs', app: 'webhook_subscription_app' } as const;

function kindOf(wire: JsonObject, appId: string | null): Subscription['kind'] {
  if (wire.type === types.app) return 'app';
  if (wire.type === types.jobs) return 'jobs';
  return appId === null ? 'jobs' : 'app';
}

const noFilter: JobFilter = { jobIds: null, jobTypes: null, states: null };

function readFilter(wire: JsonObject): Read<JobFilter> {
  const jobIds = readList('job_ids', read(wire, 'job_ids', 'jobIds'));
  if (!jobIds.ok) return jobIds;
  const jobTypes = readList('job_types', read(wire, 'job_types', 'jobTypes'));
  if (!jobTypes.ok) return jobTypes;
  const states = readList('states', wire.states ?? read(wire, 'job_states', 'jobStates'));
  if (!states.ok) return states;
  return { ok: true, value: { jobIds: jobIds.value, jobTypes: jobTypes.value, states: states.value } };
}

/** Absent, null and empty all mean: no filter. */
function readList(field: string, value: JsonValue | undefined): Read<string[] | null> {
  if (absent(value)) return { ok: true, value: null };
  if (!Array.isArray(value)) return { ok: false, why: `${field} is no list` };
  const texts = value.map((entry) => text(entry));
  const wrong = texts.indexOf(null);
  if (wrong !== -1) return { ok: false, why: `${field}[${wrong}] is no text` };
  return { ok: true, value: texts.length === 0 ? null : (texts as string[]) };
}

function listIn(json: JsonValue, names: readonly string[]): JsonValue[] | null {
  if (Array.isArray(json)) return json;
  const wire = object(json);
  const name = names.find((name) => Object.hasOwn(wire, name) && Array.isArray(wire[name]));
  return name === undefined ? null : (wire[name] as JsonValue[]);
}

function count(value: JsonValue | undefined): number | null {
  const number = Number(text(value) ?? NaN);
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}

const absent = (value: JsonValue | undefined) => value === undefined || value === null;
