/** For whom something waits to be delivered, and since when. */
import type { Sql } from '../ports.ts';

export interface Undelivered {
  destination: string;
  pending: number;
  /**
   * When the oldest of them was made, epoch ms: unlike the time at which it is due, that doesn't move with each retry. Null only
   * while all there are stand behind others of their lanes.
   */
  oldestAt: number | null;
}

/** By destination; those with nothing open are left out. */
export function createUndelivered(sql: Sql): () => Undelivered[] {
  const open = (status: string, oldest: string) =>
    `SELECT destination, count(*) AS pending, ${oldest} AS oldest FROM deliveries WHERE status = '${status}' GROUP BY destination`;
  // A statement for each state: only then does SQLite use the indexes that hold nothing but open deliveries.
  const each = ['queued', 'scheduled', 'sending'].map((status) => open(status, 'min(created_at)'));
  const all = `SELECT destination, sum(pending) AS pending, min(oldest) AS oldestAt
    FROM (${[...each, open('waiting', 'NULL')].join(' UNION ALL ')}) GROUP BY destination ORDER BY destination`;
  return () => sql.query<Undelivered & Record<string, never>>(all);
}
