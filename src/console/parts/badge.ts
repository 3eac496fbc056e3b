/** One word about how something stands. The colour only repeats what the sign and the word say. */
import { html } from 'hono/html';
import type { DeliverySummaryView, EventSummaryView } from '../../operate/shapes/views.ts';
import { outcomeTone, signs, stateTone, statusTone, type Tone } from '../../operate/tones.ts';
import type { Html } from '../page.ts';

export function badge(tone: Tone, text: string, sign: string = signs[tone]): Html {
  return html`<span class="badge tone-${tone}"><span aria-hidden="true">${sign}</span> ${text}</span>`;
}

/** Of a job, or the status of an app; null: it has none. */
export function stateBadge(state: string | null): Html {
  return state === null ? html`<span class="quiet">–</span>` : badge(stateTone(state), state);
}

export function outcomeBadge(outcome: EventSummaryView['outcome']): Html {
  return badge(outcomeTone(outcome), outcome);
}

export function statusBadge(status: DeliverySummaryView['status']): Html {
  return status === 'sending' ? badge('quiet', status, '→') : badge(statusTone(status), status);
}
