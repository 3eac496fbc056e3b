/** For whom something waits to be delivered, and since when. */
import type { Sql } from '../ports.ts';
import { counted, oldestOf } from './backlog.ts';
import { openSince } from './lifetime.ts';

export interface Undelivered {
  destination: string;
  pending: number;
  /**
   * When the oldest of them was made, or retried, epoch ms: unlike the time at which it is due, that doesn't move with each attempt. Null
   * only while all there are stand behind others of their lanes.
   */
  oldestAt: number | null;
}

/** By destination; those with nothing open are left out. */
export function createUndelivered(sql: Sql): () => Undelivered[] {
  const each = [
    counted('queued', oldestOf('queued')),
    counted('scheduled', oldestOf('scheduled')),
    counted('sending', `min(${openSince})`),
    counted('waiting', 'NULL'),
  ];
  const all = `SELECT destination, sum(pending) AS pending, min(value) AS oldestAt
    FROM (${each.join(' UNION ALL ')}) GROUP BY destination ORDER BY destination`;
  return () => sql.query<Undelivered & Record<string, never>>(all);
}
