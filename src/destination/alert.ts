/**
 * What a delivery says, before any destination's layout: the same story for Slack, PagerDuty and the terminal.
 */
import type { NarrativeEvent, ReceivedEvent } from '../event/event.ts';
import { datasetOf, stateOf, viewOf } from '../event/event.ts';
import type { Escape, MessageTemplates, RenderTemplate } from '../rules/template.ts';
import { agoOf, defaultFields, defaultTitle, occurredAt, reconciledNote, replayNote, shortValue } from './alert-facts.ts';
import { excerptOf } from './alert-excerpt.ts';
import { incidentFields, isAboutFailures, lasted, mentionsOf, runbookLinks, statusOf, type Status } from './alert-incident.ts';
import type { Content, IncidentStatus, Outgoing, Severity } from './destination.ts';
import { cleanText, httpUrl, oneLine, truncateMarkup } from './text.ts';

export interface Alert {
  tone: 'bad' | 'good' | 'neutral';
  /** One line, of old news with how old it is. Escaped for the destination (markup), as are `text` and `fields`. */
  title: string;
  /** Since when it fails, how often, or that it is over; null where there is no incident. Raw. */
  status: Status | null;
  /** Slack markup that notifies people. Only from the rules files, and only for Slack; elsewhere it says nothing. */
  mentions: string[];
  /** The rule's own text; null in the default message. */
  text: string | null;
  fields: AlertField[];
  /** The first failure message and what follows of it. Raw text from the event: never markup. */
  excerpt: string | null;
  /** Raw label and an http(s) URL. */
  links: { label: string; url: string }[];
  /** Raw: why it comes this way, such as a fallback's note, "replay of …", "its webhook never came" or "template error in rule x". */
  notes: string[];
  /** Raw: the rule and the event's id, for asking why it was sent. */
  origin: string;
  /** ISO 8601: when the thing happened. */
  occurredAt: string;
}

export interface AlertField {
  /** Raw. */
  label: string;
  value: string;
  /** `rule`: written by a rule, so markup in it is meant. `event`: anything that looks like markup is accidental. */
  source: 'rule' | 'event';
}

export interface Composed {
  alert: Alert;
  /** Template errors; each part they hit has its default wording. */
  problems: string[];
}

export type ComposeAlert = (outgoing: Outgoing, escape: Escape, render: RenderTemplate) => Composed;

/**
 * Never throws and never drops an alert: a template that fails, or renders to nothing, leaves that part's default in
 * place. A rule's `fields` are put over the defaults: the same label replaces (an empty value removes), new ones go first.
 * A rule's `title` and `text` tell of the trouble, so the end of an incident has its own words instead.
 */
export const composeAlert: ComposeAlert = (outgoing, escape, render) => {
  const { content, incident, owners } = outgoing;
  const composed =
    content.kind === 'event'
      ? composeEvent(outgoing, content.received, escape, render)
      : composeNotice(outgoing, content, escape);
  const { alert, problems } = composed;
  const tone = alert.tone ?? defaultTone(outgoing);
  const ways = content.kind === 'event' ? [replayNote(content.received), reconciledNote(content.received)] : [];
  return {
    alert: {
      ...alert,
      tone,
      status: incident === null ? null : statusOf(outgoing, incident),
      // Good news that stands alone wakes nobody.
      mentions: incident === null && tone === 'good' ? [] : mentionsOf(owners),
      links: [...runbookLinks(owners), ...alert.links].flatMap(shownLink),
      notes: [outgoing.note, ...ways, ...problems].filter((note) => note !== null).map(oneLine),
      origin: [outgoing.rule === null ? null : `rule ${outgoing.rule}`, outgoing.eventId].filter(Boolean).join(' · '),
    },
    problems,
  };
};

/** What depends on the content alone. `tone`: null for the default. */
interface Told {
  alert: Pick<Alert, 'title' | 'text' | 'fields' | 'excerpt' | 'links' | 'occurredAt'> & { tone: Alert['tone'] | null };
  problems: string[];
}

function composeNotice({ incident }: Outgoing, notice: Content & { kind: 'notice' }, escape: Escape): Told {
  const { title, text, tone, fields = [], links = [], occurredAtMs } = notice;
  const alert: Told['alert'] = {
    tone: tone ?? null,
    title: escape(oneLine(title)),
    text: text.trim() === '' ? null : escape(cleanText(text).trim()),
    fields: mergeFields([...saidFields(incident), ...fields], [], escape),
    excerpt: null,
    links,
    occurredAt: new Date(occurredAtMs).toISOString(),
  };
  return { alert, problems: [] };
}

