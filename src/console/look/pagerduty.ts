/** What PagerDuty was told, laid out as its incident page does. */
import { html } from 'hono/html';
import { z } from 'zod';
import type { Html } from '../page.ts';
import { jsonFold, visible } from './json.ts';
import { link } from './mrkdwn.ts';
import { prose } from './slack-blocks.ts';

const payload = z.object({
  summary: z.string(),
  source: z.string(),
  timestamp: z.string().exactOptional(),
  severity: z.string().exactOptional(),
  component: z.string().exactOptional(),
  group: z.string().exactOptional(),
  class: z.string().exactOptional(),
  custom_details: z.record(z.string(), z.unknown()).exactOptional(),
});
const links = z.array(z.object({ href: z.string(), text: z.string().exactOptional() })).default([]);

/** The three bodies of `src/destination/pagerduty-event.ts`. Only a change event has no action. */
const event = z.union([
  z.object({ event_action: z.literal('resolve'), dedup_key: z.string() }),
  z.object({ event_action: z.literal('trigger'), dedup_key: z.string(), payload, links }),
  z.object({ event_action: z.undefined().optional(), payload, links }),
]);

type Told = Extract<z.infer<typeof event>, { payload: unknown }>;

export function pagerDutyLook(body: unknown): Html {
  const parsed = event.safeParse(body);
  if (!parsed.success) return jsonFold('an event for PagerDuty, in a form this page does not know', body);
  const given = parsed.data;
  switch (given.event_action) {
    case 'resolve':
      return frame('good', 'PagerDuty · resolve', [
        html`<p>Ends the alert that was opened with this key, if it is open.</p>`,
        details([['dedup_key', given.dedup_key]]),
      ]);
    case 'trigger': {
      const severity = given.payload.severity ?? 'no severity';
      return frame(toneOf(severity), `PagerDuty · ${severity.toUpperCase()}`, [
        ...content(given),
        details([['dedup_key', given.dedup_key]]),
      ]);
    }
    case undefined:
      return frame('plain', 'PagerDuty · change event, which pages nobody', content(given));
  }
}

function content({ payload: told, links: shown }: Told): Html[] {
  const { summary, source, timestamp, component, group, class: kind, custom_details: custom = {} } = told;
  const place = Object.entries({ Source: source, Time: timestamp, Component: component, Group: group, Class: kind });
  return [
    html`<p class="look-title">${visible(summary)}</p>`,
    details(place.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    details(Object.entries(custom).map(([label, value]) => [label, typeof value === 'string' ? value : JSON.stringify(value)])),
    html`${shown.map(({ href, text }) => prose(link(href, text ?? null)))}`,
  ];
}

/** Two columns: what, and its value. */
function details(rows: [string, string][]): Html {
  if (rows.length === 0) return html``;
  return html`<dl class="look-details">
    ${rows.map(
      ([label, value]) =>
        html`<div>
          <dt>${visible(label)}</dt>
          <dd>${visible(value)}</dd>
        </div>`,
    )}
  </dl>`;
}

type Tone = 'bad' | 'warn' | 'good' | 'plain';

function frame(tone: Tone, heading: string, parts: Html[]): Html {
  return html`<div class="look look-pagerduty look-${tone}">
    <p class="look-head"><strong>${heading}</strong></p>
    ${parts}
  </div>`;
}

function toneOf(severity: string): Tone {
  switch (severity) {
    case 'critical':
    case 'error':
      return 'bad';
    case 'warning':
      return 'warn';
    default:
      return 'plain';
  }
}
