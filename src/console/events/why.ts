/** Why it was, or was not, sent where: every rule by the rules as they are now, and how things stand with the subject. */
import { html } from 'hono/html';
import type { EventDetailView, ExplanationView, IncidentView } from '../../operate/shapes/views.ts';
import { explanationTable, standingList } from '../look/explanation.ts';
import type { Html } from '../page.ts';
import { emptyState } from '../parts/layout.ts';
import { incidentLink } from '../parts/link.ts';
import { time } from '../parts/time.ts';

export function why({ explanation, rules, rules_version: then, outcome }: EventDetailView): Html {
  if (explanation === null) {
    const hint = outcome === 'quarantined' ? 'It is kept whole. A replay reads it anew.' : 'Its body can not be read any more.';
    return emptyState('No rule looked at it: it is none of the events that the relay knows.', hint);
  }
  return html`${then === explanation.rules_version ? '' : rulesChanged(rules)} ${explanationTable(explanation)}`;
}

/** Null: there is nothing to say. */
export function standsNow({ incident, standing }: ExplanationView, now: number): Html | null {
  if (incident === null && standing.length === 0) return null;
  return html`${incident === null ? '' : html`<p>${incidentLine(incident, now)}</p>`} ${standingList(standing)}`;
}

function incidentLine(
  { id, subject, opened_at: opened, failures, last_said: said, silenced_by: silence }: IncidentView,
  now: number,
) {
  return html`${incidentLink(id, subject)} fails since ${time(opened, now)},
  ${failures === 1 ? '1 failure' : `${failures} failures`}.${said === null ? '' : ` Last said: ${said}`}${
    silence === null ? '' : html` <strong>Silenced by ${silence}.</strong>`
  }`;
}

function rulesChanged(rules: readonly string[]): Html {
  const matched = rules.length === 0 ? 'none matched' : `${rules.join(', ')} matched`;
  return html`<p class="notice tone-warn">
    <span aria-hidden="true">!</span> The rules have changed since: then ${matched}. Below is what they say now.
  </p>`;
}
