/** Destinations with how each stands: whether it takes what is sent, what waits for it, what died on the way to it. */
import { html } from 'hono/html';
import { oneLine, truncate } from '../../destination/text.ts';
import type { DestinationView } from '../../operate/shapes/views.ts';
import { csrfField } from '../form.ts';
import type { Html } from '../page.ts';
import { badge } from '../parts/badge.ts';
import { row, table, type Column } from '../parts/table.ts';
import { ago, time } from '../parts/time.ts';
import type { Session } from '../session.ts';

const columns: readonly Column[] = [
  { label: 'Destination' },
  { label: 'State' },
  { label: 'Waiting', numeric: true },
  { label: 'Oldest due' },
  { label: 'Dead', numeric: true },
  { label: 'Fallback' },
];

/** `caption`: what these are. `now`: epoch ms. */
export function destinationTable(caption: string, destinations: readonly DestinationView[], session: Session, now: number): Html {
  const rows = destinations.map((each) =>
    row(columns, [
      html`<strong>${each.name}</strong> <span class="quiet">${each.in_rules ? each.type : 'no longer in the rules'}</span>`,
      state(each, session, now),
      figure(each, 'open', each.pending, 'waiting'),
      each.oldest_due_at === null ? null : time(each.oldest_due_at, now),
      figure(each, 'dead', each.dead, 'dead'),
      each.fallback,
    ]),
  );
  return table({ caption, columns, rows });
}

/** Where its deliveries are listed. */
export function deliveriesPath(query: { status: string; destination?: string; reason?: string }): string {
  return `/console/deliveries?${new URLSearchParams(query).toString()}`;
}

function figure({ name }: DestinationView, status: 'open' | 'dead', count: number, word: string): Html | number {
  if (count === 0) return 0;
  return html`<a href="${deliveriesPath({ status, destination: name })}"
    >${count.toLocaleString('en')}<span class="unseen"> ${word} for ${name}</span></a
  >`;
}

function state({ name, parked, in_rules: inRules }: DestinationView, session: Session, now: number): Html {
  if (parked === null) return inRules ? badge('good', 'takes what is sent') : badge('warn', 'sent to no more');
  const { since, reason, detail, probes, next_probe_at: next } = parked;
  return html`<div class="parked">
    <p>${badge('warn', 'parked', '‖')} since ${time(since, now)}</p>
    <p>${reason}: ${truncate(oneLine(detail), maxDetail)}</p>
    <p class="quiet">
      ${probes === 0 ? 'Not tried since' : probes === 1 ? 'Tried once since' : `Tried ${probes} times since`}, next
      ${ago(next, now)}
    </p>
    <form method="post" action="/console/destinations/${encodeURIComponent(name)}/unpark">
      ${csrfField(session)}<button>Unpark ${name}</button>
    </form>
  </div>`;
}

/** Characters of what a destination said. */
const maxDetail = 240;
