/**
 * Does it add up? Three witnesses that share no code are compared: the sender's count of answers, the relay's own record,
 * and what the stand-ins at the other end received. The night itself says what should have come of each webhook.
 */
import type { Arrived } from './arrived.ts';
import { destinationRows, type DestinationRow, type Outlet } from './deliveries.ts';
import type { Answer, ExpectedWebhook } from './expected.ts';
import { meantBy } from './meant.ts';
import { incidentRows } from './quiet.ts';
import { fates, type Fate, type RelayRecord } from './record.ts';
import type { Counts } from '../simulator/sent.ts';
import { agreed, type WitnessRow } from './witnesses.ts';

export interface Evidence {
  night: readonly ExpectedWebhook[];
  sent: Counts;
  /** Webhooks that the sender gave up since nobody was there. */
  givenUp: number;
  record: RelayRecord;
  /** The relay's `narrative_relay_events_total` by outcome. */
  counters: ReadonlyMap<string, number>;
  outlets: readonly Outlet[];
  arrived: Arrived;
  /** What the stand-ins found wrong with requests. */
  problems: readonly string[];
}

export interface Reckoning {
  /** By the night, by the sender, by the relay. */
  webhooks: WitnessRow[];
  /** What became of what was accepted or found: each part, and the sum. */
  fates: WitnessRow[];
  /** By the night, by the relay, at the other end. */
  incidents: WitnessRow[];
  destinations: DestinationRow[];
  /** Every difference and problem, one line each; empty: all adds up. */
  findings: string[];
}

export function reckon(evidence: Evidence): Reckoning {
  const { night, record, arrived, sent, outlets, problems } = evidence;
  const tables = {
    webhooks: webhookRows(evidence),
    fates: fateRows(evidence),
    incidents: incidentRows(meantBy(night), record, arrived),
    destinations: destinationRows(record, outlets, arrived, sent.promised),
  };
  const rows = [...tables.webhooks, ...tables.fates, ...tables.incidents, ...tables.destinations];
  const differences = rows.flatMap(({ label, differs }) => (differs ? [`${label}: ${differs}`] : []));
  return { ...tables, findings: [...differences, ...record.troubles, ...problems] };
}

function webhookRows({ night, sent, givenUp, record, counters }: Evidence): WitnessRow[] {
  const { answers } = sent;
  const names = ['the night meant', 'the sender counted', 'the relay'];
  const row = (label: string, ...counts: (number | null)[]) => agreed(label, names, counts);
  const meant = (answer: Answer) => night.filter((webhook) => webhook.answer === answer).length;
  const stored = (...outcomes: string[]) => counted(record.events, outcomes);
  const rows = [
    row('accepted', meant('accepted'), answers.accepted, stored('routed', 'unrouted', 'suppressed')),
    // One that comes again under its own key leaves no row in the store, so the counter is the record of duplicates.
    row('duplicate', meant('duplicate'), answers.duplicate, counted(counters, ['duplicate'])),
    row('quarantined', meant('quarantined'), answers.quarantined, stored('quarantined')),
    row('refused', meant('refused'), answers.refused, counted(counters, refusals)),
  ];
  const sums = [0, 1, 2].map((witness) => rows.reduce((sum, { counts }) => sum + (counts[witness] ?? 0), 0));
  const whileAway = [
    row('given up: the relay was away', meant('given-up'), givenUp, null),
    row("found in Narrative's job list", meant('found'), null, record.reconciled.events),
  ];
  rows.push(...whileAway.filter(({ counts }) => counts.some((count) => count)));
  const untaken = answers.other + answers.unreachable;
  if (untaken > 0) rows.push({ label: 'not taken, sent again', counts: [null, untaken, null], differs: null });
  const [byNight = 0, , byRelay = 0] = sums;
  return [...rows, row('requests sent', byNight + untaken, answers.requests, byRelay + untaken)];
}

/** The outcomes under which the relay counts what it answered with a 4xx. */
const refusals = ['unverified', 'unknown-subscription', 'not-json', 'too-large', 'broken-off'];

function counted(counts: ReadonlyMap<string, number>, outcomes: readonly string[]): number {
  return outcomes.reduce((sum, outcome) => sum + (counts.get(outcome) ?? 0), 0);
}

const fateLabels: Record<Fate, string> = {
  told: 'sent somewhere',
  grouped: 'told as part of a storm',
  counted: 'counted: told not long before',
  collected: 'collected for the digest',
  watched: 'watched: is the job late?',
  late: 'late: its job had ended',
  unrouted: 'no news to any rule',
  lost: 'unaccounted for',
};

function fateRows({ record, sent }: Evidence): WitnessRow[] {
  const rows = fates.flatMap((fate): WitnessRow[] => {
    const count = record.fates.get(fate) ?? 0;
    const differs = fate === 'lost' ? `${count}: the relay doesn't say what became of them` : null;
    return count === 0 ? [] : [{ label: fateLabels[fate], counts: [count], differs }];
  });
  const sum = rows.reduce((total, { counts }) => total + (counts[0] ?? 0), 0);
  const { accepted } = sent.answers;
  const found = record.reconciled.events;
  const told = `the sender was told "accepted" ${accepted} times${found === 0 ? '' : `, ${found} were found`}`;
  const differs = sum === accepted + found ? null : `${told}, the relay knows of ${sum}`;
  return [...rows, { label: 'all of them', counts: [sum], differs }];
}
