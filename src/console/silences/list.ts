/** Silences and mutes, drawn. */
import { html } from 'hono/html';
import { oneLine } from '../../destination/text.ts';
import { stringifyJson } from '../../event/json.ts';
import type { Silence } from '../../incident/silences.ts';
import { iso } from '../../operate/text.ts';
import type { RulesView } from '../../operate/shapes/views.ts';
import { csrfField } from '../form.ts';
import type { Html } from '../page.ts';
import { badge } from '../parts/badge.ts';
import { duration, time } from '../parts/time.ts';
import type { Session } from '../session.ts';

export function silenceCards(silences: readonly Silence[], session: Session, now: number): Html {
  return html`${silences.map(
    (silence) =>
      html`<article class="card" aria-labelledby="${silence.id}">
        <h3 id="${silence.id}">${matchText(silence.match)}</h3>
        <p>${stateBadge(silence)} ${whenText(silence, now)}</p>
        <p class="quiet">${oneLine(silence.reason)} – ${oneLine(silence.author)} · <span class="id">${silence.id}</span></p>
        ${
          silence.state === 'expired'
            ? ''
            : html`<form method="post" action="/console/silences/${silence.id}/expire" class="actions">
                ${csrfField(session)}<button aria-describedby="${silence.id}">End it now</button>
              </form>`
        }
      </article>`,
  )}`;
}

export function muteCards(mutes: RulesView['mutes'], now: number): Html {
  return html`${mutes.map(
    ({ name, from, until, reason, author, active }) =>
      html`<article class="card" aria-label="${name}">
        <h3>${name}</h3>
        <p>
          ${active ? badge('warn', 'in force', '‖') : badge('quiet', 'not in force')}
          ${from === null ? '' : html`from ${time(from, now)}`}
          ${until === null ? 'without an end' : html`until ${time(until, now)}`}
        </p>
        <p class="quiet">${reason}${author === null ? '' : ` – ${author}`}</p>
      </article>`,
  )}`;
}

/** `dataset_ids 10736, 10744 · states failed`. */
export function matchText(match: unknown): string {
  const parts = Object.entries(match as Record<string, unknown>).map(([key, value]) => `${key} ${valueText(value)}`);
  return parts.length === 0 ? 'everything' : oneLine(parts.join(' · '));
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(', ');
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? `(${matchText(value)})` : (stringifyJson(value) ?? '');
}

function stateBadge({ state }: Silence): Html {
  switch (state) {
    case 'active':
      return badge('warn', 'in force', '‖');
    case 'pending':
      return badge('quiet', 'to come');
    case 'expired':
      return badge('quiet', 'over');
  }
}

function whenText({ state, fromMs, untilMs }: Silence, now: number): Html {
  switch (state) {
    case 'active':
      return html`until ${time(iso(untilMs), now)}`;
    case 'pending':
      return html`from ${time(iso(fromMs), now)} for ${duration(untilMs - fromMs)}`;
    case 'expired':
      return html`ended ${time(iso(untilMs), now)}`;
  }
}
