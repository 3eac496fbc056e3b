/** The form that filters the events. It sends a GET, so that an address holds all of it. */
import { html } from 'hono/html';
import { eventKinds, eventOutcomes } from '../../operate/shapes/query.ts';
import type { Html } from '../page.ts';
import type { Given } from './asked.ts';

export interface Field {
  name: string;
  label: string;
  /** To choose from, by value; none: free text. */
  choices?: readonly (readonly [value: string, label: string])[];
  placeholder?: string;
}

const same = (values: readonly string[]) => values.map((value) => [value, value] as const);

/** What most searches need. */
const usual: readonly Field[] = [
  {
    name: 'since',
    label: 'Time',
    choices: [
      ['', 'all'],
      ['1h', 'last hour'],
      ['6h', 'last 6 hours'],
      ['24h', 'last 24 hours'],
      ['7d', 'last 7 days'],
    ],
  },
  {
    name: 'state',
    label: 'State',
    choices: [['', 'any'], ...same(['failed', 'completed', 'running', 'pending', 'pending_cancellation', 'cancelled'])],
  },
  { name: 'text', label: 'Text', placeholder: 'job, type, dataset, subject or rule' },
];

const further: readonly Field[] = [
  { name: 'outcome', label: 'Outcome', choices: [['', 'any'], ...same(eventOutcomes)] },
  { name: 'type', label: 'Job type', placeholder: 'models_*' },
  { name: 'dataset', label: 'Dataset', placeholder: '10736' },
  { name: 'rule', label: 'Rule that matched' },
  { name: 'subject', label: 'Subject' },
  { name: 'job', label: 'Job id' },
  { name: 'subscription', label: 'Subscription' },
  { name: 'kind', label: 'Kind', choices: [['', 'any'], ...same(eventKinds)] },
  { name: 'from', label: 'From (UTC)', placeholder: '2026-03-01T18:00:00Z' },
  { name: 'until', label: 'Until (UTC)', placeholder: '2026-03-02T18:00:00Z' },
];

/** Names of the query that stay as they are when the form is sent. */
const kept = ['limit', 'live'];

/** `problems`: by the field's name. */
export function filterForm(path: string, given: Given, problems: ReadonlyMap<string, string>): Html {
  const drawn = (field: Field) => fieldOf(field, given[field.name] ?? '', problems.get(field.name) ?? null);
  const folded = further.every(({ name }) => given[name] === undefined && !problems.has(name));
  const known = new Set([...usual, ...further].map(({ name }) => name));
  const others = [...problems].filter(([name]) => !known.has(name));
  return html`<form method="get" action="${path}" class="filters" role="search" aria-label="Filter the events">
    ${kept.map((name) => (given[name] === undefined ? '' : html`<input type="hidden" name="${name}" value="${given[name]}" />`))}
    <div class="fields">${usual.map(drawn)}</div>
    <details class="fold" ${folded ? '' : html`open`}>
      <summary>More filters</summary>
      <div class="fields">${further.map(drawn)}</div>
    </details>
    ${others.map(([name, text]) => html`<p class="wrong" role="alert">${name === '' ? text : `${name}: ${text}`}</p>`)}
    <p class="actions"><button>Show</button> <a href="${path}">Clear</a></p>
  </form>`;
}

export function fieldOf({ name, label, choices, placeholder = '' }: Field, value: string, problem: string | null): Html {
  const id = `filter-${name}`;
  const wrong = problem === null ? '' : html`aria-invalid="true" aria-describedby="${id}-problem"`;
  return html`<div class="field">
    <label for="${id}">${label}</label>
    ${
      choices === undefined
        ? html`<input id="${id}" name="${name}" value="${value}" placeholder="${placeholder}" autocomplete="off" ${wrong} />`
        : html`<select id="${id}" name="${name}" ${wrong}>
            ${withGiven(choices, value).map(
              ([each, text]) => html`<option value="${each}" ${each === value ? html`selected` : ''}>${text}</option>`,
            )}
          </select>`
    }
    ${problem === null ? '' : html`<p class="wrong" id="${id}-problem">${problem}</p>`}
  </div>`;
}

/** An address can ask for what the form does not offer: `state=failed,cancelled`. */
function withGiven(choices: NonNullable<Field['choices']>, value: string): NonNullable<Field['choices']> {
  return choices.some(([each]) => each === value) ? choices : [...choices, [value, value]];
}
