/** An event to be tried against the rules: the form, and what they make of it. */
import { html } from 'hono/html';
import type { EventSummaryView, ExplanationView } from '../../operate/shapes/views.ts';
import { eventName } from '../events/event-words.ts';
import { standsNow } from '../events/why.ts';
import { csrfField } from '../form.ts';
import { explanationTable, plannedMessages } from '../look/explanation.ts';
import type { Html } from '../page.ts';
import { emptyState, section } from '../parts/layout.ts';
import type { Session } from '../session.ts';
import { rulesPath, tryPath } from './rules-page.ts';

/** As it was typed, or filled in from an event that came. */
export interface Tried {
  event: string;
  /** Empty: the first. */
  subscription: string;
}

export type TriedField = 'event' | 'subscription' | 'example';

export interface TryShown {
  tried: Tried;
  /** Of the rules. */
  subscriptions: readonly string[];
  /** The last that came, to be filled in. */
  examples: readonly EventSummaryView[];
  /** By field, what to change. */
  wrong: ReadonlyMap<TriedField, string>;
  /** Null: nothing has been tried yet, or it can not be read. */
  explanation: ExplanationView | null;
}

export function tryTitle({ explanation, wrong }: TryShown): string {
  if (wrong.size > 0) return 'Try an event: something is wrong';
  return explanation === null ? 'Try an event' : sentWords(explanation);
}

export function tryContent(shown: TryShown, session: Session, now: number): Html {
  const { explanation } = shown;
  return html`<p><a href="${rulesPath}">Rules</a></p>
    <h1>Try an event</h1>
    <p class="lead">What the rules in force make of it. Nothing is stored, and nothing is sent.</p>
    ${explanation === null ? '' : explained(explanation, now)} ${exampleForm(shown)} ${eventForm(shown, session)}`;
}

function explained(explanation: ExplanationView, now: number): Html {
  const stands = standsNow(explanation, now);
  return html`${section(
      sentWords(explanation),
      explanation.deliveries.length === 0
        ? emptyState('Nothing would be sent.', 'Rule by rule, below, says why.')
        : plannedMessages(explanation),
      { id: 'sent' },
    )}
    ${section('Rule by rule', explanationTable(explanation), { id: 'why' })}
    ${stands === null ? '' : section(html`How it stands with ${explanation.subject}`, stands, { id: 'stands' })}
    <hr />`;
}

/** `2 messages would be sent`. */
function sentWords({ deliveries }: ExplanationView): string {
  if (deliveries.length === 0) return 'Nothing would be sent';
  return deliveries.length === 1 ? '1 message would be sent' : `${deliveries.length} messages would be sent`;
}

function exampleForm({ examples, wrong }: TryShown): Html {
  const problem = wrong.get('example') ?? null;
  if (examples.length === 0 && problem === null) return html``;
  return html`<form method="get" action="${tryPath}" class="example">
    <div class="field">
      <label for="example">Begin with one that came</label>
      <select id="example" name="event" ${problem === null ? '' : html`aria-invalid="true" aria-describedby="example-note"`}>
        ${examples.map((event) => html`<option value="${event.id}">${exampleWords(event)}</option>`)}
      </select>
    </div>
    <button>Fill in</button>
    ${problem === null ? '' : html`<p class="wrong" id="example-note">${problem}</p>`}
  </form>`;
}

function exampleWords(event: EventSummaryView): string {
  const dataset = event.dataset_id === null ? '' : ` of dataset ${event.dataset_id}`;
  return `${eventName(event)}${dataset} · ${event.received_at.slice(0, 16).replace('T', ' ')} UTC`;
}

function eventForm({ tried, subscriptions, wrong }: TryShown, session: Session): Html {
  const problem = wrong.get('event') ?? null;
  return html`<form method="post" action="${tryPath}" class="stack try">
    ${csrfField(session)}
    <div class="field">
      <label for="event">Event, as Narrative sends it (JSON)</label>
      <textarea
        id="event"
        name="event"
        rows="16"
        spellcheck="false"
        aria-describedby="event-note"
        ${problem === null ? '' : html`aria-invalid="true" autofocus`}
      >
${tried.event}</textarea>
      <p class="${problem === null ? 'hint' : 'wrong'}" id="event-note">
        ${problem ?? html`Such as <code>{"id": "1", "type": "job.failed", "data": {"job_id": "1", "state": "failed", …}}</code>`}
      </p>
    </div>
    ${subscriptionField(subscriptions, tried.subscription, wrong.get('subscription') ?? null)}
    <p class="actions"><button class="primary">Try it</button></p>
  </form>`;
}

function subscriptionField(subscriptions: readonly string[], chosen: string, problem: string | null): Html {
  // A form that lay open while the rules changed may hold one that is gone.
  const offered = chosen === '' || subscriptions.includes(chosen) ? subscriptions : [...subscriptions, chosen];
  return html`<div class="field">
    <label for="subscription">Came by the subscription</label>
    <select
      id="subscription"
      name="subscription"
      ${problem === null ? '' : html`aria-invalid="true" aria-describedby="subscription-note"`}
    >
      ${offered.map((name) => html`<option value="${name}" ${name === chosen ? html`selected` : ''}>${name}</option>`)}
    </select>
    ${problem === null ? '' : html`<p class="wrong" id="subscription-note">${problem}</p>`}
  </div>`;
}
