/** `/console/deliveries`: what died, what waits, what was sent; one of them, and what can be done about it. */
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';
import { deliveryFilterOf, deliveryQuery, pagingOf } from '../../operate/shapes/query.ts';
import type { DestinationView } from '../../operate/shapes/views.ts';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { readAsked, tidied, type Given } from '../events/asked.ts';
import { isFragment, page, type Html } from '../page.ts';
import { parkedOf } from '../parts/parked.ts';
import { sessionOf } from '../session.ts';
import { addActs } from './act.ts';
import { addBulk } from './bulk.ts';
import { filterForm, type Choices } from './filter-form.ts';
import { listContent, listPath, rowsWithMore, type DeliveryList } from './list-page.ts';
import { overviewContent, overviewTitle } from './overview.ts';

const title = 'Deliveries';
/** Dead letters that are looked at to say of what they died. */
const maxGrouped = 1_000;
/** Of the latest, on the first page: what died and what waits comes before them. */
const maxLatest = 20;

export function addDeliveryPages(app: Hono, deps: PageDeps): void {
  const { operations, clock } = deps;

  app.get('/deliveries', (context) => {
    const query = new URL(context.req.url).searchParams;
    const tidy = tidied(listPath, query);
    if (tidy !== null) return context.redirect(tidy, 303);
    const now = clock.now();
    const asked = readAsked(deliveryQuery, query, ['searched']);
    const { given } = asked;
    if (!asked.ok) return wrong(context, given, asked.problems);
    const isFirst = Object.keys(given).length === 0;
    const paging = isFirst ? { limit: maxLatest, before: null } : pagingOf(asked.query);
    const answered = operations.deliveries.list(deliveryFilterOf(asked.query, now), paging);
    if (answered.kind === 'refused') {
      const { field, detail } = answered;
      const text = field !== null && detail.startsWith(`${field}: `) ? detail.slice(field.length + 2) : detail;
      return wrong(context, given, new Map([[field ?? '', text]]));
    }
    const destinations = operations.destinations.list();
    const searched = Number(given.searched ?? 0) || 0;
    const list: DeliveryList = { given, deliveries: answered.value, parked: parkedOf(destinations), searched, now };
    if (isFragment(context)) return shown(context, rowsWithMore(list));
    return isFirst ? overview(context, list, destinations) : listed(context, title, listContent(list, choicesOf(destinations)));
  });
  addBulk(app, deps);
  addActs(app, deps);

  function overview(context: Context, latest: DeliveryList, destinations: readonly DestinationView[]): Response {
    const dead = operations.deliveries.list(deliveryFilterOf({ status: ['dead'] }, latest.now), {
      limit: maxGrouped,
      before: null,
    });
    if (dead.kind === 'refused') return refusalPage(context, 'deliveries', dead);
    const parts = { letters: dead.value.deliveries, destinations, latest, choices: choicesOf(destinations) };
    return listed(context, overviewTitle(destinations), overviewContent(parts, sessionOf(context)));
  }

  function wrong(context: Context, given: Given, problems: ReadonlyMap<string, string>): Response {
    const content = html`<h1>Deliveries</h1>
      ${filterForm(listPath, given, problems, choicesOf(operations.destinations.list()))}`;
    return listed(context, title, content, 400);
  }

  function choicesOf(destinations: readonly DestinationView[]): Choices {
    return { destinations: destinations.map(({ name }) => name), rules: operations.rules().rules.map(({ name }) => name) };
  }
}

function listed(context: Context, text: string, content: Html, status: 200 | 400 = 200): Response {
  const session = sessionOf(context);
  return shown(context, page({ title: text, section: 'deliveries', session, content, wide: true }), status);
}
