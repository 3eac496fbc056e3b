/** One delivery: what it is about, how it went, how it looked, and what can be done about it. */
import { html } from 'hono/html';
import type { DeliveryDetailView, DestinationView } from '../../operate/shapes/views.ts';
import { actWords, attemptTable, messageWords, noMessage } from '../events/done.ts';
import { csrfField } from '../form.ts';
import { code } from '../look/json.ts';
import { memberList } from '../look/members.ts';
import { look } from '../look/look.ts';
import type { Html } from '../page.ts';
import { badge, statusBadge } from '../parts/badge.ts';
import { emptyState, facts, fold, section } from '../parts/layout.ts';
import { deliveryLink, deliveryPath, eventLink, incidentLink } from '../parts/link.ts';
import { parkedWait } from '../parts/parked.ts';
import { time } from '../parts/time.ts';
import type { Session } from '../session.ts';
import { aboutOf } from './delivery-rows.ts';

/** Why each can not be done, in a few words; null where it can. */
export interface Refused {
  retry: string | null;
  discard: string | null;
}

export interface ShownDelivery {
  delivery: DeliveryDetailView;
  /** Null: gone from the rules, and nothing of it is left. */
  destination: DestinationView | null;
  refused: Refused;
}

/** How often the page of one that is on its way draws itself anew, s. */
const refreshS = 5;

/** For tabs: `✗ dead: airflow · materialize-view/10744`. */
export function deliveryTitle(delivery: DeliveryDetailView): string {
  const { status, destination } = delivery;
  const sign = status === 'dead' ? '✗ ' : status === 'delivered' ? '✓ ' : '';
  return `${sign}${status}: ${destination} · ${aboutOf(delivery)}`;
}

export function deliveryContent(shown: ShownDelivery, session: Session, now: number): Html {
  const { delivery } = shown;
  const { id, destination, status, made, preview, members } = delivery;
  const refreshing = html`data-refresh hx-get="${deliveryPath(id)}" hx-trigger="every ${refreshS}s" hx-select="#delivery"
  hx-swap="outerHTML"`;
  return html`<div id="delivery" ${isOpen(status) ? refreshing : ''}>
    <h1>${destination}: ${aboutOf(delivery)}</h1>
    <p>${statusBadge(status)} <span class="quiet id">${id}</span></p>
    ${said(delivery)} ${actions(shown, session)} ${factsOf(shown, now)}
    ${section('Attempts', made.length === 0 ? emptyState('None yet.') : attemptTable(made, now), { id: 'attempts' })}
    ${section(messageWords(delivery), preview === null ? emptyState(noMessage(delivery)) : look(preview), { id: 'message' })}
    ${members.length === 0 ? '' : section('What failed together', memberList(members), { id: 'members' })}
  </div>`;
}

/** Why it did not arrive, or did not yet. */
function said({ status, reason, detail }: DeliveryDetailView): Html {
  if (status === 'delivered' || (reason === null && detail === null)) return html``;
  const bad = status === 'dead' || isOpen(status);
  return html`<p class="said ${bad ? '' : 'plain'}">${[reason, detail].filter((part) => part !== null).join(': ')}</p>`;
}

function actions({ delivery: { id, status }, refused }: ShownDelivery, session: Session): Html {
  const retry = status === 'scheduled' ? 'Send it now' : 'Retry';
  const why = (label: string, words: string | null) =>
    words === null ? '' : html`<p class="quiet">${label} is not possible: ${words}.</p>`;
  return html`<div class="actions">
      ${
        refused.retry === null
          ? html`<form method="post" action="${deliveryPath(id)}/retry">
              ${csrfField(session)}<button class="primary">${retry}</button>
            </form>`
          : ''
      }
      ${refused.discard === null ? html`<a class="button danger" href="${deliveryPath(id)}/discard">Discard…</a>` : ''}
    </div>
    ${status === 'delivered' ? '' : html`${why(retry, refused.retry)} ${why('Discarding', refused.discard)}`}`;
}

function factsOf({ delivery, destination }: ShownDelivery, now: number): Html {
  const { event_id: event, subject, title, rule, merged, severity, act, incident_id: incident, status, note, receipt } = delivery;
  return html`${facts([
    { label: 'Event', value: event === null ? 'none: in the relay’s own words' : eventLink(event) },
    { label: 'Subject', value: title === null ? null : subject },
    { label: 'Destination', value: destinationFact(delivery, destination) },
    { label: 'Rule', value: rule === null ? 'none' : [rule, ...merged.map((each) => `and ${each}`)].join(' ') },
    { label: 'Severity', value: severity },
    { label: 'Incident', value: incident === null ? null : html`${incidentLink(incident)} ${act === null ? '' : actWords(act)}` },
    { label: 'In place of', value: delivery.fallback_of === null ? null : deliveryLink(delivery.fallback_of) },
    { label: 'Note', value: note },
    { label: 'Made', value: time(delivery.created_at, now) },
    { label: 'Due', value: dueOf(delivery, destination, now) },
    { label: 'Tried until', value: isOpen(status) ? time(delivery.expires_at, now) : null },
    { label: 'Ended', value: delivery.finished_at === null ? null : time(delivery.finished_at, now) },
  ])}
  ${receipt === null ? '' : fold('Receipt: what the other side gave back', code(JSON.stringify(receipt, null, 2)))}`;
}

function destinationFact({ destination: name, type }: DeliveryDetailView, view: DestinationView | null): Html {
  const parked = view?.parked ?? null;
  return html`<a href="/console/destinations">${name}</a>
    <span class="quiet">${type ?? 'no longer in the rules'}</span>
    ${parked === null ? '' : html`${badge('warn', 'parked', '‖')} ${parked.reason}`}`;
}

/** Null: nothing to say. */
function dueOf(
  { destination: name, status, due_at: due }: DeliveryDetailView,
  view: DestinationView | null,
  now: number,
): Html | null {
  const parked = view?.parked ?? null;
  if (parked !== null && isOpen(status) && status !== 'sending') return parkedWait(name, parked.next_probe_at, now);
  return due === null ? null : time(due, now);
}

function isOpen(status: DeliveryDetailView['status']): boolean {
  switch (status) {
    case 'queued':
    case 'waiting':
    case 'scheduled':
    case 'sending':
      return true;
    case 'delivered':
    case 'dead':
    case 'suppressed':
      return false;
  }
}
