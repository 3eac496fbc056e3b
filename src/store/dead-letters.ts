/**
 * How many dead letters each destination has that wait for a person; cheap, by the index `deliveries_dead`. Those with none are left
 * out, and so are quiet edits of a message that stands: nobody misses one.
 */
import type { Sql } from '../ports.ts';

export function createDeadLetters(sql: Sql): () => { destination: string; count: number }[] {
  return () =>
    sql.query<{ destination: string; count: number }>(
      `SELECT destination, count(*) AS count FROM deliveries INDEXED BY deliveries_dead WHERE status = 'dead' AND quiet = 0
       GROUP BY destination ORDER BY destination`,
    );
}
