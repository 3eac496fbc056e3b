/** When Narrative was last heard from. */
import type { Sql } from '../ports.ts';

/**
 * Epoch ms of the last webhook that was taken, understood or not; null when there is none. What the relay says about itself is none, and
 * neither is what reconciliation took: that no webhook told of it is the trouble.
 */
export function createLastEvent(sql: Sql): () => number | null {
  return () =>
    sql.query<{ at: number }>(
      `SELECT received_at AS at FROM events WHERE kind IS NOT 'relay' AND scheme <> 'reconcile' ORDER BY seq DESC LIMIT 1`,
    )[0]?.at ?? null;
}
