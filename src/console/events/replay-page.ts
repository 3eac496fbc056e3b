/** Before a replay: what it would do. */
import { html } from 'hono/html';
import type { ReplayAnswerView } from '../../operate/shapes/views.ts';
import { csrfField } from '../form.ts';
import { explanationTable, plannedMessages, standingList } from '../look/explanation.ts';
import type { Html } from '../page.ts';
import { outcomeBadge } from '../parts/badge.ts';
import { section } from '../parts/layout.ts';
import { eventLink, eventPath } from '../parts/link.ts';
import type { Session } from '../session.ts';
import { decisionList } from './done.ts';

export interface ReplayAsked {
  id: string;
  /** The id of the last replay; null: it was not replayed before. */
  before: string | null;
  /** What would come of it. */
  dryRun: ReplayAnswerView;
  /** What was wrong with the form that was sent. */
  problem: string | null;
}

export function replayContent({ id, before, dryRun, problem }: ReplayAsked, session: Session, now: number): Html {
  const { outcome, reason, deliveries, decisions, explanation } = dryRun;
  const destinations = explanation?.deliveries.map(({ destination }) => destination) ?? [];
  return html`<h1>Replay ${eventLink(id)}?</h1>
    <p class="lead">
      It goes through today’s rules once more, as an event of its own. Whoever is alerted is told that it is a replay.
    </p>
    ${problem === null ? '' : html`<p class="notice tone-bad" role="alert"><span aria-hidden="true">✗</span> ${problem}</p>`}
    ${before === null ? '' : replayedBefore(before)}
    <form method="post" action="${eventPath(id)}/replay" class="replay">
      ${csrfField(session)} ${before === null ? '' : html`<input type="hidden" name="again" value="1" />`}
      ${destinations.length < 2 ? '' : choice(destinations)}
      <p class="actions">
        <button class="primary">${before === null ? 'Replay' : 'Replay again'}</button> <a href="${eventPath(id)}">Leave it</a>
      </p>
    </form>
    ${section(
      'What would come of it',
      html`<p>${outcome === null ? '' : outcomeBadge(outcome)} ${count(deliveries)} ${reason ?? ''}</p>
        ${decisionList(decisions, now)} ${explanation === null ? '' : standingList(explanation.standing)}`,
      { id: 'outcome' },
    )}
    ${
      explanation === null
        ? ''
        : html`${section('Messages, if nothing stands in the way', plannedMessages(explanation), { id: 'messages' })}
          ${section('Rule by rule', explanationTable(explanation), { id: 'why' })}`
    }`;
}

function replayedBefore(before: string): Html {
  return html`<p class="notice tone-warn">
    <span aria-hidden="true">!</span> It was replayed before, as ${eventLink(before)}. Once more may alert once more.
  </p>`;
}

/** `offered`: so that all of them chosen means wherever the rules send. */
function choice(destinations: readonly string[]): Html {
  return html`<fieldset>
    <legend>To</legend>
    <input type="hidden" name="offered" value="${destinations.length}" />
    <div class="choices">
      ${destinations.map((name) => html`<label><input type="checkbox" name="to" value="${name}" checked /> ${name}</label>`)}
    </div>
  </fieldset>`;
}

function count(deliveries: number): string {
  if (deliveries === 0) return 'Nothing would be sent.';
  return deliveries === 1 ? '1 message would be sent.' : `${deliveries} messages would be sent.`;
}
