/** What is wrong with the relay itself, and what to do about it. */
import { html } from 'hono/html';
import { oneLine } from '../../destination/text.ts';
import type { Readiness } from '../../http/app.ts';
import type { DestinationView, RulesView, StatsView } from '../../operate/shapes/views.ts';
import { csrfField } from '../form.ts';
import type { Html } from '../page.ts';
import { ago, time } from '../parts/time.ts';
import type { Session } from '../session.ts';

export type Problem =
  | { kind: 'not-ready'; why: string }
  | { kind: 'rules-refused'; problems: readonly string[] }
  | { kind: 'parked'; name: string; pending: number; parked: NonNullable<DestinationView['parked']> };

export function problemsOf({
  readiness,
  rules,
  destinations,
}: {
  readiness: Readiness;
  rules: RulesView;
  destinations: readonly DestinationView[];
}): Problem[] {
  return [
    ...(readiness.ready ? [] : [{ kind: 'not-ready', why: String(readiness.details.store ?? 'see /readyz') } as const]),
    ...(rules.problems.length === 0 ? [] : [{ kind: 'rules-refused', problems: rules.problems } as const]),
    ...destinations.flatMap(({ name, pending, parked }) => (parked ? [{ kind: 'parked', name, pending, parked } as const] : [])),
  ];
}

export function problemList(problems: readonly Problem[], session: Session, now: number): Html {
  return html`<ul class="problems" aria-label="Problems of the relay">
    ${problems.map((problem) => html`<li class="${problem.kind === 'parked' ? 'tone-warn' : 'tone-bad'}">${drawn(problem, session, now)}</li>`)}
  </ul>`;
}

/** In its place when nothing is wrong. */
export function calmBar({ now: { last_event_at: last } }: StatsView, now: number): Html {
  return html`<div class="calm">
    <span class="sign" aria-hidden="true">✓</span>
    <div>
      <p class="what">Nothing is wrong.</p>
      <p>
        No open incident, no dead letter, every destination takes what is sent.
        ${last === null ? 'No event has come yet.' : html`The last event came ${ago(last, now)}.`}
      </p>
    </div>
  </div>`;
}

/** A button that lets a parked destination try again at once. */
export function unparkForm(session: Session, name: string): Html {
  return html`<form method="post" action="/console/unpark">
    ${csrfField(session)}<input type="hidden" name="destination" value="${name}" />
    <button>Unpark ${name}</button>
  </form>`;
}

function drawn(problem: Problem, session: Session, now: number): Html {
  switch (problem.kind) {
    case 'not-ready':
      return html`<p class="what">✗ The relay takes no events</p>
        <p>${problem.why}. Senders are told to try again; nothing that was accepted is lost.</p>`;
    case 'rules-refused':
      return html`<p class="what">✗ The changed rules were refused: those before stay in force</p>
        <ul>
          ${problem.problems.slice(0, maxProblems).map((each) => html`<li><code>${each}</code></li>`)}
        </ul>
        <p><a href="/console/rules">Rules</a></p>`;
    case 'parked': {
      const { name, pending, parked } = problem;
      return html`<p class="what">! <a href="/console/destinations">${name}</a> is parked since ${time(parked.since, now)}</p>
        <p>${parked.reason}: ${oneLine(parked.detail)}</p>
        <p>${pending} ${pending === 1 ? 'delivery waits' : 'deliveries wait'} · next try ${ago(parked.next_probe_at, now)}</p>
        <div class="actions">${unparkForm(session, name)}</div>`;
    }
  }
}

/** The rest is on the page of the rules. */
const maxProblems = 5;
