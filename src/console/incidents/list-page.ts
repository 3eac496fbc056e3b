/** The list of incidents: open ones, ended ones, or both. */
import { html } from 'hono/html';
import type { IncidentPageView, IncidentView } from '../../operate/shapes/views.ts';
import type { Given } from '../events/asked.ts';
import { addressOf } from '../events/asked.ts';
import type { Html } from '../page.ts';
import { badge } from '../parts/badge.ts';
import { emptyState } from '../parts/layout.ts';
import { incidentPath } from '../parts/link.ts';
import { pager, row, table, type Column } from '../parts/table.ts';
import { time } from '../parts/time.ts';

export const listPath = '/console/incidents';
const bodyId = 'incidents';

const columns: readonly Column[] = [
  { label: 'Subject' },
  { label: 'Status' },
  { label: 'Since' },
  { label: 'Last failure' },
  { label: 'Ended' },
  { label: 'Failures', numeric: true },
  { label: 'Last said' },
];

const statuses = [
  ['open', 'Open'],
  ['ended', 'Ended'],
  ['all', 'All'],
] as const;

export interface IncidentList {
  given: Given;
  /** As asked for, or by default. */
  status: 'open' | 'ended' | 'all';
  incidents: IncidentPageView;
  now: number;
}

/** `problems`: what was wrong with the address, by name; then there are no rows. */
export function listContent(list: IncidentList | { given: Given; problems: ReadonlyMap<string, string> }): Html {
  const { given } = list;
  const status = 'status' in list ? list.status : null;
  return html`<h1>Incidents</h1>
    <nav aria-label="Which incidents" class="tabs">
      <ul>
        ${statuses.map(
          ([value, label]) =>
            html`<li>
              <a href="${addressOf(listPath, {}, { status: value })}" ${value === status ? html`aria-current="true"` : ''}
                >${label}</a
              >
            </li>`,
        )}
      </ul>
    </nav>
    <form method="get" action="${listPath}" class="filters" role="search" aria-label="Filter the incidents">
      <input type="hidden" name="status" value="${status ?? 'all'}" />
      ${given.kind === undefined ? '' : html`<input type="hidden" name="kind" value="${given.kind}" />`}
      <div class="fields">
        <div class="field">
          <label for="filter-text">Part of the subject</label>
          <input id="filter-text" name="text" value="${given.text ?? ''}" autocomplete="off" />
        </div>
      </div>
      <p class="actions"><button>Show</button></p>
    </form>
    ${
      'problems' in list
        ? [...list.problems].map(([name, text]) => html`<p class="wrong" role="alert">${name}: ${text}</p>`)
        : rowsWithMore(list)
    }`;
}

export function rowsWithMore({ given, status, incidents: { incidents, next }, now }: IncidentList): Html {
  if (incidents.length === 0 && next === null && given.before === undefined) {
    return status === 'open' && given.text === undefined
      ? emptyState('Nothing is failing.', 'Ended incidents are in the list beside.')
      : emptyState('No incident matches.');
  }
  const rows = incidents.map((incident) => incidentRow(incident, now));
  const href = next === null ? null : addressOf(listPath, given, { before: next });
  return html`${table({ caption: 'Incidents, the latest first', columns, id: bodyId, rows })} ${pager({ href, into: bodyId })}`;
}

function incidentRow(incident: IncidentView, now: number): Html {
  const { id, subject, opened_at: opened, last_at: last, ended_at: ended, failures, last_said: said } = incident;
  return row(columns, [
    html`<a class="row-link" href="${incidentPath(id)}">${subject}</a>`,
    incidentBadge(incident),
    time(opened, now),
    time(last, now),
    ended === null ? null : time(ended, now),
    failures,
    said,
  ]);
}

/** A silence does not end it, but nobody hears of it. */
export function incidentBadge({ status, silenced_by: silence }: IncidentView): Html {
  switch (status) {
    case 'open':
      return html`${badge('bad', 'open')}${silence === null ? '' : html` ${badge('quiet', 'silenced')}`}`;
    case 'ended':
      return badge('good', 'ended');
  }
}
