/**
 * Does it add up? Three witnesses that share no code are compared: the sender's count of answers, the relay's own record,
 * and what the stand-ins at the other end received. The day itself says what should have come of each webhook.
 */
import type { Answer, Step } from './day.ts';
import type { DestinationRecord, RelayRecord } from './record.ts';
import type { Counts } from './sender.ts';

/** A destination of the rules, and where its requests arrive. */
export interface Outlet {
  destination: string;
  /** Such as `Slack #C0123ABCD`. Two destinations with one place share its arrivals; null: nobody counts there. */
  place: string | null;
}

export interface Evidence {
  day: readonly Step[];
  sent: Counts;
  record: RelayRecord;
  /** The relay's `narrative_relay_events_total` by outcome. */
  counters: ReadonlyMap<string, number>;
  outlets: readonly Outlet[];
  /** Requests that the stand-ins took, by place. */
  arrived: ReadonlyMap<string, number>;
  /** What the stand-ins found wrong with requests. */
  problems: readonly string[];
}

export interface WebhookRow {
  label: string;
  /** Null where that witness can't know. */
  day: number | null;
  sender: number;
  relay: number | null;
  /** In words; null: it adds up. */
  differs: string | null;
}

export interface DestinationRow extends Omit<DestinationRecord, 'destination' | 'resent'> {
  label: string;
  place: string | null;
  arrived: number | null;
  differs: string | null;
}

export interface Reckoning {
  webhooks: WebhookRow[];
  destinations: DestinationRow[];
  /** Every difference and problem, one line each; empty: all adds up. */
  findings: string[];
}

export function reckon(evidence: Evidence): Reckoning {
  const webhooks = webhookRows(evidence);
  const destinations = destinationRows(evidence);
  const differences = [...webhooks, ...destinations].flatMap(({ label, differs }) => (differs ? [`${label}: ${differs}`] : []));
  return { webhooks, destinations, findings: [...differences, ...evidence.record.troubles, ...evidence.problems] };
}

function webhookRows({ day, sent, record, counters }: Evidence): WebhookRow[] {
  const { answers } = sent;
  const meant = (answer: Answer) => day.filter((step) => step.expected === answer).length;
  const stored = (...outcomes: string[]) => counted(record.events, outcomes);
  const rows = [
    webhookRow('accepted', meant('accepted'), answers.accepted, stored('routed', 'unrouted', 'suppressed')),
    // One that comes again under its own key leaves no row in the store, so the counter is the record of duplicates.
    webhookRow('duplicate', meant('duplicate'), answers.duplicate, counted(counters, ['duplicate'])),
    webhookRow('quarantined', meant('quarantined'), answers.quarantined, stored('quarantined')),
    webhookRow('refused', meant('refused'), answers.refused, counted(counters, refusals)),
  ];
  const untaken = answers.other + answers.unreachable;
  if (untaken > 0) rows.push({ label: 'not taken, sent again', day: null, sender: untaken, relay: null, differs: null });
  const sum = (column: 'day' | 'sender' | 'relay') => rows.reduce((total, row) => total + (row[column] ?? 0), 0);
  return [...rows, { ...webhookRow('requests sent', sum('day') + untaken, answers.requests, sum('relay') + untaken) }];
}

/** The outcomes under which the relay counts what it answered with a 4xx. */
const refusals = ['unverified', 'unknown-subscription', 'not-json', 'too-large', 'broken-off'];

function counted(counts: ReadonlyMap<string, number>, outcomes: readonly string[]): number {
  return outcomes.reduce((sum, outcome) => sum + (counts.get(outcome) ?? 0), 0);
}

function webhookRow(label: string, day: number, sender: number, relay: number): WebhookRow {
  const witnesses = `the day meant ${day}, the sender counted ${sender}, the relay ${relay}`;
  return { label, day, sender, relay, differs: day === sender && sender === relay ? null : witnesses };
}

function destinationRows({ sent, record, outlets, arrived }: Evidence): DestinationRow[] {
  const known = new Map(record.destinations.map((row) => [row.destination, row]));
  const gone = [...known.keys()].filter((name) => !outlets.some((outlet) => outlet.destination === name));
  const all = [...outlets, ...gone.map((destination): Outlet => ({ destination, place: null }))];
  const rows = all.map(({ destination, place }): DestinationRow => {
    const { planned, added, delivered, dead, open } = known.get(destination) ?? nothing;
    const sharing = all.filter((outlet) => place !== null && outlet.place === place);
    const deliveredThere = sharing.reduce((sum, outlet) => sum + (known.get(outlet.destination)?.delivered ?? 0), 0);
    const arrivedThere = place === null ? null : (arrived.get(place) ?? 0);
    const differs = destinationDifference({ planned, added, delivered, dead, open }, deliveredThere, arrivedThere);
    return { label: destination, place, planned, added, delivered, dead, open, arrived: arrivedThere, differs };
  });
  return [...rows, totalRow(rows, sent.promised)];
}

const nothing: Omit<DestinationRecord, 'destination'> = { planned: 0, added: 0, delivered: 0, dead: 0, open: 0, resent: 0 };

function destinationDifference(
  { planned, added, delivered, dead, open }: Omit<DestinationRecord, 'destination' | 'resent'>,
  deliveredThere: number,
  arrivedThere: number | null,
): string | null {
  if (planned + added !== delivered + dead + open)
    return `${planned + added} deliveries, of which ${delivered + dead + open} have a state`;
  if (open > 0) return `${open} not delivered yet`;
  if (dead > 0) return `${dead} dead`;
  if (arrivedThere !== null && arrivedThere !== deliveredThere) return `delivered ${deliveredThere}, but ${arrivedThere} arrived`;
  return null;
}

function totalRow(rows: readonly DestinationRow[], promised: number): DestinationRow {
  const sum = (column: 'planned' | 'added' | 'delivered' | 'dead' | 'open') =>
    rows.reduce((total, row) => total + row[column], 0);
  const places = new Map(rows.map((row) => [row.place, row.arrived ?? 0]));
  const arrived = [...places.values()].reduce((total, count) => total + count, 0);
  const total = {
    planned: sum('planned'),
    added: sum('added'),
    delivered: sum('delivered'),
    dead: sum('dead'),
    open: sum('open'),
    arrived,
  };
  const allCounted = rows.every((row) => row.place !== null);
  return { label: 'all', place: null, ...total, differs: totalDifference(total, promised, allCounted) };
}

/** The answers to accepted events say how many deliveries each has: the sender's word on the outbox. */
function totalDifference(
  { planned, delivered, arrived }: Pick<DestinationRecord, 'planned' | 'delivered'> & { arrived: number },
  promised: number,
  allCounted: boolean,
): string | null {
  if (planned !== promised) return `the answers promised ${promised} deliveries, the relay planned ${planned}`;
  return allCounted && delivered !== arrived ? `delivered ${delivered}, but ${arrived} arrived` : null;
}
