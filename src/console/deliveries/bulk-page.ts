/** The same done to many deliveries: what it would do, how far it is, and what came of it. */
import { html } from 'hono/html';
import type { BulkAnswerView } from '../../operate/shapes/views.ts';
import { addressOf, type Given } from '../events/asked.ts';
import { csrfField } from '../form.ts';
import type { Html } from '../page.ts';
import { facts, section } from '../parts/layout.ts';
import { deliveryLink } from '../parts/link.ts';
import type { Session } from '../session.ts';
import { writtenCount, type BulkCount } from './bulk-count.ts';
import { listPath } from './list-page.ts';

export type Act = BulkAnswerView['action'];

export interface BulkShown {
  act: Act;
  /** The filter, as text. */
  given: Given;
  /** Of the dry run, or of the steps so far. */
  count: BulkCount;
}

export interface Wanted extends BulkShown {
  /** Not all were looked at: there are more than the count says. */
  more: boolean;
  /** Of the destinations that are meant: their deliveries would wait. */
  parked: readonly string[];
}

export interface Going extends BulkShown {
  /** Where the next step begins. */
  next: string;
  /** How many the dry run found; 0: not known. */
  expected: number;
}

const words = {
  retry: { ask: (what: string) => `Send ${what} again`, doing: 'Sending again', done: 'sent again', button: 'primary' },
  discard: { ask: (what: string) => `Discard ${what}`, doing: 'Discarding', done: 'discarded', button: 'danger' },
} as const;

function number(count: number): string {
  return count.toLocaleString('en');
}

/** For tabs, and as the heading. */
export function wantedTitle({ act, count, more }: Wanted): string {
  const { ask } = words[act];
  if (count.done === 0 && !more) return act === 'retry' ? 'Nothing to send again' : 'Nothing to discard';
  return `${ask(`${more ? 'more than ' : ''}${deliveriesWords(count.done)}`)}?`;
}

export function wantedContent(wanted: Wanted, session: Session): Html {
  const { act, given, count, more, parked } = wanted;
  const { ask, button, done } = words[act];
  const isEmpty = count.done === 0 && !more;
  return html`<h1>${wantedTitle(wanted)}</h1>
    ${filterFacts(given)}
    <p>
      ${more ? `The ${act === 'retry' ? 'oldest' : 'latest'} ${number(count.matched)} were looked at; there are more. ` : ''}${matchWords(count)}${
        isEmpty ? '' : html` <strong>${number(count.done)}</strong> of them would be ${done}.`
      }
      Nothing has been done yet.
    </p>
    ${parked.length === 0 || act === 'discard' ? '' : parkedWarning(parked)} ${skippedPart('Would be skipped', count)}
    ${
      isEmpty
        ? html`<p class="actions"><a class="button" href="${addressOf(listPath, given)}">Back to them</a></p>`
        : html`<form method="post" action="${actPath(act)}">
            ${csrfField(session)} ${hiddenFields(given)}
            <input type="hidden" name="expected" value="${more ? 0 : count.matched}" />
            <p class="actions">
              <button class="${button}">${ask(more ? 'all' : number(count.done))}</button>
              <a href="${addressOf(listPath, given)}">Leave them</a>
            </p>
          </form>`
    }`;
}

export function goingTitle({ act, count, expected }: Going): string {
  const of = expected === 0 ? '' : ` of ${number(expected)}`;
  return `${words[act].doing}: ${number(count.matched)}${of}`;
}

/** One step is done. The script asks for the next by itself; without it, the button does. */
export function goingContent(going: Going, session: Session): Html {
  const { act, given, count, next, expected } = going;
  return html`<div aria-live="polite">
    <div id="bulk">
      <h1>${goingTitle(going)}</h1>
      <p>
        <progress
          ${expected === 0 ? '' : html`value="${count.matched}" max="${Math.max(expected, count.matched)}"`}
          aria-label="How far it is"
        ></progress>
      </p>
      <p>${doneWords(act, count)}</p>
      <form
        method="post"
        action="${actPath(act)}"
        hx-post="${actPath(act)}"
        hx-trigger="load delay:100ms"
        hx-target="#bulk"
        hx-select="#bulk"
        hx-swap="outerHTML"
      >
        ${csrfField(session)} ${hiddenFields(given)}
        <input type="hidden" name="expected" value="${expected}" />
        <input type="hidden" name="before" value="${next}" />
        <input type="hidden" name="so_far" value="${writtenCount(count)}" />
        <p class="actions"><button class="primary">Go on</button> <a href="${listPath}">Stop here</a></p>
      </form>
      ${skippedPart('Skipped', count)}
    </div>
  </div>`;
}

export function overTitle({ act, count }: BulkShown): string {
  return `✓ ${deliveriesWords(count.done)} ${words[act].done}`;
}

export function overContent(over: BulkShown): Html {
  const { act, given, count } = over;
  return html`<div id="bulk">
    <h1>${overTitle(over)}</h1>
    <p>${doneWords(act, count)}</p>
    ${skippedPart('Skipped', count)}
    <p class="actions">
      <a class="button" href="${listPath}">Deliveries</a> <a href="${addressOf(listPath, given)}">What is left of them</a>
    </p>
  </div>`;
}

const actPath = (act: Act) => `${listPath}/${act}`;

function deliveriesWords(count: number): string {
  return count === 1 ? '1 delivery' : `${number(count)} deliveries`;
}

function matchWords({ matched }: BulkCount): string {
  return `${deliveriesWords(matched)} ${matched === 1 ? 'matches' : 'match'}.`;
}

function doneWords(act: Act, { matched, done }: BulkCount): string {
  const skipped = matched - done;
  return `${number(done)} ${words[act].done}, ${number(skipped)} skipped.`;
}

function hiddenFields(given: Given): Html[] {
  return Object.entries(given).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`);
}

function filterFacts(given: Given): Html {
  return facts(
    Object.entries(given).map(([name, value]) => ({ label: `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, value })),
  );
}

function skippedPart(heading: string, { skipped }: BulkCount): Html {
  if (skipped.length === 0) return html``;
  const list = html`<ul>
    ${skipped.map(
      ({ reason, count, example }) =>
        html`<li>${number(count)}: ${reason}, ${count === 1 ? '' : 'such as '}${deliveryLink(example)}</li>`,
    )}
  </ul>`;
  return section(heading, list, { id: 'skipped' });
}

function parkedWarning(parked: readonly string[]): Html {
  return html`<p class="notice tone-warn">
    <span aria-hidden="true">!</span> ${parked.join(', ')} ${parked.length === 1 ? 'is' : 'are'} parked: what is sent there waits
    until it is mended. <a href="/console/destinations">Destinations</a>
  </p>`;
}
