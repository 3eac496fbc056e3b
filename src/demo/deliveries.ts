/** Deliveries by destination: what the relay's record says of them, and what arrived at the other end. */
import type { Arrived } from './arrived.ts';
import type { DestinationRecord, RelayRecord } from './record.ts';

/** A destination of the rules, and where its requests arrive. */
export interface Outlet {
  destination: string;
  /** Such as `Slack #C0123ABCD`. Two destinations with one place share its arrivals; null: nobody counts there. */
  place: string | null;
}

export interface DestinationRow extends Omit<DestinationRecord, 'destination' | 'resent' | 'wordless' | 'edits'> {
  label: string;
  place: string | null;
  arrived: number | null;
  edits: number | null;
  /** In words; null: it adds up. */
  differs: string | null;
}

const nothing: Omit<DestinationRecord, 'destination'> = {
  planned: 0,
  added: 0,
  delivered: 0,
  wordless: 0,
  edits: 0,
  suppressed: 0,
  dead: 0,
  open: 0,
  resent: 0,
};

/** `promised`: how many deliveries the answers to accepted events spoke of. */
export function destinationRows(
  { destinations }: Pick<RelayRecord, 'destinations'>,
  outlets: readonly Outlet[],
  arrived: Pick<Arrived, 'requests' | 'edits'>,
  promised: number,
): DestinationRow[] {
  const known = new Map(destinations.map((row) => [row.destination, row]));
  const gone = [...known.keys()].filter((name) => !outlets.some((outlet) => outlet.destination === name));
  const all = [...outlets, ...gone.map((destination): Outlet => ({ destination, place: null }))];
  const rows = all.map(({ destination, place }): DestinationRow => {
    const { planned, added, delivered, suppressed, dead, open } = known.get(destination) ?? nothing;
    const sharing = all.filter((outlet) => place !== null && outlet.place === place);
    const there = sharing.map((outlet) => known.get(outlet.destination) ?? nothing);
    const row = {
      label: destination,
      place,
      planned,
      added,
      delivered,
      suppressed,
      dead,
      open,
      arrived: place === null ? null : (arrived.requests.get(place) ?? 0),
      edits: place === null ? null : (arrived.edits.get(place) ?? 0),
    };
    return { ...row, differs: difference(row, sumOf(there.map(newsOf)), sumOf(there.map((each) => each.edits))) };
  });
  return [...rows, totalRow(rows, promised)];
}

/** An edit alone is a delivery, too, but brings nothing new. */
function newsOf({ delivered, wordless }: Omit<DestinationRecord, 'destination'>): number {
  return delivered - wordless;
}

function difference(
  { planned, added, delivered, suppressed, dead, open, arrived, edits }: Omit<DestinationRow, 'differs'>,
  newsThere: number,
  editsThere: number,
): string | null {
  const ended = delivered + suppressed + dead + open;
  if (planned + added !== ended) return `${planned + added} deliveries, of which ${ended} have a state`;
  if (open > 0) return `${open} not delivered yet`;
  if (dead > 0) return `${dead} dead`;
  if (arrived !== null && arrived !== newsThere) return `delivered ${newsThere}, but ${arrived} arrived`;
  // An edit may be made a second time, when what comes after it in the same delivery fails: it changes nothing.
  return edits !== null && edits < editsThere ? `edited ${editsThere} times, but ${edits} edits arrived` : null;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The answers to accepted events say how many deliveries each has: the sender's word on the outbox. */
function totalRow(rows: readonly DestinationRow[], promised: number): DestinationRow {
  const sum = (column: 'planned' | 'added' | 'delivered' | 'suppressed' | 'dead' | 'open') =>
    rows.reduce((total, row) => total + row[column], 0);
  const once = (column: 'arrived' | 'edits') =>
    [...new Map(rows.map((row) => [row.place, row[column] ?? 0])).values()].reduce((total, count) => total + count, 0);
  const planned = sum('planned');
  const differs = planned === promised ? null : `the answers promised ${promised} deliveries, the relay planned ${planned}`;
  return {
    label: 'all',
    place: null,
    planned,
    added: sum('added'),
    delivered: sum('delivered'),
    suppressed: sum('suppressed'),
    dead: sum('dead'),
    open: sum('open'),
    arrived: once('arrived'),
    edits: once('edits'),
    differs,
  };
}
