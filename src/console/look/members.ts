/** What a group tells of: each subject, with the event of its last failure. */
import { html } from 'hono/html';
import type { DeliveryDetailView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { eventLink } from '../parts/link.ts';

export function memberList(members: DeliveryDetailView['members']): Html {
  return html`<ul class="members">
    ${members.map(({ subject, event_id: event }) => html`<li>${eventLink(event)} ${subject}</li>`)}
  </ul>`;
}
