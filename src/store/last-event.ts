/** When Narrative was last heard from. */
import type { Sql } from '../ports.ts';

/**
 * Epoch ms of the last webhook that was taken, understood or not; null when there is none. What the relay says about itself is none, and
 * neither is what reconciliation took, for that no webhook told of it is the trouble, nor a replay of what came before.
 */
export function createLastEvent(sql: Sql): () => number | null {
  let lastAt: number | null = null;
  // After a long outage there is much at the end that is no webhook; and no index that would tell it apart is worth its cost for each
  // event. So each look goes back to where the one before it began.
  let lookedTo = 0;
  return () => {
    const newest = sql.query<{ seq: number | null }>('SELECT max(seq) AS seq FROM events')[0]!.seq ?? 0;
    const [found] = sql.query<{ at: number }>(
      `SELECT received_at AS at FROM events WHERE seq > ? AND kind IS NOT 'relay' AND scheme NOT IN ('reconcile', 'replay') ORDER BY seq DESC LIMIT 1`,
      lookedTo,
    );
    lookedTo = Math.max(lookedTo, newest);
    return (lastAt = found?.at ?? lastAt);
  };
}
