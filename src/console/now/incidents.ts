/** What is broken, what it says, and what can be done about it at once. */
import { html } from 'hono/html';
import { oneLine, truncate } from '../../destination/text.ts';
import type { IncidentPageView, IncidentView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { badge } from '../parts/badge.ts';
import { eventPath, incidentPath } from '../parts/link.ts';
import { time } from '../parts/time.ts';

export function incidentList({ incidents, next }: IncidentPageView, now: number): Html {
  return html`<ul class="incidents">
      ${incidents.map((each) => html`<li class="incident ${each.silenced_by === null ? '' : 'silenced'}">${item(each, now)}</li>`)}
    </ul>
    ${next === null ? '' : html`<p><a href="/console/incidents">All that are open</a></p>`}`;
}

function item(incident: IncidentView, now: number): Html {
  const { id, opened_at: since, last_at: last, failures, last_said: said, opened_by: event, silenced_by: silence } = incident;
  const subject = oneLine(incident.subject);
  return html`<div>
      <h3><a href="${incidentPath(id)}">${subject}</a> ${silence === null ? '' : badge('quiet', 'silenced')}</h3>
      <p>
        ${kindWords(incident)} since ${time(since, now)}${failures > 1 ? html`, ${failures} times, last ${time(last, now)}` : ''}
      </p>
      ${said === null ? '' : html`<p><code>${truncate(oneLine(said), maxSaid)}</code></p>`}
      ${silence === null ? '' : html`<p class="quiet">Kept quiet by <a href="/console/silences">${silence}</a>.</p>`}
    </div>
    <div class="actions">
      ${event === null ? '' : button(eventPath(event), 'Why, or why not?', `an alert about ${subject}`)}
      ${silence === null && incident.match !== null ? button(silencePath(id), 'Silence…', subject) : ''}
    </div>`;
}

/** `about`: read out behind the label, which is the same on every card. */
function button(path: string, label: string, about: string): Html {
  return html`<a class="button" href="${path}">${label}<span class="unseen"> ${about}</span></a>`;
}

/** The form to silence the like of an incident, filled in: for two hours, with a reason. */
function silencePath(id: string): string {
  return `/console/silences?${new URLSearchParams({ incident: id, for: '2h' }).toString()}`;
}

function kindWords({ kind, job_type: jobType }: IncidentView): string {
  switch (kind) {
    case 'subject':
      return 'Failing';
    case 'group':
      return 'A group, failing';
    case 'late':
      // Its subject says no more than the job's id.
      return jobType === null ? 'Late' : `${oneLine(jobType)}, late`;
    case 'expect':
      return 'Missing';
  }
}

/** Characters of what it said; the whole is on the incident's page. */
const maxSaid = 240;
