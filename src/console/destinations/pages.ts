/** `/console/destinations`: how each stands, and letting a parked one try again. */
import type { Hono } from 'hono';
import { html } from 'hono/html';
import { refusalPage, shown } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { redirectWith } from '../notice.ts';
import { page } from '../page.ts';
import { emptyState } from '../parts/layout.ts';
import { sessionOf } from '../session.ts';
import { destinationTable } from './destination-table.ts';

const path = '/console/destinations';

export function addDestinationPages(app: Hono, { operations, clock }: PageDeps): void {
  app.get('/destinations', (context) => {
    const session = sessionOf(context);
    const destinations = operations.destinations.list();
    const parked = destinations.filter((each) => each.parked !== null).length;
    const content = html`<h1>Destinations</h1>
      ${
        destinations.length === 0
          ? emptyState('The rules name no destination.')
          : destinationTable('Destinations, as the rules have them', destinations, session, clock.now())
      }`;
    const title = parked === 0 ? 'Destinations' : `✗ ${parked} parked · Destinations`;
    return shown(context, page({ title, section: 'deliveries', session, content }));
  });

  app.post('/destinations/:name/unpark', (context) => {
    const name = context.req.param('name');
    const answer = operations.destinations.unpark(name);
    if (answer.kind === 'refused') return refusalPage(context, 'deliveries', answer);
    const text = `${name} is tried again now. If it is still broken, it is parked again.`;
    return redirectWith(context, path, { tone: 'good', text });
  });
}
