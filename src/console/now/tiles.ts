/** How much waits, how much is dead, how much came. */
import { html } from 'hono/html';
import type { StatsView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { ago } from '../parts/time.ts';

interface Tile {
  /** Where the figure leads. */
  path: string;
  figure: number;
  label: string;
  note: Html | string;
  /** Asks for somebody to do something. */
  bad?: boolean;
}

export function tiles({ hours, now: stands }: StatsView, now: number): Html {
  const { pending, oldest_due_at: oldest, dead, silences, last_event_at: last } = stands;
  const shown: Tile[] = [
    {
      path: '/console/deliveries?status=open',
      figure: pending,
      label: pending === 1 ? 'delivery to send' : 'deliveries to send',
      note: oldest === null ? 'none is due' : dueText(oldest, now),
    },
    {
      path: '/console/deliveries?status=dead',
      figure: dead,
      label: dead === 1 ? 'dead letter' : 'dead letters',
      note: dead === 0 ? 'nothing to do' : 'kept, to be sent again',
      bad: dead > 0,
    },
    {
      path: '/console/events?since=24h',
      figure: hours.flatMap(({ events }) => Object.values(events)).reduce((sum, n) => sum + n, 0),
      label: 'events in 24 h',
      note: last === null ? 'none yet' : html`the last ${ago(last, now)}`,
    },
    {
      path: '/console/silences',
      figure: silences,
      label: silences === 1 ? 'silence in force' : 'silences in force',
      note: 'with the mutes of the rules',
    },
  ];
  return html`<dl class="tiles">${shown.map(drawn)}</dl>`;
}

function drawn({ path, figure, label, note, bad = false }: Tile): Html {
  return html`<div class="tile ${bad ? 'bad' : ''}">
    <dt>${label}</dt>
    <dd class="figure">
      <a href="${path}">${figure.toLocaleString('en')}<span class="unseen"> ${label}</span></a>
    </dd>
    <dd class="quiet">${note}</dd>
  </div>`;
}

function dueText(oldest: string, now: number): Html {
  return Date.parse(oldest) > now ? html`the next is due ${ago(oldest, now)}` : html`the oldest was due ${ago(oldest, now)}`;
}
