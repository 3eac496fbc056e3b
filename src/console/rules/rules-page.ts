/** The rules in force, in words, and what was wrong with those that were refused. */
import { html } from 'hono/html';
import type { RulesView, RuleView } from '../../operate/shapes/views.ts';
import type { Html } from '../page.ts';
import { emptyState, facts, section } from '../parts/layout.ts';
import { row, table, type Column } from '../parts/table.ts';
import { time } from '../parts/time.ts';
import { matchText, muteCards } from '../silences/list.ts';

export const rulesPath = '/console/rules';
export const tryPath = `${rulesPath}/try`;

/** For tabs. */
export function rulesTitle({ problems, rules }: RulesView): string {
  return problems.length === 0 ? `Rules (${rules.length})` : '✗ Changed rules refused';
}

export function rulesContent(view: RulesView, now: number): Html {
  const { version, loaded_at: loaded, problems, subject, rules, unmatched, mutes, subscriptions } = view;
  return html`<div class="section-head">
      <h1>Rules</h1>
      <a class="button primary" href="${tryPath}">Try an event…</a>
    </div>
    ${problems.length === 0 ? '' : refusedPart(problems)}
    ${facts([
      { label: 'Loaded', value: time(loaded, now) },
      { label: 'Version', value: html`<code>${version}</code>` },
      {
        label: 'Subject',
        value: subject === null ? 'type and dataset, or the job where it has none' : html`<code>${subject}</code>`,
      },
    ])}
    ${section(`Rules (${rules.length})`, ruleTable(rules, unmatched), { id: 'rules' })}
    ${section('Subscriptions', subscriptionTable(subscriptions), { id: 'subscriptions' })}
    ${section(
      'Mutes',
      mutes.length === 0
        ? emptyState('The files mute nothing.', html`<a href="/console/silences">Silences</a> are made here.`)
        : muteCards(mutes, now),
      { id: 'mutes' },
    )}`;
}

function refusedPart(problems: readonly string[]): Html {
  return html`<div class="problems" role="alert">
    <div class="tone-bad refused">
      <p class="what">✗ The changed rules were refused: those below, from before, stay in force</p>
      <ul>
        ${problems.map((each) => html`<li><code>${each}</code></li>`)}
      </ul>
    </div>
  </div>`;
}

const ruleColumns: readonly Column[] = [{ label: 'Rule' }, { label: 'When' }, { label: 'Policy' }, { label: 'Sends to' }];

function ruleTable(rules: readonly RuleView[], unmatched: RuleView | null): Html {
  if (rules.length === 0 && unmatched === null) return emptyState('There is no rule: nothing is sent anywhere.');
  const rows = [
    ...rules.map((rule) => ruleRow(rule, '')),
    ...(unmatched === null ? [] : [ruleRow(unmatched, 'what no rule matched')]),
  ];
  return table({ caption: 'Rules, in the order of the files', columns: ruleColumns, rows });
}

/** `what`: beside its name. */
function ruleRow({ name, at, match, when, policy, send }: RuleView, what: string): Html {
  return row(ruleColumns, [
    html`<strong>${name}</strong> ${what === '' ? '' : html`<span class="quiet">${what}</span>`}
      <span class="where">${at}</span>`,
    html`<div>${matchText(match)}</div>
      <div class="quiet">${when}</div>`,
    policy.length === 0 ? null : listOf(policy),
    send.length === 0 ? 'nowhere' : listOf(send.map(sendWords)),
  ]);
}

function listOf(texts: readonly string[]): Html {
  return html`<ul class="policy">
    ${texts.map((each) => html`<li>${each}</li>`)}
  </ul>`;
}

function sendWords({ to, severity, change }: RuleView['send'][number]): string {
  return [to, ...(severity === null ? [] : [severity]), ...(change ? ['as a change event'] : [])].join(' · ');
}

const subscriptionColumns: readonly Column[] = [{ label: 'Subscription' }, { label: 'Id at Narrative' }, { label: 'Proof' }];

function subscriptionTable(subscriptions: RulesView['subscriptions']): Html {
  if (subscriptions.length === 0) return emptyState('There is no subscription: no event is taken.');
  const rows = subscriptions.map(({ name, id, scheme }) => row(subscriptionColumns, [name, id, scheme]));
  return table({ caption: 'Subscriptions', columns: subscriptionColumns, rows });
}
