/** What waits in the outbox, and when it is due. Only reads. */
import type { Sql } from '../ports.ts';
import { deliveryLifetimeMs, openSince } from './lifetime.ts';

/** Numbers are in the order of time, so the longest open of a destination is among its first: to look at all of many takes too long. */
const first = 200;
/** Those retried, or made long after their event, are first by their numbers, and may not have been open for long: others are among so many. */
const firstWithYounger = 5_000;

/** One made later than this after its event, ms, lies among others by its number. */
const afterwardsMs = 3_600_000;

/** States whose index begins with the destination. */
type ByDestination = 'queued' | 'waiting' | 'scheduled';

export function createBacklog(sql: Sql) {
  /** When a destination has something to send: 0 for at once, else epoch ms; null for nothing. */
  function nextDueAt(destination: string): number | null {
    const queued = sql.query(`SELECT 1 FROM deliveries WHERE destination = ? AND status = 'queued' LIMIT 1`, destination);
    if (queued.length > 0) return 0;
    return (
      sql.query<{ due: number | null }>(
        `SELECT min(due_at) AS due FROM deliveries WHERE destination = ? AND status = 'scheduled'`,
        destination,
      )[0]?.due ?? null
    );
  }

  function nextLeaseEnd(): number | null {
    return (
      sql.query<{ at: number | null }>(`SELECT min(lease_until) AS at FROM deliveries WHERE status = 'sending'`)[0]?.at ?? null
    );
  }

  /** Names of destinations that have open deliveries. Behind each waiting one is one that is under way or queued. */
  function destinationsWithOpen(): string[] {
    return sql
      .query<{ name: string }>(
        `SELECT name FROM (${namesOf('queued')}) UNION SELECT name FROM (${namesOf('scheduled')})
         UNION SELECT destination FROM deliveries INDEXED BY deliveries_sending WHERE status = 'sending'`,
      )
      .map(({ name }) => name);
  }

  /** How much is open, per destination, and since when the longest due has been due, epoch ms. */
  function backlog(): { destination: string; pending: number; oldestDueAt: number | null }[] {
    return sql.query(
      `SELECT destination, sum(pending) AS pending, min(value) AS oldestDueAt FROM (${counted('queued', oldestOf('queued'))} UNION ALL
         ${counted('waiting', 'NULL')} UNION ALL ${counted('scheduled', 'min(due_at)')} UNION ALL ${counted('sending', 'NULL')}) GROUP BY destination`,
    );
  }

  return { nextDueAt, nextLeaseEnd, destinationsWithOpen, backlog };
}

/**
 * How many deliveries of each destination have a state, and a `value` of each group, whose rows are called `d`. A statement for each
 * state: only then does SQLite use the indexes that hold nothing but open deliveries.
 */
export function counted(status: ByDestination | 'sending', value: string): string {
  return `SELECT destination, count(*) AS pending, ${value} AS value FROM deliveries AS d WHERE status = '${status}' GROUP BY destination`;
}

/**
 * Since when the longest open has been open, of those with a state and the destination of a row called `d`. Numbers don't tell that of
 * what was retried, or made long after its event, so it is looked for among the others too. What stays hidden is one of those two that
 * stands behind 200 others, however long it has been open, and whatever stands behind 5,000.
 */
export function oldestOf(status: 'queued' | 'scheduled'): string {
  // Found in the index alone; only so many rows of the table are then looked at.
  const rows = (limit: number) => `(SELECT event_seq AS seq, n AS nth FROM deliveries INDEXED BY deliveries_${status}
      WHERE destination = d.destination AND status = '${status}' ORDER BY event_seq, n LIMIT ${limit})
    CROSS JOIN deliveries ON event_seq = seq AND n = nth`;
  const usual = `SELECT created_at AS at FROM ${rows(firstWithYounger)}
    WHERE expires_at - ${deliveryLifetimeMs} <= created_at AND created_at <= event_seq / 1024 + ${afterwardsMs} LIMIT ${first}`;
  return `(SELECT min(at) FROM (SELECT ${openSince} AS at FROM ${rows(first)} UNION ALL SELECT at FROM (${usual})))`;
}

/** Names of the destinations that have any with a state, one step in its index for each: SQLite by itself would look at every row. */
function namesOf(status: ByDestination): string {
  const next = `SELECT min(destination) FROM deliveries INDEXED BY deliveries_${status} WHERE status = '${status}'`;
  return `WITH RECURSIVE names (name) AS (${next} UNION ALL SELECT (${next} AND destination > name) FROM names WHERE name IS NOT NULL)
    SELECT name FROM names WHERE name IS NOT NULL`;
}
