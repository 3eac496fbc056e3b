/** Whether the store can be written: the only way to know is to write. */
import type { Clock, Sql } from '../ports.ts';

export function createHeartbeat({ sql, clock }: { sql: Sql; clock: Clock }) {
  return {
    /** Writes one row. Null when that worked, else why not. */
    beat(): string | null {
      try {
        sql.transaction(() =>
          sql.query(
            'INSERT INTO heartbeat (id, written_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at',
            clock.now(),
          ),
        );
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}