function composeEvent(outgoing: Outgoing, received: ReceivedEvent, escape: Escape, render: RenderTemplate): Told {
  const view = viewOf(received);
  const problems: string[] = [];
  /** The rendered text, or null with the problem noted. */
  const attempt = (part: string, source: string, escapeValue: Escape): string | null => {
    const rendered = render(source, view, escapeValue, outgoing.rule);
    if (rendered.ok) return rendered.text;
    problems.push(
      `template error${outgoing.rule === null ? '' : ` in rule ${outgoing.rule}`} (${part}): ${oneLine(rendered.error)}`,
    );
    return null;
  };
  const { incident } = outgoing;
  // Not of a failure that is told late, when the incident has ended meanwhile.
  const over = incident !== null && incident.endedMs !== null && (incident.act === 'recover' || incident.act === 'count');
  const { title, text, fields = {} } = outgoing.message ?? ({} as MessageTemplates);
  const ownTitle = title === undefined || over ? null : attempt('title', title, escape);
  const ownText = text === undefined || over ? null : attempt('text', text, escape);
  const ownFields = Object.entries(fields).map(([label, source]) => ({
    label: oneLine(label),
    value: attempt(`fields.${label}`, source, escape),
  }));
  // Such as `still pending after 20 min`, which can be held up until it is true no more.
  const given =
    outgoing.title !== undefined && !over && incident?.endedMs != null ? `Over by now: ${outgoing.title}` : outgoing.title;
  const recovered = over && isAboutFailures(outgoing) ? `recovered after ${lasted(incident)}` : null;
  const shownTitle = oneLine(ownTitle ?? '') || escape(oneLine(given ?? defaultTitle(received.narrative, recovered)));
  const alert: Told['alert'] = {
    tone: null,
    // What is told in place of the event, such as `still pending`, is so now.
    title: given === undefined ? dated(shownTitle, agoOf(received)) : shownTitle,
    text: cleanText(ownText ?? '').trim() || null,
    fields: mergeFields([...saidFields(incident), ...defaultFields(received)], ownFields, escape),
    excerpt: excerptOf(received.narrative),
    links: composeLinks(outgoing.links, received, (part, source) => attempt(part, source, encodeValue)),
    occurredAt: occurredAt(received),
  };
  return { alert, problems };
}

/** No layout cuts off what is said at the end of a title of this length, which is more than one line anywhere. */
const maxDatedTitle = 470;

/** The title is all that a phone shows of the alert at three in the morning. */
function dated(title: string, ago: string | null): string {
  return ago === null ? title : `${truncateMarkup(title, maxDatedTitle)} (${ago})`;
}

function saidFields(incident: IncidentStatus | null): { label: string; value: string }[] {
  return incident === null ? [] : incidentFields(incident).map(({ label, value }) => ({ label, value: shortValue(value) }));
}

function defaultTone({ content, incident, severity }: Outgoing): Alert['tone'] {
  const state = content.kind === 'event' ? stateOf(content.received.narrative) : null;
  // First, since a late job may end by failing.
  if (state === 'failed') return 'bad';
  if (incident !== null) return incident.endedMs !== null ? 'good' : toneOfSeverity(severity);
  if (state === null) return toneOfSeverity(severity);
  return state === 'completed' ? 'good' : 'neutral';
}

function toneOfSeverity(severity: Severity): Alert['tone'] {
  return severity === 'critical' || severity === 'error' ? 'bad' : 'neutral';
}

function mergeFields(
  defaults: { label: string; value: string }[],
  own: { label: string; value: string | null }[],
  escape: Escape,
): AlertField[] {
  const rendered = new Map(own.flatMap(({ label, value }) => (value === null ? [] : [[label.toLowerCase(), { label, value }]])));
  const kept = defaults.map(({ label, value }): AlertField => {
    const replacement = rendered.get(label.toLowerCase());
    rendered.delete(label.toLowerCase());
    return replacement ? { ...replacement, source: 'rule' } : { label, value: escape(value), source: 'event' };
  });
  const added = [...rendered.values()].map((field): AlertField => ({ ...field, source: 'rule' }));
  return [...added, ...kept]
    .map((field) => ({ ...field, value: cleanText(field.value).trim() }))
    .filter(({ value }) => value !== '');
}

/** A value inside a URL: whatever it holds, it stays the one path segment or parameter that the author meant. */
const encodeValue: Escape = (value) => encodeURIComponent(cleanText(value));

function composeLinks(
  templates: Record<string, string>,
  received: ReceivedEvent,
  attempt: (part: string, source: string) => string | null,
): Alert['links'] {
  const dataset = datasetOf(received.narrative);
  const named = Object.entries(templates).map(([label, source]) => ({ label: oneLine(label), source }));
  const links = named
    .filter(({ source }) => concerns(source, received.narrative.kind))
    .map(({ label, source }) => ({ label: capitalised(label), url: attempt(`links.${label}`, source) ?? '' }));
  if (dataset !== null && !named.some(({ label }) => label.toLowerCase() === 'dataset')) {
    links.push({ label: 'Dataset', url: datasetUrl(dataset) });
  }
  return links;
}

function shownLink({ label, url }: Alert['links'][number]): Alert['links'] {
  const shown = httpUrl(url);
  return shown === null ? [] : [{ label: oneLine(label), url: shown }];
}

/** `links` are written once for all events; one made of a job alone is not about an app, and no mistake there. */
function concerns(source: string, kind: NarrativeEvent['kind']): boolean {
  const tags = (source.match(/\{[{%][\s\S]*?[%}]\}/g) ?? []).join(' ');
  const uses = { job: /\bjob\./.test(tags), app: /\bapp\./.test(tags), relay: /\brelay\./.test(tags) };
  return uses[kind] || !(uses.job || uses.app || uses.relay);
}

/** Narrative's page of a dataset. Source: the links in Narrative's knowledge base. */
function datasetUrl(id: string): string {
  return `https://app.narrative.io/platform/my-data/dataset/${encodeValue(id)}#overview`;
}

function capitalised(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
