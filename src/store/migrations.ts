/**
 * The store's schema. Append-only: a migration that has shipped is never edited, a change is a new entry at the end.
 * Written for the intersection of better-sqlite3 and Durable Object storage: no PRAGMA, no BEGIN.
 */
import type { Sql } from '../ports.ts';
import { groupTables } from './schema/groups.ts';
import { deliveriesWithSuppressed, incidentTables } from './schema/incidents.ts';
import { operateTables } from './schema/operate.ts';
import { reconciliationTables } from './schema/reconciliations.ts';
import { silenceTables } from './schema/silences.ts';
import { timedTables } from './schema/timed.ts';

const migrations: readonly (readonly string[])[] = [
  [
    /*
     * events: one row for each delivery that Narrative made and we answered with a 2xx, its body as it came; none for a key
     *            that came again.
     *   seq      made from the time of acceptance (`src/event/id.ts`): rows lie in the order they came, and it is the event's id.
     *   outcome  routed: has deliveries. unrouted: no rule matched. repeated: a transition that came before under another
     *            key (duplicate_of). suppressed: planned nothing for the reason given. quarantined: verified JSON, but no event.
     *   times    received_at is epoch ms.
     */
    `CREATE TABLE events (
      seq INTEGER PRIMARY KEY,
      subscription TEXT NOT NULL,
      idempotency_key TEXT NOT NULL,
      scheme TEXT NOT NULL,
      received_at INTEGER NOT NULL,
      outcome TEXT NOT NULL CHECK (outcome IN ('routed', 'unrouted', 'repeated', 'suppressed', 'quarantined')),
      reason TEXT,
      duplicate_of INTEGER,
      kind TEXT,
      type TEXT,
      state TEXT,
      job_id TEXT,
      job_type TEXT,
      dataset_id TEXT,
      updated_at_us INTEGER,
      subject TEXT,
      rules TEXT,
      rules_version TEXT NOT NULL,
      content_type TEXT NOT NULL,
      body BLOB NOT NULL
    ) STRICT`,
    // Idempotency keys by digest: see `src/store/keys.ts`.
    `CREATE TABLE keys (digest INTEGER PRIMARY KEY, event_seq INTEGER NOT NULL) STRICT`,
    // The states of jobs that have been seen, in Narrative's time (µs). Time comes first: new rows then lie together on disk.
    `CREATE TABLE transitions (
      updated_at_us INTEGER NOT NULL,
      job_id TEXT NOT NULL,
      state TEXT NOT NULL,
      event_seq INTEGER NOT NULL,
      PRIMARY KEY (updated_at_us, job_id, state)
    ) STRICT, WITHOUT ROWID`,
    /*
     * deliveries: the outbox and its history; the n-th of an event (a notice has a number of its own, and no event).
     *   status  queued: next in its turn. scheduled: to be sent at due_at. sending: leased until lease_until, attempts is the
     *           fencing token. waiting: behind a scheduled or sending one of the same destination and subject (its lane).
     *   spec    what the plan said: rule, severity, message templates … (JSON)
     *   notice  the relay's own words (JSON)
     */
    `CREATE TABLE deliveries (
      event_seq INTEGER NOT NULL,
      n INTEGER NOT NULL,
      destination TEXT NOT NULL,
      subject TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('queued', 'waiting', 'scheduled', 'sending', 'delivered', 'dead')),
      created_at INTEGER NOT NULL,
      due_at INTEGER,
      expires_at INTEGER NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      lease_until INTEGER,
      finished_at INTEGER,
      reason TEXT,
      detail TEXT,
      receipt TEXT,
      fallback_of TEXT,
      spec TEXT NOT NULL,
      notice TEXT,
      PRIMARY KEY (event_seq, n)
    ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX deliveries_queued ON deliveries (destination, event_seq, n) WHERE status = 'queued'`,
    `CREATE INDEX deliveries_waiting ON deliveries (destination, subject, event_seq, n) WHERE status = 'waiting'`,
    `CREATE INDEX deliveries_scheduled ON deliveries (destination, due_at) WHERE status = 'scheduled'`,
    `CREATE INDEX deliveries_sending ON deliveries (lease_until) WHERE status = 'sending'`,
    // Unique: the database itself refuses a second delivery under way in a lane.
    `CREATE UNIQUE INDEX deliveries_active ON deliveries (destination, subject) WHERE status IN ('scheduled', 'sending')`,
    `CREATE TABLE attempts (
      event_seq INTEGER NOT NULL,
      n INTEGER NOT NULL,
      attempt INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      ended_at INTEGER NOT NULL,
      outcome TEXT NOT NULL,
      reason TEXT,
      detail TEXT NOT NULL,
      PRIMARY KEY (event_seq, n, attempt)
    ) STRICT, WITHOUT ROWID`,
    // Destinations that take nothing until a person mends them; the others have no row.
    `CREATE TABLE parked (
      destination TEXT PRIMARY KEY,
      since INTEGER NOT NULL,
      reason TEXT NOT NULL,
      detail TEXT NOT NULL,
      probes INTEGER NOT NULL,
      probe_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), written_at INTEGER NOT NULL) STRICT`,
  ],
  [...deliveriesWithSuppressed, ...incidentTables, ...groupTables, ...timedTables, ...silenceTables],
  reconciliationTables,
  operateTables,
];

/** Whether the store has the schema that this version knows. Only reads. */
export function isCurrent(sql: Sql): boolean {
  const known = sql.query(`SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'`).length > 0;
  return known && sql.query<{ version: number }>('SELECT version FROM schema_version')[0]?.version === migrations.length;
}

/** Brings the store to the newest schema. Throws when the file was written by a newer version: it could lose what that one added. */
export function migrate(sql: Sql): void {
  sql.transaction(() => {
    sql.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT');
    const found = sql.query<{ version: number }>('SELECT version FROM schema_version')[0]?.version;
    const current = found ?? 0;
    if (current > migrations.length) {
      throw new Error(
        `the database has schema version ${current}, this narrative-relay knows up to ${migrations.length}: run the version that wrote it, or a newer one`,
      );
    }
    for (const statements of migrations.slice(current)) for (const statement of statements) sql.query(statement);
    if (found === undefined) sql.query('INSERT INTO schema_version (version) VALUES (?)', migrations.length);
    else if (current < migrations.length) sql.query('UPDATE schema_version SET version = ?', migrations.length);
  });
}
