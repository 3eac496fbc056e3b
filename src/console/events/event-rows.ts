/** Events as rows of a table: in the list, as they come in live, and on the page of an incident. */
import { html } from 'hono/html';
import type { EventSummaryView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { outcomeBadge, stateBadge } from '../parts/badge.ts';
import { eventPath } from '../parts/link.ts';
import { row, table, type Column } from '../parts/table.ts';
import { time } from '../parts/time.ts';

const columns: readonly Column[] = [
  { label: 'Received' },
  { label: 'State' },
  { label: 'Job type' },
  { label: 'Dataset' },
  { label: 'Subject' },
  { label: 'Outcome' },
  { label: 'Rules' },
];

/** `id`: of the body. `now`: epoch ms. */
export function eventTable(id: string, caption: string, events: readonly EventSummaryView[], now: number): Html {
  return table({ caption, columns, id, rows: events.map((event) => eventRow(event, now)) });
}

/** All of it leads to the event. */
export function eventRow(event: EventSummaryView, now: number): Html {
  const { id, received_at: at, kind, state, job_type: jobType, type, dataset_id: dataset, subject, outcome, rules } = event;
  return row(columns, [
    html`<a class="row-link" href="${eventPath(id)}">${time(at, now)}</a>`,
    stateBadge(state),
    jobType ?? (kind === null ? 'no event we know' : type),
    dataset,
    subject,
    html`${outcomeBadge(outcome)}${event.replay_of === null ? '' : html` <span class="quiet">replay</span>`}`,
    rules.length === 0 ? null : rules.join(', '),
  ]);
}
