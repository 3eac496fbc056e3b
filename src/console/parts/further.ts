/** What leads to the further rows of a list, and a search that goes on by itself where a page is not full. */
import { html } from 'hono/html';
import type { Html } from '../page.ts';
import { pager } from './table.ts';
import { time } from './time.ts';

export interface FurtherParts {
  /** Of the next page, its `searched` left out; null: there is nothing more. */
  href: string | null;
  /** The id of the table's body. */
  into: string;
  /** Whether this is the first page. */
  isFirst: boolean;
  /** Whether the page holds as many rows as it may. */
  isFull: boolean;
  /** How far back the search got, ISO 8601 in UTC. */
  searchedTo: string | null;
  /** How often it has gone on by itself, as the address says. */
  searched: number;
  /** Epoch ms. */
  now: number;
}

/** Pages without enough rows that are asked for one after the other, before somebody has to say that it shall go on. */
const searchesOn = 20;

export function further({ href, into, isFirst, isFull, searchedTo, searched, now }: FurtherParts): Html {
  if (href === null) return pager({ href, into, note: isFirst ? null : 'There is nothing older.' });
  if (isFull) return pager({ href, into });
  const goesOn = searched < searchesOn;
  const note = html`Searched back to ${time(searchedTo, now)}${goesOn ? searchOn(href, into, searched + 1) : ''}`;
  return pager({ href, into, label: 'Search further', note });
}

/** Asks for the next page as soon as it is drawn; without script the link below it does. */
function searchOn(href: string, into: string, searched: number): Html {
  return html`<span
      class="search-on"
      hx-get="${href}&searched=${searched}"
      hx-trigger="load delay:200ms"
      hx-target="#${into}"
      hx-select="#${into} > tr"
      hx-select-oob="#${into}-pager"
      hx-swap="beforeend"
    ></span>
    <button type="button" class="plain" data-stop-search>Stop</button>`;
}
