/** Events and deliveries of the last hours. */
import { html } from 'hono/html';
import type { StatsView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { fold, section } from '../parts/layout.ts';
import { row, table } from '../parts/table.ts';
import { barChart, type Bars, type Series } from './bar-chart.ts';

/** From the bottom up: what needs eyes stands at the foot, where heights can be compared. */
const outcomes: readonly Series[] = [
  { name: 'quarantined', label: 'quarantined' },
  { name: 'routed', label: 'routed' },
  { name: 'unrouted', label: 'unrouted' },
  { name: 'suppressed', label: 'suppressed' },
  { name: 'repeated', label: 'repeated' },
  { name: 'duplicate', label: 'duplicates' },
];
const ends: readonly Series[] = [
  { name: 'dead', label: 'dead' },
  { name: 'delivered', label: 'delivered' },
  { name: 'suppressed', label: 'suppressed' },
];

export function eventChart({ hours }: StatsView): Html {
  const bars = hours.map(({ at, events }) => ({ at, counts: events }));
  return chart({ id: 'events-chart', title: 'Events per hour, by outcome', unit: 'event', bars, series: outcomes });
}

export function deliveryChart({ hours }: StatsView): Html {
  const bars = hours.map(({ at, deliveries }) => ({ at, counts: deliveries }));
  return chart({ id: 'deliveries-chart', title: 'Deliveries per hour, by how they ended', unit: 'delivery', bars, series: ends });
}

function chart(bars: Bars): Html {
  const { id, title } = bars;
  const drawn = html`<div class="chart">${barChart(bars)} ${fold('As a table', asTable(bars), { id: `${id}-table` })}</div>`;
  return section(title, drawn, { id: `${id}-head` });
}

function asTable({ title, bars, series }: Bars): Html {
  const columns = [{ label: 'Hour, UTC' }, ...series.map(({ label }) => ({ label, numeric: true }))];
  const rows = bars
    .toReversed()
    .map(({ at, counts }) => row(columns, [at.slice(5, 16).replace('T', ' '), ...series.map(({ name }) => counts[name] ?? 0)]));
  return table({ caption: title, columns, rows });
}
