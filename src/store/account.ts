/**
 * The conservation of events: what became of each one that was accepted, and what there is in the store that must not be. Only reads,
 * and goes through whole tables: for `relay doctor`. Ask all of it within one read transaction, or the numbers may not fit together.
 */
import { deliveryId, eventId } from '../event/id.ts';
import type { Sql, SqlValue } from '../ports.ts';
import { openSince } from './lifetime.ts';

/**
 * What became of an event; the first of these that is so. `under-way`: at least one delivery of it has not ended. `delivered`, `dead`,
 * `kept-back`: all have, and at best one arrived, died, or was ended without being sent. `noted`: it has none; a decision, a timer or a
 * group stands for it. `suppressed`: nothing was planned, for a reason that is given. `unexplained`: nothing says.
 */
export type Fate =
  | 'delivered'
  | 'under-way'
  | 'dead'
  | 'kept-back'
  | 'noted'
  | 'suppressed'
  | 'unrouted'
  | 'repeated'
  | 'quarantined'
  | 'unexplained';

/** Events that nothing stands for any more. */
export interface Unexplained {
  outcome: string;
  /** The rules that matched. One that watches for what is late leaves nothing behind when a job moves on. */
  rules: readonly string[];
  /** The rules that were in force. */
  rulesVersion: string;
  count: number;
  /** The id of the first. */
  example: string;
}

export interface Account {
  events: number;
  /** Of all events, each once. */
  fates: ReadonlyMap<Fate, number>;
  unexplained: readonly Unexplained[];
}

/** Best first: 4 has not ended, 3 arrived, 2 died, 1 was ended for a reason, 0 for none. */
const bestDelivery = `SELECT max(CASE status WHEN 'delivered' THEN 3 WHEN 'dead' THEN 2 WHEN 'suppressed' THEN reason IS NOT NULL ELSE 4 END)
  FROM deliveries WHERE event_seq = seq`;

const standsFor = `EXISTS (SELECT 1 FROM decisions WHERE event_seq = seq)
  OR EXISTS (SELECT 1 FROM alerts WHERE event_seq = seq)
  OR seq IN (SELECT event_seq FROM late)
  OR seq IN (SELECT event_seq FROM group_members)
  OR seq IN (SELECT event_seq FROM collected)`;

/** The innermost part has only columns of an index that leaves the bodies out. */
const byFate = `
  SELECT fate, outcome, rules, version AS rulesVersion, count(*) AS count, min(seq) AS first FROM (
    SELECT seq, fate, CASE fate WHEN 'unexplained' THEN outcome END AS outcome, CASE fate WHEN 'unexplained' THEN rules END AS rules,
      CASE fate WHEN 'unexplained' THEN (SELECT rules_version FROM events AS e WHERE e.seq = fated.seq) END AS version
    FROM (
      SELECT seq, outcome, rules, CASE best WHEN 4 THEN 'under-way' WHEN 3 THEN 'delivered' WHEN 2 THEN 'dead' WHEN 1 THEN 'kept-back'
        ELSE CASE
          WHEN outcome = 'unrouted' THEN 'unrouted'
          WHEN outcome = 'repeated' AND (SELECT duplicate_of FROM events AS e WHERE e.seq = known.seq) IS NOT NULL THEN 'repeated'
          WHEN outcome = 'quarantined' AND (SELECT reason FROM events AS e WHERE e.seq = known.seq) IS NOT NULL THEN 'quarantined'
          WHEN ${standsFor} THEN 'noted'
          WHEN outcome = 'suppressed' AND (SELECT reason FROM events AS e WHERE e.seq = known.seq) IS NOT NULL THEN 'suppressed'
          ELSE 'unexplained' END
        END AS fate
      FROM (SELECT seq, outcome, rules, (${bestDelivery}) AS best FROM events) AS known
    ) AS fated
  ) GROUP BY fate, outcome, rules, version ORDER BY first`;

interface FateRow {
  fate: Fate;
  outcome: string | null;
  rules: string | null;
  rulesVersion: string | null;
  count: number;
  first: number;
}

