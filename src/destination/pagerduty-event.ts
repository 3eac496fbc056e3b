/**
 * What PagerDuty is told: the body of an Events API v2 request, within every limit whatever the event holds.
 * Source: developer.pagerduty.com/docs/send-alert-event and /docs/send-change-event.
 */
import { datasetOf, stateOf, type NarrativeEvent, type ReceivedEvent } from '../event/event.ts';
import { hex } from '../event/idempotency.ts';
import type { Hash } from '../ports.ts';
import type { RenderTemplate } from '../rules/template.ts';
import { composeAlert, type Alert } from './alert.ts';
import type { Outgoing, Severity } from './destination.ts';
import { cleanText, oneLine, truncate } from './text.ts';

interface PayloadBase {
  /** At most 1024 characters. */
  summary: string;
  source: string;
  /** ISO 8601. */
  timestamp: string;
  /** Flat. */
  custom_details: Record<string, string>;
}

interface EventBase {
  routing_key: string;
  links: { href: string; text: string }[];
}

/** Opens an alert, or adds to the open one with the same `dedup_key`. For `/v2/enqueue`. */
export interface TriggerEvent extends EventBase {
  event_action: 'trigger';
  /** At most 255 characters. */
  dedup_key: string;
  client: string;
  payload: PayloadBase & { severity: Severity; component?: string; group?: string; class?: string };
}

/** Ends the open alert with this `dedup_key`; harmless where there is none. For `/v2/enqueue`. */
export interface ResolveEvent {
  routing_key: string;
  event_action: 'resolve';
  dedup_key: string;
}

/** Something changed; pages nobody. For `/v2/change/enqueue`. */
export interface ChangeEvent extends EventBase {
  payload: PayloadBase;
}

export interface BuildPorts {
  render: RenderTemplate;
  hash: Hash;
}

export interface BuiltEvent<Event> {
  event: Event;
  /** Template errors. */
  problems: string[];
}

const maxSummary = 1024;
const maxDedupKey = 255;
/** Past this a link is an event's accident, not a place to go. */
const maxHref = 2048;
/** The documented limit is 512 KB; the smaller reading of that. */
const maxBodyBytes = 512_000;
const maxFailures = 50;

export function buildTrigger(outgoing: Outgoing, routingKey: string, ports: BuildPorts): BuiltEvent<TriggerEvent> {
  const { alert, problems } = composeAlert(outgoing, cleanText, ports.render);
  const event: TriggerEvent = {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: dedupKey(outgoing, ports.hash),
    client: 'narrative-relay',
    links: linksOf(alert),
    payload: {
      ...payloadBase(alert, outgoing),
      severity: knownSeverity(outgoing.severity),
      ...(outgoing.content.kind === 'event' ? classification(outgoing.content.received) : {}),
    },
  };
  return { event: fitted(event), problems };
}

export function buildResolve(outgoing: Outgoing, routingKey: string, ports: BuildPorts): BuiltEvent<ResolveEvent> {
  const event: ResolveEvent = { routing_key: routingKey, event_action: 'resolve', dedup_key: dedupKey(outgoing, ports.hash) };
  return { event, problems: [] };
}

export function buildChange(outgoing: Outgoing, routingKey: string, ports: BuildPorts): BuiltEvent<ChangeEvent> {
  const { alert, problems } = composeAlert(outgoing, cleanText, ports.render);
  const event: ChangeEvent = { routing_key: routingKey, links: linksOf(alert), payload: payloadBase(alert, outgoing) };
  return { event: fitted(event), problems };
}

/**
 * The same for each attempt, so that a resend changes nothing. One per subject, so that a trigger and
 * its resolve meet; one per delivery for a notice that stands alone.
 * Subjects that PagerDuty might refuse or alter (too long, control characters, lone surrogates) go by their hash.
 */
export function dedupKey({ content, subject, deliveryId, incident }: Outgoing, hash: Hash): string {
  if (content.kind === 'notice' && incident === null) return `narrative-relay/${deliveryId}`;
  const key = `narrative/${subject}`;
  if (key.length <= maxDedupKey && subject.isWellFormed() && cleanText(subject) === subject) return key;
  return `narrative/${hex(hash.sha256(subject))}`;
}

/** A wrong severity would cost the page (400), and this one may come from an older release's database. */
function knownSeverity(severity: string): Severity {
  switch (severity) {
    case 'critical':
    case 'error':
    case 'warning':
    case 'info':
      return severity;
    default:
      return 'error';
  }
}

function payloadBase(alert: Alert, { content, rule, incident }: Outgoing): PayloadBase {
  const details: [string, string][] = [];
  for (const note of alert.notes) details.push(['Note', note]);
  if (incident !== null) {
    details.push(['Since', new Date(incident.sinceMs).toISOString()], ['Failures', String(incident.failures)]);
  }
  if (alert.text !== null) details.push(['Text', alert.text]);
  for (const { label, value } of alert.fields) details.push([label, value]);
  if (content.kind === 'event') details.push(...failuresOf(content.received));
  const told = details.map(([, value]) => value).join('\n');
  if (alert.excerpt !== null && !told.includes(alert.excerpt)) details.push(['Excerpt', alert.excerpt]);
  if (content.kind === 'event') {
    // The default fields show most ids already; a rule's own may not.
    details.push(...idsOf(content.received).filter(([, id]) => !alert.fields.some(({ value }) => value === id)));
  }
  if (rule !== null) details.push(['Rule', rule]);
  return {
    summary: summaryOf(alert),
    source: sourceOf(content),
    timestamp: alert.occurredAt,
    custom_details: distinctKeys(details),
  };
}

