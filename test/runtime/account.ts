/** The relay's own account of every event and delivery: its SQLite file, read from outside. */
import Database from 'better-sqlite3';

export interface EventAccount {
  /** Narrative's id for the webhook. */
  webhookId: string;
  outcome: string;
}

export interface DeliveryAccount {
  /** The webhook's id; null for the relay's own notices. */
  webhookId: string | null;
  destination: string;
  status: string;
  /** Brings the content of a delivery that died. */
  fallback: boolean;
}

export interface Account {
  events: EventAccount[];
  deliveries: DeliveryAccount[];
}

const deliveries = `SELECT e.idempotency_key AS webhookId, d.destination, d.status, d.fallback_of IS NOT NULL AS fallback
  FROM deliveries d LEFT JOIN events e ON e.seq = d.event_seq ORDER BY d.event_seq, d.n`;

export function readAccount(databasePath: string): Account {
  return reading(databasePath, (database) => ({
    events: database.prepare<[], EventAccount>('SELECT idempotency_key AS webhookId, outcome FROM events ORDER BY seq').all(),
    deliveries: database
      .prepare<[], Omit<DeliveryAccount, 'fallback'> & { fallback: number }>(deliveries)
      .all()
      .map((row) => ({ ...row, fallback: row.fallback === 1 })),
  }));
}

const open = `SELECT destination || ' ' || status AS what, count(*) AS count FROM deliveries
    WHERE status NOT IN ('delivered', 'dead', 'suppressed') GROUP BY 1
  UNION ALL SELECT 'alert ' || phase, count(*) FROM alerts WHERE due_at IS NOT NULL GROUP BY 1
  UNION ALL SELECT 'group', count(*) FROM groups WHERE due_at IS NOT NULL GROUP BY 1`;

/** Deliveries that have not ended, and alerts and groups that still have something to say, by kind. */
export function readOpen(databasePath: string): { count: number; kinds: string } {
  const rows = reading(databasePath, (database) => database.prepare<[], { what: string; count: number }>(open).all());
  return {
    count: rows.reduce((sum, { count }) => sum + count, 0),
    kinds: rows.map(({ what, count }) => `${count} ${what}`).join(', '),
  };
}

/** Reads in one transaction, so that what is read belongs together. */
export function reading<T>(databasePath: string, read: (database: Database.Database) => T): T {
  const database = new Database(databasePath, { readonly: true, fileMustExist: true });
  try {
    return database.transaction(() => read(database))();
  } finally {
    database.close();
  }
}
