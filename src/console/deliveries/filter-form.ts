/** The form that filters the deliveries. It sends a GET, so that an address holds all of it. */
import { html } from 'hono/html';
import { deliveryStatuses } from '../../operate/shapes/query.ts';
import type { Given } from '../events/asked.ts';
import { fieldOf, type Field } from '../events/filter-form.ts';
import type { Html } from '../page.ts';

/** What there is to choose from. */
export interface Choices {
  destinations: readonly string[];
  rules: readonly string[];
}

const anyOf = (values: readonly string[]) => [['', 'any'], ...values.map((value) => [value, value] as const)] as const;

function usual({ destinations, rules }: Choices): Field[] {
  return [
    {
      name: 'status',
      label: 'Status',
      choices: [['', 'any'], ['open', 'open: to be sent'], ...anyOf(deliveryStatuses).slice(1)],
    },
    { name: 'destination', label: 'Destination', choices: anyOf(destinations) },
    { name: 'rule', label: 'Rule', choices: anyOf(rules) },
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
  ];
}

const further: readonly Field[] = [
  { name: 'reason', label: 'Reason', placeholder: 'payload' },
  { name: 'subject', label: 'Subject' },
  { name: 'event', label: 'Event', placeholder: 'evt_…' },
  { name: 'from', label: 'From (UTC)', placeholder: '2026-03-01T18:00:00Z' },
  { name: 'until', label: 'Until (UTC)', placeholder: '2026-03-02T18:00:00Z' },
];

/** `problems`: by the field's name. */
export function filterForm(path: string, given: Given, problems: ReadonlyMap<string, string>, choices: Choices): Html {
  const shown = usual(choices);
  const drawn = (field: Field) => fieldOf(field, given[field.name] ?? '', problems.get(field.name) ?? null);
  const folded = further.every(({ name }) => given[name] === undefined && !problems.has(name));
  const known = new Set([...shown, ...further].map(({ name }) => name));
  const others = [...problems].filter(([name]) => !known.has(name));
  return html`<form method="get" action="${path}" class="filters" role="search" aria-label="Filter the deliveries">
    ${given.limit === undefined ? '' : html`<input type="hidden" name="limit" value="${given.limit}" />`}
    <div class="fields">${shown.map(drawn)}</div>
    <details class="fold" ${folded ? '' : html`open`}>
      <summary>More filters</summary>
      <div class="fields">${further.map(drawn)}</div>
    </details>
    ${others.map(([name, text]) => html`<p class="wrong" role="alert">${name === '' ? text : `${name}: ${text}`}</p>`)}
    <p class="actions"><button>Show</button> <a href="${path}">Clear</a></p>
  </form>`;
}