/** The title, then as much of the excerpt's first line as there is room for. Never empty: PagerDuty would refuse that. */
function summaryOf({ title, excerpt }: Alert): string {
  const head = title || 'Narrative event';
  const cause = oneLine(excerpt?.trim().split('\n', 1)[0] ?? '');
  return truncate(cause === '' || head.includes(cause) ? head : `${head}: ${cause}`, maxSummary);
}

/** The relay speaks for itself, and for a subscription of Narrative's. */
function sourceOf(content: Outgoing['content']): string {
  if (content.kind === 'notice' || content.received.narrative.kind === 'relay') return 'narrative-relay';
  return `narrative/${oneLine(content.received.subscription)}`;
}

function classification({ narrative }: ReceivedEvent) {
  const { component, group } = placeOf(narrative);
  return {
    ...(component === null ? {} : { component: shortLabel(component) }),
    group: shortLabel(group),
    class: shortLabel(narrative.type),
  };
}

function placeOf(narrative: NarrativeEvent): { component: string | null; group: string } {
  switch (narrative.kind) {
    case 'job': {
      const dataset = narrative.job.dataset_id;
      return { component: dataset === null ? null : `dataset ${dataset}`, group: narrative.job.type };
    }
    case 'app':
      return { component: narrative.app.connector, group: narrative.app.category };
    case 'relay':
      return { component: narrative.relay.about, group: narrative.relay.topic };
  }
}

/** PagerDuty names no limit for these; they are labels, and an event must not stretch them. */
function shortLabel(text: string): string {
  return truncate(oneLine(text), 255);
}

function failuresOf({ narrative }: ReceivedEvent): [string, string][] {
  if (narrative.kind !== 'job') return [];
  const { failures } = narrative.job;
  const shown = failures.slice(0, maxFailures).map(({ message, timestamp }, index): [string, string] => {
    return [index === 0 ? 'Failure' : `Failure ${index + 1}`, timestamp === null ? message : `${timestamp} ${message}`];
  });
  if (failures.length > maxFailures) shown.push(['More failures', String(failures.length - maxFailures)]);
  return shown;
}

function idsOf({ id, narrative }: ReceivedEvent): [string, string][] {
  const ids: Record<string, string | null> = {
    'Event id': id,
    'Narrative event id': narrative.narrative_id,
    State: stateOf(narrative),
    'Job id': narrative.kind === 'job' ? narrative.job.id : null,
    'Dataset id': datasetOf(narrative),
    'Data plane id': narrative.kind === 'job' ? narrative.job.data_plane_id : null,
    'Profile id': narrative.kind === 'app' ? narrative.app.profile_id : null,
    'Connection id': narrative.kind === 'app' ? narrative.app.connection_id : null,
  };
  return Object.entries(ids).filter((entry): entry is [string, string] => entry[1] !== null);
}

/** Keys as they are read, numbered where two are the same: a rule's own field must not be overwritten by ours. */
function distinctKeys(details: [string, string][]): Record<string, string> {
  const distinct = new Map<string, string>();
  for (const [label, value] of details) {
    const name = oneLine(label) || 'field';
    let key = name;
    for (let n = 2; distinct.has(key); n++) key = `${name} (${n})`;
    distinct.set(key, cleanText(value));
  }
  // Not assignment: a field named __proto__ is a field like any other.
  return Object.fromEntries(distinct);
}

function linksOf({ links }: Alert): EventBase['links'] {
  return links
    .filter(({ url }) => url.length <= maxHref)
    .map(({ label, url }) => ({ href: url, text: shortLabel(label) || url }));
}

/**
 * Shortens the longest detail until the whole body fits, and drops the last ones when no long one is left. PagerDuty's
 * answer to a larger body is a 400, which would lose the page.
 */
function fitted<Event extends { payload: PayloadBase }>(event: Event): Event {
  // Counted by difference: writing out half a megabyte for each step would stall everything else.
  let excess = jsonBytes(event) - maxBodyBytes;
  if (excess <= 0) return event;
  const details = Object.entries(event.payload.custom_details);
  while (excess > 0 && details.length > 0) {
    const longest = details.reduce((a, b) => (b[1].length > a[1].length ? b : a));
    if (longest[1].length > 200) {
      const shorter = truncate(longest[1], Math.ceil(longest[1].length / 2), '… (shortened)');
      excess -= jsonBytes(longest[1]) - jsonBytes(shorter);
      longest[1] = shorter;
    } else {
      excess -= jsonBytes(details.pop()) - 1;
    }
  }
  return { ...event, payload: { ...event.payload, custom_details: Object.fromEntries(details) } };
}

function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
