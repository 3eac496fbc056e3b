/** What lists of deliveries can be asked for, as conditions of a statement. */
import { firstSeqAt } from '../event/id.ts';
import type { SqlValue } from '../ports.ts';
import type { DeliveryKey } from './deliveries.ts';

export type DeliveryStatus = 'queued' | 'waiting' | 'scheduled' | 'sending' | 'delivered' | 'dead' | 'suppressed';

/** Conditions are ANDed, the values of one ORed. Empty and null: not asked for. */
export interface DeliveryQuery {
  /** When it was made, epoch ms; `untilMs` is the first moment outside. */
  fromMs: number | null;
  untilMs: number | null;
  statuses: readonly DeliveryStatus[];
  destinations: readonly string[];
  /** The rule whose wording it has, or one that was merged into it. */
  rules: readonly string[];
  subject: string | null;
  /** The number of the event. */
  event: number | null;
  reasons: readonly string[];
}

/** A piece of a statement, with its parameters. */
export type Where = readonly [condition: string, ...parameters: SqlValue[]];

/** What narrows the rows that are looked at, rather than looking at each: those from `from` on, and before `to`. */
export interface Range {
  from: DeliveryKey;
  to: DeliveryKey;
}

/** Numbers run ahead of the clock once that was set back. With `untilMs`, those so far ahead are looked at, too, ms. */
const aheadMs = 10 * 60_000;
/** What is made later than this after its event, ms, is in an index of its own (`schema/operate.ts`). */
const afterwardsMs = 3_600_000;
/** To be written as it is in that index. */
export const madeAfterwards = `created_at > event_seq / 1024 + ${afterwardsMs}`;

export const everything: Range = { from: { eventSeq: 0, n: 0 }, to: { eventSeq: Number.MAX_SAFE_INTEGER, n: 0 } };

/** Where to look for what was asked. `afterwards`: what was made long after its event, which comes before all others by its number. */
export function rangesOf({ fromMs, untilMs, event }: DeliveryQuery): { usual: Range; afterwards: Range | null } {
  if (event !== null) return { usual: { from: { eventSeq: event, n: 0 }, to: { eventSeq: event + 1, n: 0 } }, afterwards: null };
  // A delivery is made with its event, or after it.
  const to = untilMs === null ? everything.to : { eventSeq: firstSeqAt(untilMs + aheadMs), n: 0 };
  if (fromMs === null) return { usual: { from: everything.from, to }, afterwards: null };
  const from = { eventSeq: firstSeqAt(Math.max(0, fromMs - afterwardsMs)), n: 0 };
  return { usual: { from, to }, afterwards: { from: everything.from, to: isBefore(from, to) ? from : to } };
}

export function isBefore(a: DeliveryKey, b: DeliveryKey): boolean {
  return a.eventSeq < b.eventSeq || (a.eventSeq === b.eventSeq && a.n < b.n);
}

/** Two comparisons of whole keys and nothing beside them: only then does SQLite go by both. */
export function within({ from, to }: Range): Where {
  return ['(event_seq, n) >= (?, ?) AND (event_seq, n) < (?, ?)', from.eventSeq, from.n, to.eventSeq, to.n];
}

export function matchingOf({ fromMs, untilMs, statuses, destinations, rules, subject, reasons }: DeliveryQuery): Where[] {
  return [
    ...(fromMs === null ? [] : [['created_at >= ?', fromMs] as const]),
    ...(untilMs === null ? [] : [['created_at < ?', untilMs] as const]),
    ...anyOf('status', statuses),
    ...anyOf('destination', destinations),
    ...anyOf('reason', reasons),
    ...(subject === null ? [] : [['subject = ?', subject] as const]),
    ...(rules.length === 0 ? [] : [ofRules(rules)]),
  ];
}

export function anyOf(column: string, values: readonly string[]): Where[] {
  return values.length === 0 ? [] : [[`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(values)]];
}

function ofRules(rules: readonly string[]): Where {
  const wanted = JSON.stringify(rules);
  const isMerged = `EXISTS (SELECT 1 FROM json_each(spec, '$.merged') AS merged WHERE merged.value IN (SELECT value FROM json_each(?)))`;
  return [`(spec ->> '$.rule' IN (SELECT value FROM json_each(?)) OR ${isMerged})`, wanted, wanted];
}

export function textOf([from]: Where, where: readonly Where[]): string {
  return where.length === 0 ? from : `${from} WHERE ${where.map(([condition]) => condition).join(' AND ')}`;
}

export function parametersOf(from: Where, where: readonly Where[]): SqlValue[] {
  return [from, ...where].flatMap(([, ...values]) => values);
}
