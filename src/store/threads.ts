/** The first message about an incident at each destination, in that destination's own words. Inside the caller's transaction. */
import type { Sql } from '../ports.ts';

export type Receipt = Readonly<Record<string, string>>;

export function createThreadStore(sql: Sql) {
  return {
    find(incident: number, destination: string): Receipt | null {
      const row = sql.query<{ receipt: string }>(
        'SELECT receipt FROM threads WHERE incident = ? AND destination = ?',
        incident,
        destination,
      )[0];
      return row ? (JSON.parse(row.receipt) as Receipt) : null;
    },
    keep(incident: number, destination: string, receipt: Receipt): void {
      sql.query(
        'INSERT INTO threads (incident, destination, receipt) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET receipt = excluded.receipt',
        incident,
        destination,
        JSON.stringify(receipt),
      );
    },
  };
}

export type ThreadStore = ReturnType<typeof createThreadStore>;
