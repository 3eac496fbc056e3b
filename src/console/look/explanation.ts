/** Why an event is, or is not, sent where: each rule with its verdict, then the messages. */
import { html } from 'hono/html';
import type { ExplanationView, RuleVerdictView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { look } from './look.ts';

/** Every rule, in the order of the files: ✓ matched, · did not, and why. */
export function explanationTable({ rules, unmatched }: ExplanationView): Html {
  return html`<table class="verdicts">
    <thead>
      <tr>
        <th scope="col">rule</th>
        <th scope="col">verdict</th>
      </tr>
    </thead>
    <tbody>
      ${rules.map((rule) => verdictRow(rule.name, rule.verdict === 'matched', verdictOf(rule), rule.at))}
      ${unmatched === null ? '' : verdictRow('unmatched', unmatched.applies, unmatchedWords(unmatched), 'for what no rule matched')}
    </tbody>
  </table>`;
}

/** What stands in the way of sending at once, or has been said already, rule by rule. */
export function standingList(standing: ExplanationView['standing']): Html {
  if (standing.length === 0) return html``;
  return html`<ul class="standing">
    ${standing.map(({ rule, verdict }) => html`<li><strong>${rule}</strong> ${verdict}</li>`)}
  </ul>`;
}

/** What would be sent if nothing stood in the way, as it would look. */
export function plannedMessages({ deliveries }: ExplanationView): Html {
  return html`${deliveries.map(
    ({ destination, rule, merged, severity, change, preview }) =>
      html`<section class="planned">
        <h3>→ ${destination}</h3>
        <p class="quiet">
          ${[`by ${rule}`, ...merged.map((each) => `and ${each}`)].join(' ')} · ${severity}${change ? ' · as a change event' : ''}
        </p>
        ${look(preview)}
      </section>`,
  )}`;
}

function verdictRow(name: string, matched: boolean, words: string, at: string): Html {
  return html`<tr class="${matched ? 'matched' : 'unmatched'}">
    <th scope="row">
      <span class="sign" aria-hidden="true">${matched ? '✓' : '·'}</span> ${name}
      <span class="quiet at">${at}</span>
    </th>
    <td>${words}</td>
  </tr>`;
}

function unmatchedWords({ applies, reason }: NonNullable<ExplanationView['unmatched']>): string {
  return applies ? `applies: ${reason}` : `does not apply: ${reason}`;
}

function verdictOf({ verdict, to, reason, waits, stops }: RuleVerdictView): string {
  switch (verdict) {
    case 'matched':
      return [
        to.length === 0 ? 'matched, and sends nowhere' : `matched → ${to.join(', ')}`,
        ...(waits === null ? [] : [waits]),
        ...(stops ? ['ends evaluation within its file'] : []),
      ].join(' · ');
    case 'no-match':
      return `did not match: ${reason ?? 'no reason is known'}`;
    case 'not-reached':
      return reason ?? 'not looked at: a rule before it ended evaluation';
  }
}
