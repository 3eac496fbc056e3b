/** PagerDuty events drawn for a terminal, as the person on call would see them. */
import { styleText } from 'node:util';

/** As much of an event or a change event as can be seen. Only events have an action. */
export interface VisibleEvent {
  event_action?: 'trigger' | 'acknowledge' | 'resolve';
  dedup_key?: string;
  /** A resolve needs none: it is drawn with that of the alert that it ends where there is one. */
  payload?: { summary: string; source?: string; timestamp?: string; severity?: string; custom_details?: Record<string, unknown> };
  links?: { href: string; text?: string }[];
}

export interface RenderOptions {
  /** Columns. */
  width: number;
  color: boolean;
}

/** Lines that one detail may take before the rest is counted instead of shown. */
const maxDetailLines = 4;

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** No right edge: emoji and right-to-left text have no width that a program could rely on. */
export function renderPagerDutyEvent(event: VisibleEvent, { width, color }: RenderOptions): string {
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
  const accent = accentOf(event);
  const room = Math.max(20, width - 2);
  const lines = event.event_action === 'resolve' ? resolveLines(event, room) : eventLines(event, room, paint);
  const heading = ` PagerDuty · ${headingOf(event)} `;
  const top = `┏━${heading}${'━'.repeat(Math.max(0, room - heading.length))}`;
  return [paint(accent, top), ...lines.map((line) => `${paint(accent, '┃')} ${line}`), paint(accent, '┗━')].join('\n');
}

/** What is over; its details are history. */
function resolveLines({ payload, dedup_key: dedupKey = '' }: VisibleEvent, room: number): string[] {
  return wrapped(payload?.summary ?? dedupKey, room);
}

function eventLines({ payload, links = [] }: VisibleEvent, room: number, paint: Paint): string[] {
  const { summary, source, timestamp, custom_details: details = {} } = payload ?? { summary: '' };
  const lines = wrapped(summary, room).map((line) => paint('bold', line));
  lines.push(paint('dim', [source, timestamp].filter(Boolean).join(' · ')));
  for (const [label, value] of Object.entries(details)) {
    const parts = wrapped(`${label}: ${value}`, room);
    const [first = '', ...rest] = parts.slice(0, maxDetailLines);
    lines.push(paint('cyan', first.slice(0, label.length + 1)) + first.slice(label.length + 1), ...rest);
    if (parts.length > maxDetailLines) lines.push(paint('dim', `… ${parts.length - maxDetailLines} more lines`));
  }
  for (const { href, text } of links) lines.push(`${text ?? 'Link'}: ${paint('underline', href)}`);
  return lines;
}

function headingOf(event: VisibleEvent): string {
  if (event.event_action === undefined) return 'change';
  if (event.event_action === 'resolve') return 'resolved';
  return event.event_action === 'trigger' ? (event.payload?.severity ?? 'no severity').toUpperCase() : event.event_action;
}

function accentOf(event: VisibleEvent): 'red' | 'yellow' | 'blue' | 'green' {
  if (event.event_action === undefined) return 'blue';
  if (event.event_action !== 'trigger') return 'green';
  const severity = event.payload?.severity;
  if (severity === 'critical' || severity === 'error') return 'red';
  return severity === 'warning' ? 'yellow' : 'blue';
}

/** Broken at spaces where there are some, else anywhere. */
function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const parts: string[] = [];
    let rest = line.trimEnd();
    while (rest.length > width) {
      const space = rest.lastIndexOf(' ', width);
      const end = space > width / 2 ? space : width;
      parts.push(rest.slice(0, end));
      rest = rest.slice(end).trimStart();
    }
    return rest === '' && parts.length > 0 ? parts : [...parts, rest];
  });
}
