/** Prints alerts as plain text: for a first try, and where nothing else is configured. */
import type { JsonValue } from '../event/json.ts';
import type { RenderTemplate } from '../rules/template.ts';
import { composeAlert, type Alert } from './alert.ts';
import { statusText } from './alert-incident.ts';
import type { Destination, Outgoing, Pace, Severity } from './destination.ts';
import { cleanText, oneLine } from './text.ts';

export interface ConsoleConfig {
  name: string;
  fallback: string | null;
  /** Null: no limit. */
  pace: Pace | null;
}

export interface ConsolePorts {
  /** Gets one whole alert at a time, its last line ended. */
  write(text: string): void;
  render: RenderTemplate;
}

export function createConsoleDestination({ name, fallback, pace }: ConsoleConfig, { write, render }: ConsolePorts): Destination {
  function print(outgoing: Outgoing): { text: string; problems: string[] } {
    const { alert, problems } = composeAlert(outgoing, cleanText, render);
    return { text: layOut(alert, outgoing.severity), problems };
  }

  return {
    name,
    type: 'console',
    // Every console is the same terminal.
    paceKey: 'console',
    pace,
    concurrency: 1,
    fallback,

    preview(outgoing) {
      const { text, problems } = print(outgoing);
      const body: JsonValue = text;
      return { format: 'console', body, problems };
    },

    async send(outgoing) {
      if (outgoing.incident?.act === 'count') return { kind: 'delivered', detail: 'not printed: a terminal edits nothing' };
      write(print(outgoing).text);
      return { kind: 'delivered', detail: 'printed' };
    },
  };
}

/** One alert, a blank line after it. What may have several lines is indented, so that no event can draw an alert of its own. */
function layOut(alert: Alert, severity: Severity): string {
  const lines = [`[${mark(alert.tone, severity)}] ${alert.title}`];
  if (alert.status !== null) lines.push(`  ${statusText(alert.status)}`);
  for (const note of alert.notes) lines.push(`! ${note}`);
  if (alert.text !== null) lines.push(...indented(alert.text));
  const labelWidth = Math.max(0, ...alert.fields.map(({ label }) => label.length));
  for (const { label, value } of alert.fields) lines.push(`  ${label.padEnd(labelWidth)}  ${oneLine(value)}`);
  if (alert.excerpt !== null) lines.push(...indented(alert.excerpt, '| '));
  for (const { label, url } of alert.links) lines.push(`  ${label}: ${url}`);
  lines.push(`  ${alert.occurredAt} · ${alert.origin}`);
  return `${lines.join('\n')}\n\n`;
}

function mark(tone: Alert['tone'], severity: Severity): string {
  switch (tone) {
    case 'bad':
      return severity.toUpperCase();
    case 'good':
      return 'OK';
    case 'neutral':
      return 'INFO';
  }
}

function indented(text: string, prefix = ''): string[] {
  const lines = cleanText(text).trimEnd().split('\n');
  return lines.map((line) => `  ${prefix}${line}`);
}