/** One pass over all events: seconds for a million. */
export function accountForEvents(sql: Sql): Account {
  const rows = sql.query<FateRow & Record<string, SqlValue>>(byFate);
  const counts = new Map<Fate, number>();
  for (const { fate, count } of rows) counts.set(fate, (counts.get(fate) ?? 0) + count);
  return {
    events: rows.reduce((sum, { count }) => sum + count, 0),
    fates: counts,
    unexplained: rows
      .filter(({ fate }) => fate === 'unexplained')
      .map(({ outcome, rules, rulesVersion, count, first }) => ({
        outcome: outcome ?? '',
        rules: rules === null ? [] : (JSON.parse(rules) as string[]),
        rulesVersion: rulesVersion ?? '',
        count,
        example: eventId(first),
      })),
  };
}

/** So many deliveries, and the id of the first; null: none. */
export type Some = { count: number; example: string } | null;

/** What waits for a person: not an edit of a message that stands. */
export interface DeadLetters {
  destination: string;
  count: number;
  /** Epoch ms: when the last one died, and of what. */
  lastAt: number;
  detail: string;
}

/** Deliveries that should have been sent long ago. */
export interface Overdue {
  destination: string;
  count: number;
  /** Epoch ms: since when the oldest could be sent. */
  since: number;
}

export interface DeliveryAccount {
  dead: readonly DeadLetters[];
  /** Dead, with a fallback that was named, and never told it. */
  untoldFallbacks: Some;
  /** Of no event, and no notice either. */
  orphans: Some;
  /** Waiting behind nothing: only the end of another of their lane would call them. */
  stuck: Some;
  /** Leased to an attempt that ended long ago without anybody taking them back. */
  abandoned: Some;
  /** Neither under way nor due later, though their destination is not parked. */
  overdue: readonly Overdue[];
}

/** An event's delivery to a fallback is one of its own, and names the dead one: `dlv_`, 11 signs, `_n`. */
const untoldFallbacks = `
  SELECT count(*) AS count, min(event_seq) AS eventSeq, n FROM deliveries AS d
  WHERE status = 'dead' AND quiet = 0 AND json_extract(spec, '$.fallback') IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM deliveries AS f WHERE f.event_seq = d.event_seq AND substr(f.fallback_of, 17) = CAST(d.n AS TEXT))`;

const orphans = `
  SELECT count(*) AS count, min(event_seq) AS eventSeq, n FROM deliveries AS d
  WHERE notice IS NULL AND NOT EXISTS (SELECT 1 FROM events WHERE seq = d.event_seq)`;

const stuck = `
  WITH moving AS MATERIALIZED (
    SELECT destination, subject FROM deliveries WHERE status = 'queued'
    UNION SELECT destination, subject FROM deliveries WHERE status IN ('scheduled', 'sending'))
  SELECT count(*) AS count, min(event_seq) AS eventSeq, n FROM deliveries AS d WHERE status = 'waiting'
    AND NOT EXISTS (SELECT 1 FROM moving AS m WHERE m.destination = d.destination AND m.subject = d.subject)`;

const abandoned = `
  SELECT count(*) AS count, min(event_seq) AS eventSeq, n FROM deliveries WHERE status = 'sending' AND lease_until < ?`;

const overdue = `
  SELECT destination, count(*) AS count, min(since) AS since FROM (
    SELECT destination, ${openSince} AS since FROM deliveries WHERE status = 'queued'
    UNION ALL SELECT destination, due_at FROM deliveries WHERE status = 'scheduled')
  WHERE since < ? AND destination NOT IN (SELECT destination FROM parked) GROUP BY destination ORDER BY destination`;

type Key = { eventSeq: number; n: number };

/** `before`: what could be sent before this, epoch ms, is overdue; what was leased until before it is abandoned. */
export function accountForDeliveries(sql: Sql, before: number): DeliveryAccount {
  const some = (statement: string, ...parameters: number[]): Some => {
    const { count, ...first } = sql.query<Key & { count: number }>(statement, ...parameters)[0]!;
    return count === 0 ? null : { count, example: deliveryId(first) };
  };
  return {
    dead: sql.query<DeadLetters & Record<string, never>>(
      `SELECT destination, count(*) AS count, max(finished_at) AS lastAt, coalesce(detail, reason, 'no reason given') AS detail
       FROM deliveries WHERE status = 'dead' AND quiet = 0 GROUP BY destination ORDER BY destination`,
    ),
    untoldFallbacks: some(untoldFallbacks),
    orphans: some(orphans),
    stuck: some(stuck),
    abandoned: some(abandoned, before),
    overdue: sql.query<Overdue & Record<string, never>>(overdue, before),
  };
}
