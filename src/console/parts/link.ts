/** Links to what has a page of its own, and addresses made from the current one. */
import type { Context } from 'hono';
import { html } from 'hono/html';
import type { Html } from '../page.ts';

export const eventPath = (id: string) => `/console/events/${encodeURIComponent(id)}`;
export const deliveryPath = (id: string) => `/console/deliveries/${encodeURIComponent(id)}`;
export const incidentPath = (id: string) => `/console/incidents/${encodeURIComponent(id)}`;

/** `label`: in place of the id. */
export function eventLink(id: string, label: string = id): Html {
  return link(eventPath(id), id, label);
}

export function deliveryLink(id: string, label: string = id): Html {
  return link(deliveryPath(id), id, label);
}

export function incidentLink(id: string, label: string = id): Html {
  return link(incidentPath(id), id, label);
}

/** Path and query of the request with some parameters changed; null takes one out. */
export function withQuery(context: Context, changes: Record<string, string | null>): string {
  const url = new URL(context.req.url);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.pathname + url.search;
}

function link(path: string, id: string, label: string): Html {
  return html`<a href="${path}" class="${label === id ? 'id' : ''}">${label}</a>`;
}
