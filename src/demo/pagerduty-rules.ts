/** What PagerDuty's documents say about bodies, checked strictly. Part of the stand-in; shares no code with the sender. */

interface Payload {
  summary: string;
  source: string;
  timestamp?: string;
  custom_details?: Record<string, string | number | boolean>;
}

/** An event that says something; all that a resolve may leave out is here. */
export interface PagerDutyEvent {
  routing_key: string;
  event_action: 'trigger' | 'acknowledge';
  dedup_key?: string;
  payload: Payload & { severity: string; component?: string; group?: string; class?: string };
  links?: { href: string; text?: string }[];
  client?: string;
}

export interface PagerDutyResolve {
  routing_key: string;
  event_action: 'resolve';
  dedup_key: string;
}

export interface PagerDutyChange {
  routing_key: string;
  payload: Payload;
  links?: { href: string; text?: string }[];
}

const eventKeys = ['routing_key', 'event_action', 'dedup_key', 'payload', 'links', 'images', 'client', 'client_url'];
const changeKeys = ['routing_key', 'payload', 'links', 'images'];
const basePayloadKeys = ['summary', 'source', 'timestamp', 'custom_details'];
const eventPayloadKeys = [...basePayloadKeys, 'severity', 'component', 'group', 'class'];

export function eventErrors(body: unknown): string[] {
  if (!isRecord(body)) return ['the body is no JSON object'];
  const { event_action: action, dedup_key: dedupKey, payload } = body;
  const errors = [...unknownKeys('event', body, eventKeys), ...routingKeyErrors(body)];
  if (action !== 'trigger' && action !== 'acknowledge' && action !== 'resolve') errors.push(`event_action is ${action}`);
  if (dedupKey === undefined && action !== 'trigger') errors.push(`dedup_key is required for ${action}`);
  if (dedupKey !== undefined && !isText(dedupKey, 1, 255)) errors.push('dedup_key must have 1 to 255 characters');
  if (body.client !== undefined && !isText(body.client, 1, 255)) errors.push('client is no text');
  errors.push(...linkErrors(body.links));
  if (payload === undefined && action !== 'trigger') return errors;
  if (!isRecord(payload)) return [...errors, 'payload is missing'];
  errors.push(...unknownKeys('payload', payload, eventPayloadKeys), ...payloadErrors(payload));
  if (!isText(payload.source, 1, 1024)) errors.push('payload.source is missing');
  if (!['critical', 'error', 'warning', 'info'].includes(String(payload.severity))) {
    errors.push(`payload.severity is ${payload.severity}`);
  }
  for (const key of ['component', 'group', 'class']) {
    if (payload[key] !== undefined && typeof payload[key] !== 'string') errors.push(`payload.${key} is no text`);
  }
  return errors;
}

export function changeErrors(body: unknown): string[] {
  if (!isRecord(body)) return ['the body is no JSON object'];
  const errors = [...unknownKeys('change event', body, changeKeys), ...routingKeyErrors(body), ...linkErrors(body.links)];
  if (!isRecord(body.payload)) return [...errors, 'payload is missing'];
  return [...errors, ...unknownKeys('payload', body.payload, basePayloadKeys), ...payloadErrors(body.payload)];
}

function payloadErrors(payload: Record<string, unknown>): string[] {
  const errors: string[] = [];
  const { summary, timestamp, custom_details: details } = payload;
  if (!isText(summary, 1, 1024)) errors.push('payload.summary must have 1 to 1024 characters');
  if (timestamp !== undefined && !isIsoTime(timestamp)) errors.push(`payload.timestamp ${timestamp} is not ISO 8601`);
  if (details === undefined) return errors;
  if (!isRecord(details)) return [...errors, 'payload.custom_details is no object'];
  for (const [key, value] of Object.entries(details)) {
    if (typeof value === 'object') errors.push(`payload.custom_details.${key} is not flat`);
    if (typeof value === 'string' && !value.isWellFormed()) errors.push(`payload.custom_details.${key} is no Unicode text`);
  }
  return errors;
}

function routingKeyErrors({ routing_key: key }: Record<string, unknown>): string[] {
  return typeof key === 'string' && /^[A-Za-z0-9]{32}$/.test(key) ? [] : ['Invalid routing key'];
}

function linkErrors(links: unknown): string[] {
  if (links === undefined) return [];
  if (!Array.isArray(links)) return ['links is no list'];
  return links.flatMap((link: unknown) => {
    if (!isRecord(link) || typeof link.href !== 'string' || !URL.canParse(link.href)) return ['a link has no href'];
    const { protocol } = new URL(link.href);
    const errors = protocol === 'https:' || protocol === 'http:' ? [] : [`a link goes to ${protocol}`];
    if (link.text !== undefined && typeof link.text !== 'string') errors.push('a link text is no text');
    return [...errors, ...unknownKeys('link', link, ['href', 'text'])];
  });
}

function unknownKeys(where: string, value: Record<string, unknown>, known: string[]): string[] {
  return Object.keys(value).flatMap((key) => (known.includes(key) ? [] : [`${where} has the unknown key ${key}`]));
}

function isText(value: unknown, min: number, max: number): boolean {
  return typeof value === 'string' && value.length >= min && [...value].length <= max && value.isWellFormed();
}

function isIsoTime(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
