/** Deliveries as rows of a table. */
import { html } from 'hono/html';
import { oneLine, truncate } from '../../destination/text.ts';
import type { DeliverySummaryView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { statusBadge } from '../parts/badge.ts';
import { deliveryPath } from '../parts/link.ts';
import { parkedWait, type Parked } from '../parts/parked.ts';
import { row, table, type Column } from '../parts/table.ts';
import { time } from '../parts/time.ts';

const columns: readonly Column[] = [
  { label: 'Delivery' },
  { label: 'Status' },
  { label: 'Destination' },
  { label: 'About' },
  { label: 'When' },
  { label: 'Why' },
];

/** `id`: of the body. `now`: epoch ms. */
export function deliveryTable(
  id: string,
  caption: string,
  deliveries: readonly DeliverySummaryView[],
  parked: Parked,
  now: number,
): Html {
  return table({ caption, columns, id, rows: deliveries.map((each) => deliveryRow(each, parked, now)) });
}

function deliveryRow(delivery: DeliverySummaryView, parked: Parked, now: number): Html {
  const { id, status, destination, attempts, reason, detail } = delivery;
  const said = [reason, detail].filter((part) => part !== null).join(': ');
  const tried = attempts > 1 ? html` <span class="quiet">${attempts} attempts</span>` : '';
  return row(columns, [
    html`<a class="row-link id" href="${deliveryPath(id)}">${id}</a>`,
    statusBadge(status),
    destination,
    oneLine(aboutOf(delivery)),
    whenOf(delivery, parked, now),
    said === '' && tried === '' ? null : html`${truncate(oneLine(said), maxSaid)}${tried}`,
  ]);
}

/** What it tells of: its subject, or the title of what the relay says of its own accord. */
export function aboutOf({ title, subject }: Pick<DeliverySummaryView, 'title' | 'subject'>): string {
  return title ?? subject;
}

/** The moment that matters for how it stands. */
function whenOf(
  { destination, status, finished_at: finished, due_at: due, created_at: created }: DeliverySummaryView,
  parked: Parked,
  now: number,
): Html {
  if (finished !== null) return time(finished, now);
  const nextTry = parked.get(destination);
  if (nextTry !== undefined && status !== 'sending') return parkedWait(destination, nextTry, now);
  return due === null ? html`since ${time(created, now)}` : html`due ${time(due, now)}`;
}

/** Characters of why; all of it is on the delivery's page. */
const maxSaid = 160;
