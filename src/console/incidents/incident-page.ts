/** One incident: what failed, since when, what was said about it, and the events of its subject. */
import { html } from 'hono/html';
import type { IncidentDetailView } from '../../operate/shapes/views.ts';
import { eventTable } from '../events/event-rows.ts';
import { standingList } from '../look/explanation.ts';
import type { Html } from '../page.ts';
import { emptyState, facts, section } from '../parts/layout.ts';
import { deliveryLink, eventLink } from '../parts/link.ts';
import { duration, time } from '../parts/time.ts';
import { incidentBadge } from './list-page.ts';

/** For tabs: `✗ failing: datasets_deliver_data/10736`. */
export function incidentTitle({ status, subject }: IncidentDetailView): string {
  return status === 'open' ? `✗ failing: ${subject}` : `✓ over: ${subject}`;
}

export function incidentContent(incident: IncidentDetailView, now: number): Html {
  const { id, kind, subject, status, rules, match } = incident;
  return html`<h1>${status === 'open' ? 'Failing' : 'Over'}: ${subject}</h1>
    <p>
      ${incidentBadge(incident)} <span class="quiet">${kindWords(kind)} · <span class="id">${id}</span></span>
    </p>
    ${
      status === 'open' && match !== null
        ? html`<p class="actions"><a class="button" href="/console/silences?incident=${id}&for=2h">Silence it…</a></p>`
        : ''
    }
    ${section('What happened', story(incident, now), { id: 'happened' })}
    ${rules.length === 0 ? '' : section('What each rule says', standingList(rules), { id: 'rules' })}
    ${section(kind === 'group' ? 'What failed together' : 'Events of its subject', eventsOf(incident, now), {
      id: 'events-heading',
    })}`;
}

function eventsOf({ kind, subject, events }: IncidentDetailView, now: number): Html {
  if (events.length === 0) return emptyState('None is kept any more.');
  const rows = eventTable('incident-events', 'Its events, the newest first', events, now);
  // A group has no events of its own, but those of its members.
  if (kind === 'group') return rows;
  return html`${rows}
    <p><a href="/console/events?${new URLSearchParams({ subject }).toString()}">All events of ${subject}</a></p>`;
}

function story(incident: IncidentDetailView, now: number): Html {
  const { opened_at: opened, last_at: last, ended_at: ended, failures, first_said: first, last_said: said } = incident;
  const { opened_by: openedBy, ended_by: endedBy, silenced_by: silence, told_in: toldIn } = incident;
  return facts([
    { label: 'Failing since', value: html`${time(opened, now)}${openedBy === null ? '' : html`, by ${eventLink(openedBy)}`}` },
    { label: 'Failures', value: failures === 1 ? '1' : html`${failures}, the last ${time(last, now)}` },
    {
      label: 'Ended',
      value:
        ended === null
          ? null
          : html`${time(ended, now)}, after
            ${duration(Date.parse(ended) - Date.parse(opened))}${endedBy === null ? '' : html`, by ${eventLink(endedBy)}`}`,
    },
    { label: 'First said', value: first },
    { label: 'Last said', value: said === first ? null : said },
    { label: 'Last told in', value: toldIn === null ? null : deliveryLink(toldIn) },
    { label: 'Silenced by', value: silence },
  ]);
}

function kindWords(kind: IncidentDetailView['kind']): string {
  switch (kind) {
    case 'subject':
      return 'a subject that failed and has not completed since';
    case 'group':
      return 'several failures, told of together';
    case 'late':
      return 'a job that is late';
    case 'expect':
      return 'something expected that did not come';
  }
}
