/** Destinations that are broken, in the store: a restart must neither forget them nor report them again. */
import type { Sql } from '../ports.ts';

export interface Parked {
  destination: string;
  /** Epoch ms. */
  since: number;
  reason: string;
  detail: string;
  /** How often it has been tried since. */
  probes: number;
  probeAt: number;
}

const columns = 'destination, since, reason, detail, probes, probe_at AS probeAt';

export function createParkedStore(sql: Sql) {
  return {
    all: (): Parked[] => sql.query<Parked & Record<string, never>>(`SELECT ${columns} FROM parked ORDER BY destination`),
    find: (destination: string): Parked | null =>
      sql.query<Parked & Record<string, never>>(`SELECT ${columns} FROM parked WHERE destination = ?`, destination)[0] ?? null,
    put({ destination, since, reason, detail, probes, probeAt }: Parked): void {
      sql.query(
        `INSERT INTO parked (destination, since, reason, detail, probes, probe_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (destination) DO UPDATE SET reason = excluded.reason, detail = excluded.detail, probes = excluded.probes,
           probe_at = excluded.probe_at`,
        destination,
        since,
        reason,
        detail,
        probes,
        probeAt,
      );
    },
    remove(destination: string): void {
      sql.query('DELETE FROM parked WHERE destination = ?', destination);
    },
  };
}

export type ParkedStore = ReturnType<typeof createParkedStore>;
