/** Dead letters: how many, of what they died, and what can be done to all that died of one thing. */
import { html } from 'hono/html';
import { oneLine, truncate } from '../../destination/text.ts';
import type { DeliverySummaryView, DestinationView } from '../../operate/shapes/views.ts';
import { deliveriesPath } from '../destinations/destination-table.ts';
import type { Html } from '../page.ts';
import { emptyState, section } from '../parts/layout.ts';
import { parkedOf } from '../parts/parked.ts';
import { row, table, type Column } from '../parts/table.ts';
import { deliveryTable } from './delivery-rows.ts';

export interface DeadGroup {
  destination: string;
  /** Null: all of the destination, of which only the latest were looked at. */
  reason: string | null;
  count: number;
  /** There may be more, among those that were not looked at. */
  orMore: boolean;
  /** What the latest died of, in the words of the other side. */
  said: string | null;
}

/**
 * By destination and reason, the largest group first. `letters`: the latest, the newest first. Where `destinations` count more than
 * those, a group for the whole destination is added: the older ones may have died of anything.
 */
export function deadGroups(letters: readonly DeliverySummaryView[], destinations: readonly DestinationView[]): DeadGroup[] {
  const groups = new Map<string, DeadGroup>();
  for (const { destination, reason, detail } of letters) {
    const key = `${destination} ${reason}`;
    const known = groups.get(key) ?? { destination, reason: reason ?? '', count: 0, orMore: false, said: detail };
    groups.set(key, { ...known, count: known.count + 1 });
  }
  const seen = (name: string) => letters.filter(({ destination }) => destination === name).length;
  const older = destinations.filter(({ name, dead }) => dead > seen(name));
  return [
    ...[...groups.values()].map((group) => ({ ...group, orMore: older.some(({ name }) => name === group.destination) })),
    ...older.map(({ name, dead }) => ({ destination: name, reason: null, count: dead, orMore: false, said: null })),
  ].sort((a, b) => b.count - a.count);
}

const columns: readonly Column[] = [
  { label: 'Destination' },
  { label: 'Reason' },
  { label: 'Dead', numeric: true },
  { label: 'The latest said' },
  { label: '' },
];

export interface DeadLetters {
  /** The latest, the newest first. */
  letters: readonly DeliverySummaryView[];
  destinations: readonly DestinationView[];
  now: number;
}

export function deadLetters({ letters, destinations, now }: DeadLetters): Html {
  const count = destinations.reduce((sum, { dead }) => sum + dead, 0);
  if (count === 0) {
    return section(
      'Dead letters',
      emptyState('No dead letter.', 'Whatever was refused for good, or tried too long, is kept here.'),
      {
        id: 'dead',
      },
    );
  }
  const groups = deadGroups(letters, destinations);
  const listed = letters.slice(0, maxListed);
  const all = html`<a href="${deliveriesPath({ status: 'dead' })}">All dead letters</a>`;
  return section(
    `Dead letters (${count.toLocaleString('en')})`,
    html`${table({ caption: 'Dead letters by what they died of', columns, rows: groups.map(groupRow) })}
      ${groups.length < 2 ? '' : html`<p class="actions">${bulkLinks({ status: 'dead' }, 'dead letters')}</p>`}
      <h3 class="below">${listed.length < count ? `The latest ${listed.length}` : 'One by one'}</h3>
      ${deliveryTable('dead-letters', 'Dead letters, the latest first', listed, parkedOf(destinations), now)}`,
    { id: 'dead', beside: listed.length < count ? all : '' },
  );
}

/** To what says what would be done, and then does it. `query`: which. `of`: what these are. */
export function bulkLinks(query: Record<string, string>, of: string): Html {
  const to = (act: string) => `/console/deliveries/${act}?${new URLSearchParams(query).toString()}`;
  const link = (act: string, label: string) =>
    html`<a class="button" href="${to(act)}">${label}…<span class="unseen"> of ${of}</span></a>`;
  return html`${link('retry', 'Retry all')} ${link('discard', 'Discard all')}`;
}

function groupRow({ destination, reason, count, orMore, said }: DeadGroup): Html {
  const query = { status: 'dead', destination, ...(reason === null ? {} : { reason }) };
  const of = reason === null ? destination : `${destination}, ${reason}`;
  return row(columns, [
    destination,
    reason === null ? html`<span class="quiet">any, older ones too</span>` : html`<code>${reason}</code>`,
    html`<a href="${deliveriesPath(query)}"
      >${count.toLocaleString('en')}${orMore ? '+' : ''}<span class="unseen"> of ${of}</span></a
    >`,
    said === null ? null : truncate(oneLine(said), maxSaid),
    html`<div class="row-actions">${bulkLinks(query, of)}</div>`,
  ]);
}

/** Rows; the others are behind a link. */
const maxListed = 10;
/** Characters. */
const maxSaid = 120;
