/** Ids in a sentence, as links to what they name. */
import { html } from 'hono/html';
import type { Html } from '../page.ts';
import { deliveryLink, eventLink, incidentLink } from '../parts/link.ts';

const ids = /\b(?:evt|inc|sil)_[0-9A-HJKMNP-TV-Z]{11}\b|\bdlv_[0-9A-HJKMNP-TV-Z]{11}_[1-9]\d{0,8}\b/g;

/** `text`: raw. Silences have one page together. */
export function withLinks(text: string): Html {
  const parts: (Html | string)[] = [];
  let end = 0;
  for (const { 0: id, index } of text.matchAll(ids)) {
    parts.push(text.slice(end, index), linkOf(id));
    end = index + id.length;
  }
  return html`${[...parts, text.slice(end)]}`;
}

function linkOf(id: string): Html {
  switch (id.slice(0, 4)) {
    case 'evt_':
      return eventLink(id);
    case 'dlv_':
      return deliveryLink(id);
    case 'inc_':
      return incidentLink(id);
    default:
      return html`<a href="/console/silences#${id}" class="id">${id}</a>`;
  }
}
