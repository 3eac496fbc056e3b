/** What pages are put together from. */
import { html } from 'hono/html';
import type { Html } from '../page.ts';

type Content = Html | string;

export function emptyState(text: string, hint: Content = ''): Html {
  return html`<div class="empty">
    <p>${text}</p>
    ${hint === '' ? '' : html`<p class="quiet">${hint}</p>`}
  </div>`;
}

/** `id`: so that it stays open when the part of the page that holds it is drawn anew. */
export function fold(summary: Content, content: Content, { open = false, id }: { open?: boolean; id?: string } = {}): Html {
  return html`<details class="fold" ${id === undefined ? '' : html`id="${id}"`} ${open ? html`open` : ''}>
    <summary>${summary}</summary>
    <div class="fold-content">${content}</div>
  </details>`;
}

/** Label and value, one a line. Null values are left out. */
export function facts(rows: readonly { label: string; value: Content | number | null }[]): Html {
  return html`<dl class="facts">
    ${rows
      .filter(({ value }) => value !== null)
      .map(
        ({ label, value }) =>
          html`<div>
            <dt>${label}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
  </dl>`;
}

/** A part of a page with its heading (`h2`). `id`: of the heading, for links. `beside`: to the right of the heading. */
export function section(heading: Content, content: Content, { id, beside = '' }: { id: string; beside?: Content }): Html {
  return html`<section aria-labelledby="${id}">
    <div class="section-head">
      <h2 id="${id}">${heading}</h2>
      ${beside}
    </div>
    ${content}
  </section>`;
}
