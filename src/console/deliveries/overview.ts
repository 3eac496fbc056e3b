/** The first page of deliveries: what died, what waits, then the latest. */
import { html } from 'hono/html';
import type { DeliverySummaryView, DestinationView } from '../../operate/shapes/views.ts';
import { destinationTable } from '../destinations/destination-table.ts';
import type { Html } from '../page.ts';
import { emptyState, section } from '../parts/layout.ts';
import type { Session } from '../session.ts';
import { deadLetters } from './dead-letters.ts';
import { filterForm, type Choices } from './filter-form.ts';
import { listPath, rowsWithMore, type DeliveryList } from './list-page.ts';

export interface Overview {
  /** The latest dead letters, the newest first. */
  letters: readonly DeliverySummaryView[];
  destinations: readonly DestinationView[];
  /** The latest of all. */
  latest: DeliveryList;
  choices: Choices;
}

export function overviewContent({ letters, destinations, latest, choices }: Overview, session: Session): Html {
  const { now } = latest;
  const waiting = destinations.filter(({ pending, parked }) => pending > 0 || parked !== null);
  const pending = waiting.reduce((sum, each) => sum + each.pending, 0);
  return html`<h1>Deliveries</h1>
    ${deadLetters({ letters, destinations, now })}
    ${section(
      pending === 0 ? 'Waiting' : `Waiting (${pending.toLocaleString('en')})`,
      waiting.length === 0
        ? emptyState('Nothing waits: whatever came has been sent.')
        : destinationTable('What waits, by destination', waiting, session, now),
      { id: 'waiting', beside: html`<a href="/console/destinations">All destinations</a>` },
    )}
    ${section('Latest', html`${filterForm(listPath, latest.given, new Map(), choices)} ${rowsWithMore(latest)}`, { id: 'latest' })}`;
}

/** For tabs. */
export function overviewTitle(destinations: readonly DestinationView[]): string {
  const dead = destinations.reduce((sum, each) => sum + each.dead, 0);
  return dead === 0 ? 'Deliveries' : `✗ ${dead.toLocaleString('en')} dead · Deliveries`;
}
