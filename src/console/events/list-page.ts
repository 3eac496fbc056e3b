/** The list of events: filters, rows, further pages, and what comes in live. */
import { html } from 'hono/html';
import type { EventPageView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { further } from '../parts/further.ts';
import { emptyState } from '../parts/layout.ts';
import { addressOf, type Given } from './asked.ts';
import { eventTable } from './event-rows.ts';
import { filterForm } from './filter-form.ts';

export const listPath = '/console/events';
/** Of the table's body. */
const bodyId = 'events';

export interface EventList {
  given: Given;
  events: EventPageView;
  /** Rows of a page that is full. */
  limit: number;
  /** How often it has gone on by itself, as the address says. */
  searched: number;
  /** The newest event of all, from which on the live ones follow; null: there is none. */
  newest: string | null;
  now: number;
}

export function listContent(list: EventList): Html {
  const { given, newest } = list;
  const first = given.before === undefined;
  const live = first && given.live !== undefined;
  return html`<div class="section-head">
      <h1>Events</h1>
      ${first ? liveSwitch(given, live) : ''}
    </div>
    ${filterForm(listPath, shownFilters(given), new Map())}
    ${live ? liveStatus(addressOf(`${listPath}/tail`, shownFilters(given), { limit: null, live: null }), newest) : ''}
    ${first ? '' : html`<p class="quiet">Older events. <a href="${addressOf(listPath, shownFilters(given))}">To the newest</a></p>`}
    ${rowsWithMore(list, live)}`;
}

/** The rows and what leads to further ones: all that htmx takes from the page after this one. */
export function rowsWithMore({ given, events, limit, searched, now }: EventList, live = false): Html {
  const { events: rows, next } = events;
  if (rows.length === 0 && next === null && given.before === undefined && !live) {
    return emptyState('No event matches.', 'Ask for a longer time, or for less.');
  }
  const leadsOn = further({
    href: next === null ? null : addressOf(listPath, given, { before: next, live: null, searched: null }),
    into: bodyId,
    isFirst: given.before === undefined,
    isFull: rows.length >= limit,
    searchedTo: events.searched_to,
    searched,
    now,
  });
  return html`${eventTable(bodyId, 'Events, the newest first', rows, now)} ${leadsOn}`;
}

/** The address says whether it is on. */
function liveSwitch(given: Given, on: boolean): Html {
  const href = addressOf(listPath, given, { live: on ? null : '1' });
  return html`<a class="button live-switch" href="${href}" data-live-switch>${on ? 'Stop following' : 'Follow live'}</a>`;
}

/** Where the script says how it goes. */
function liveStatus(tail: string, newest: string | null): Html {
  return html`<p
    class="live-status"
    role="status"
    aria-live="polite"
    data-tail="${tail}"
    data-tail-into="#${bodyId}"
    data-tail-after="${newest ?? ''}"
  >
    Following live needs the page’s script.
  </p>`;
}

function shownFilters({ before: _before, searched: _searched, ...filters }: Given): Given {
  return filters;
}
