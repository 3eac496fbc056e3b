/** The list of deliveries that a filter finds, and its further pages. */
import { html } from 'hono/html';
import type { DeliveryPageView } from '../../operate/shapes/views.ts';
import { addressOf, type Given } from '../events/asked.ts';
import type { Html } from '../page.ts';
import { further } from '../parts/further.ts';
import { emptyState } from '../parts/layout.ts';
import type { Parked } from '../parts/parked.ts';
import { bulkLinks } from './dead-letters.ts';
import { deliveryTable } from './delivery-rows.ts';
import { filterForm, type Choices } from './filter-form.ts';

export const listPath = '/console/deliveries';
/** Of the table's body. */
const bodyId = 'deliveries';

export interface DeliveryList {
  given: Given;
  deliveries: DeliveryPageView;
  parked: Parked;
  /** How often the search has gone on by itself, as the address says. */
  searched: number;
  now: number;
}

export function listContent(list: DeliveryList, choices: Choices): Html {
  const { given, deliveries } = list;
  const { before, limit: _limit, searched: _searched, ...filter } = given;
  const any = deliveries.deliveries.length > 0 || deliveries.next !== null;
  return html`<h1>Deliveries</h1>
    ${filterForm(listPath, given, new Map(), choices)}
    ${before === undefined ? '' : html`<p class="quiet">Older ones. <a href="${addressOf(listPath, filter)}">To the newest</a></p>`}
    ${isActedOn(filter) && any ? html`<p class="actions">${bulkLinks(filter, 'these')}</p>` : ''} ${rowsWithMore(list)}`;
}

/** The rows and what leads to further ones: all that htmx takes from the page after this one. */
export function rowsWithMore({ given, deliveries, parked, searched, now }: DeliveryList): Html {
  const { deliveries: rows, next, searched_to: searchedTo } = deliveries;
  const isFirst = given.before === undefined;
  if (rows.length === 0 && next === null && isFirst)
    return emptyState('No delivery matches.', 'Ask for a longer time, or for less.');
  const leadsOn = further({
    href: next === null ? null : addressOf(listPath, given, { before: next, searched: null }),
    into: bodyId,
    isFirst,
    isFull: searchedTo === null,
    searchedTo,
    searched,
    now,
  });
  return html`${deliveryTable(bodyId, 'Deliveries, the latest first', rows, parked, now)} ${leadsOn}`;
}

/** Whether those that are asked for can be sent again, or ended: what was delivered can not. */
function isActedOn({ status = '' }: Given): boolean {
  return status.split(',').some((each) => ['open', 'queued', 'waiting', 'scheduled', 'dead'].includes(each.trim()));
}
