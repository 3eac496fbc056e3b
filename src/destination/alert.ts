/**
 * What a delivery says, before any destination's layout: the same story for Slack, PagerDuty and the terminal.
 */
import type { ReceivedEvent } from '../event/event.ts';
import { datasetOf, stateOf, viewOf } from '../event/event.ts';
import type { Escape, MessageTemplates, RenderTemplate } from '../rules/template.ts';
import { defaultFields, defaultTitle, occurredAt } from './alert-facts.ts';
import { excerptOf } from './alert-excerpt.ts';
import type { Content, Outgoing, Severity } from './destination.ts';
import { cleanText, httpUrl, oneLine } from './text.ts';

export interface Alert {
  tone: 'bad' | 'good' | 'neutral';
  /** One line. Escaped for the destination (markup), as are `text` and `fields`. */
  title: string;
  /** The rule's own text; null in the default message. */
  text: string | null;
  fields: AlertField[];
  /** The first failure message and what follows of it. Raw text from the event: never markup. */
  excerpt: string | null;
  /** Raw label and an http(s) URL. */
  links: { label: string; url: string }[];
  /** Raw: why it comes this way, such as a fallback's note or "template error in rule x". */
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
 */
export const composeAlert: ComposeAlert = (outgoing, escape, render) => {
  const origin = [outgoing.rule === null ? null : `rule ${outgoing.rule}`, outgoing.eventId].filter(Boolean).join(' · ');
  const notes = outgoing.note === null ? [] : [outgoing.note];
  const { content } = outgoing;
  switch (content.kind) {
    case 'event':
      return composeEvent(outgoing, content.received, { origin, notes }, escape, render);
    case 'notice':
      return { alert: { ...composeNotice(content, outgoing.severity, escape), origin, notes: notes.map(oneLine) }, problems: [] };
  }
};

function composeNotice({ title, text, occurredAtMs }: Content & { kind: 'notice' }, severity: Severity, escape: Escape) {
  return {
    tone: severity === 'critical' || severity === 'error' ? ('bad' as const) : ('neutral' as const),
    title: escape(oneLine(title)),
    text: text.trim() === '' ? null : escape(cleanText(text).trim()),
    fields: [],
    excerpt: null,
    links: [],
    occurredAt: new Date(occurredAtMs).toISOString(),
  };
}

function composeEvent(
  outgoing: Outgoing,
  received: ReceivedEvent,
  { origin, notes }: { origin: string; notes: string[] },
  escape: Escape,
  render: RenderTemplate,
): Composed {
  const view = viewOf(received);
  const problems: string[] = [];
  /** The rendered text, or null with the problem noted. */
  const attempt = (part: string, source: string, escapeValue: Escape): string | null => {
    const rendered = render(source, view, escapeValue);
    if (rendered.ok) return rendered.text;
    problems.push(
      `template error${outgoing.rule === null ? '' : ` in rule ${outgoing.rule}`} (${part}): ${oneLine(rendered.error)}`,
    );
    return null;
  };
  const { title, text, fields = {} } = outgoing.message ?? ({} as MessageTemplates);
  const ownTitle = title === undefined ? null : attempt('title', title, escape);
  const ownText = text === undefined ? null : attempt('text', text, escape);
  const ownFields = Object.entries(fields).map(([label, source]) => ({
    label: oneLine(label),
    value: attempt(`fields.${label}`, source, escape),
  }));
  const alert: Alert = {
    tone: toneOf(stateOf(received.narrative)),
    title: oneLine(ownTitle ?? '') || escape(defaultTitle(received.narrative)),
    text: cleanText(ownText ?? '').trim() || null,
    fields: mergeFields(defaultFields(received), ownFields, escape),
    excerpt: excerptOf(received.narrative),
    links: composeLinks(outgoing.links, received, (part, source) => attempt(part, source, encodeValue)),
    notes: [...notes, ...problems].map(oneLine),
    origin,
    occurredAt: occurredAt(received),
  };
  return { alert, problems };
}

function toneOf(state: string): Alert['tone'] {
  if (state === 'failed') return 'bad';
  return state === 'completed' ? 'good' : 'neutral';
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
    .map(({ label, source }) => ({ label: capitalised(label), url: httpUrl(attempt(`links.${label}`, source) ?? '') }));
  if (dataset !== null && !named.some(({ label }) => label.toLowerCase() === 'dataset')) {
    links.push({ label: 'Dataset', url: datasetUrl(dataset) });
  }
  return links.filter((link): link is { label: string; url: string } => link.url !== null);
}

/** `links` are written once for all events; one made of a job alone is not about an app, and no mistake there. */
function concerns(source: string, kind: 'job' | 'app'): boolean {
  const tags = (source.match(/\{[{%][\s\S]*?[%}]\}/g) ?? []).join(' ');
  const [own, other] = kind === 'job' ? [/\bjob\./, /\bapp\./] : [/\bapp\./, /\bjob\./];
  return own.test(tags) || !other.test(tags);
}

/** Narrative's page of a dataset. Source: the links in Narrative's knowledge base. */
function datasetUrl(id: string): string {
  return `https://app.narrative.io/platform/my-data/dataset/${encodeValue(id)}#overview`;
}

function capitalised(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
