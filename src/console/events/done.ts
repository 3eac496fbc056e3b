/** What was done about an event: each delivery with its attempts and the message as it looked, then what was held back, and why. */
import { html } from 'hono/html';
import type { AttemptView, DecisionView, DeliveryDetailView, EventDetailView } from '../../operate/shapes/views.ts';
import type { Tone } from '../../operate/tones.ts';
import { withLinks } from '../look/ids.ts';
import { look } from '../look/look.ts';
import type { Html } from '../page.ts';
import { badge, statusBadge } from '../parts/badge.ts';
import { emptyState, fold } from '../parts/layout.ts';
import { deliveryLink, incidentLink } from '../parts/link.ts';
import { parkedWait, type Parked } from '../parts/parked.ts';
import { row, table, type Column } from '../parts/table.ts';
import { duration, time } from '../parts/time.ts';

/** `parked`: destinations for which things wait. */
export function done({ deliveries, decisions, reason }: EventDetailView, parked: Parked, now: number): Html {
  if (deliveries.length === 0 && decisions.length === 0)
    return emptyState('Nothing was sent.', reason ?? 'No rule sends it anywhere.');
  return html`${deliveries.map((delivery) => deliveryPart(delivery, parked, now))} ${decisionList(decisions, now)}`;
}

/** Why rules that matched did not simply send. */
export function decisionList(decisions: readonly DecisionView[], now: number): Html {
  if (decisions.length === 0) return html``;
  return html`<ul class="decisions">
    ${decisions.map(
      ({ rule, kind, until, detail }) =>
        html`<li>
          ${badge('warn', kind)} <strong>${rule}</strong> ${withLinks(detail)}
          ${until === null ? '' : html`<span class="quiet">until ${time(until, now)}</span>`}
        </li>`,
    )}
  </ul>`;
}

function deliveryPart(delivery: DeliveryDetailView, parked: Parked, now: number): Html {
  const { id, destination, status, made, preview, reason, detail, note } = delivery;
  return html`<article class="card delivery">
    <h3>${deliveryLink(id, destination)} ${statusBadge(status)} ${when(delivery, parked, now)}</h3>
    <p class="quiet">${facets(delivery)}</p>
    ${detail === null ? '' : html`<p>${reason === null ? '' : html`<strong>${reason}:</strong> `}${withLinks(detail)}</p>`}
    ${note === null ? '' : html`<p class="quiet">With the note: ${note}</p>`}
    ${made.length === 0 ? '' : fold(made.length === 1 ? '1 attempt' : `${made.length} attempts`, attemptTable(made, now))}
    ${
      preview === null
        ? html`<p class="quiet">${noMessage(delivery)}</p>`
        : // A request to another system holds little but the payload, which stands below.
          fold(messageWords(delivery), look(preview), { open: preview.format !== 'http' })
    }
  </article>`;
}

/** What the message that is drawn is: a heading. */
export function messageWords({ status, preview_of: of }: Pick<DeliveryDetailView, 'status' | 'preview_of'>): string {
  switch (of) {
    case 'sent':
      return 'The message as it looked';
    case 'nothing':
      return 'No message';
    case 'now':
      return status === 'dead' || status === 'suppressed'
        ? 'The message that was not delivered, as it would look now'
        : 'The message as it would look now';
  }
}

/** Why none is drawn. */
export function noMessage({ status, preview_of: of }: Pick<DeliveryDetailView, 'status' | 'preview_of'>): string {
  if (of !== 'nothing')
    return 'The message can not be drawn: its destination is not in the rules any more, or its event is gone.';
  const sent = status === 'delivered' ? 'was sent' : 'would be sent';
  return `Nothing ${sent}: it was only to bring up to date a message of its incident, and there is none to edit.`;
}

/** The moment that matters for how it stands. */
function when(
  { status, destination, finished_at: finished, due_at: due }: DeliveryDetailView,
  parked: Parked,
  now: number,
): Html {
  const nextTry = parked.get(destination);
  if (nextTry !== undefined && finished === null && status !== 'sending')
    return html`<span class="quiet">${parkedWait(destination, nextTry, now)}</span>`;
  const at = finished ?? due;
  if (at === null) return html``;
  return html`<span class="quiet">${finished === null && status === 'scheduled' ? 'due ' : ''}${time(at, now)}</span>`;
}

function facets({ rule, merged, severity, act, incident_id: incident, fallback_of: fallbackOf }: DeliveryDetailView): Html {
  const words = [
    rule === null ? 'asked for by no rule' : `rule ${rule}`,
    ...(merged.length === 0 ? [] : [`also wanted by ${merged.join(', ')}`]),
    severity,
  ].join(' · ');
  return html`${words}${act === null ? '' : ` · ${actWords(act)}`}${incident === null ? '' : html` · ${incidentLink(incident)}`}${
    fallbackOf === null ? '' : html` · in place of ${deliveryLink(fallbackOf)}`
  }`;
}

export function actWords(act: string): string {
  switch (act) {
    case 'open':
      return 'opens the incident';
    case 'remind':
      return 'a reminder of the incident';
    case 'count':
      return 'counts in the message of the incident';
    case 'recover':
      return 'tells that it has recovered';
    default:
      return act;
  }
}

const attemptColumns: readonly Column[] = [
  { label: 'Attempt', numeric: true },
  { label: 'At' },
  { label: 'Took', numeric: true },
  { label: 'Outcome' },
  { label: 'Detail' },
];

/** The first first. */
export function attemptTable(attempts: readonly AttemptView[], now: number): Html {
  const rows = attempts.map(({ attempt, started_at: at, took_ms: tookMs, outcome, reason, detail }) =>
    row(attemptColumns, [
      attempt,
      time(at, now),
      tookMs < 1_000 ? `${tookMs} ms` : duration(tookMs),
      badge(outcomeTone(outcome), outcome),
      reason === null ? detail : `${reason}: ${detail}`,
    ]),
  );
  return table({ caption: 'Attempts', columns: attemptColumns, rows });
}

function outcomeTone(outcome: string): Tone {
  if (outcome === 'delivered') return 'good';
  return outcome === 'retry' || outcome === 'ambiguous' ? 'warn' : 'bad';
}
