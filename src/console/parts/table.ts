/** Tables that become cards on narrow screens, and their further pages. */
import { html } from 'hono/html';
import type { Html } from '../page.ts';

type Cell = Html | string | number | null;

export interface Column {
  /** Also beside each value where the table is drawn as cards; empty: the value says it all. */
  label: string;
  /** To the right, in digits of one width. Default false. */
  numeric?: boolean;
}

export interface TableParts {
  /** What the rows are; read out, not drawn. */
  caption: string;
  columns: readonly Column[];
  /** Made by `row`. */
  rows: readonly Html[];
  /** Of the body, where `pager` puts further rows. */
  id?: string;
}

export function table({ caption, columns, rows, id }: TableParts): Html {
  return html`<div class="table-frame">
    <table class="table">
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(
            ({ label, numeric = false }) =>
              html`<th scope="col" class="${numeric ? 'number' : ''}">
                ${label === '' ? html`<span class="unseen">More</span>` : label}
              </th>`,
          )}
        </tr>
      </thead>
      <tbody ${id === undefined ? '' : html`id="${id}"`}>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** As many cells as there are columns. */
export function row(columns: readonly Column[], cells: readonly Cell[]): Html {
  return html`<tr>
    ${cells.map((cell, i) => {
      const { label = '', numeric = false } = columns[i] ?? {};
      // One element in each, whatever it holds: as a card, a cell is a grid of its label and its value.
      return html`<td class="${numeric ? 'number' : ''}" data-label="${label}">
        <div>${cell ?? html`<span class="quiet">–</span>`}</div>
      </td>`;
    })}
  </tr>`;
}

export interface PagerParts {
  /** Where the next page is (`withQuery(context, { before: next })`); null: there is none. */
  href: string | null;
  /** The id of the table's body, to which a script appends the rows of the next page. */
  into: string;
  /** Default: Older. */
  label?: string;
  /** Above the link: how far back the search got. */
  note?: Html | string | null;
}

/** To be put behind the table. It is replaced by that of the page that was loaded. */
export function pager({ href, into, label = 'Older', note = null }: PagerParts): Html {
  return html`<div class="pager" id="${into}-pager">
    ${note === null ? '' : html`<p class="quiet">${note}</p>`}
    ${
      href === null
        ? ''
        : html`<a
            class="button"
            id="${into}-next"
            href="${href}"
            hx-get="${href}"
            hx-target="#${into}"
            hx-select="#${into} > tr"
            hx-select-oob="#${into}-pager"
            hx-swap="beforeend"
            >${label}</a
          >`
    }
  </div>`;
}
