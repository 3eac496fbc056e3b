import { describe, expect, test } from 'vitest';
import { createDeliveryStore } from '../../src/store/deliveries.ts';
import { createDeliveryList } from '../../src/store/delivery-list.ts';
import { noEventConditions } from '../../src/store/event-conditions.ts';
import { createEventList } from '../../src/store/event-list.ts';
import { isCurrent, migrate } from '../../src/store/migrations.ts';
import { createBreakableSql } from './breakable-sql.ts';
import { openMemorySql } from './memory-sql.ts';

const tables = (sql: ReturnType<typeof openMemorySql>) =>
  sql.query<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`).map(({ name }) => name);

const indexesOn = (sql: ReturnType<typeof openMemorySql>, table: string) =>
  sql
    .query<{ sql: string }>(`SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`, table)
    .map((row) => row.sql.replaceAll(/\s+/g, ' '))
    .toSorted();

/** A store as version 1 left it: its tables as that version made them, and a delivery in every state. */
const versionOne = [
  `CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT`,
  `INSERT INTO schema_version (version) VALUES (1)`,
  `CREATE TABLE events (seq INTEGER PRIMARY KEY, subscription TEXT NOT NULL, idempotency_key TEXT NOT NULL, scheme TEXT NOT NULL,
     received_at INTEGER NOT NULL, outcome TEXT NOT NULL CHECK (outcome IN ('routed', 'unrouted', 'repeated', 'suppressed', 'quarantined')),
     reason TEXT, duplicate_of INTEGER, kind TEXT, type TEXT, state TEXT, job_id TEXT, job_type TEXT, dataset_id TEXT,
     updated_at_us INTEGER, subject TEXT, rules TEXT, rules_version TEXT NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL) STRICT`,
  `CREATE TABLE keys (digest INTEGER PRIMARY KEY, event_seq INTEGER NOT NULL) STRICT`,
  `CREATE TABLE transitions (updated_at_us INTEGER NOT NULL, job_id TEXT NOT NULL, state TEXT NOT NULL, event_seq INTEGER NOT NULL,
     PRIMARY KEY (updated_at_us, job_id, state)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE deliveries (event_seq INTEGER NOT NULL, n INTEGER NOT NULL, destination TEXT NOT NULL, subject TEXT NOT NULL,
     status TEXT NOT NULL CHECK (status IN ('queued', 'waiting', 'scheduled', 'sending', 'delivered', 'dead')),
     created_at INTEGER NOT NULL, due_at INTEGER, expires_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
     lease_until INTEGER, finished_at INTEGER, reason TEXT, detail TEXT, receipt TEXT, fallback_of TEXT, spec TEXT NOT NULL,
     notice TEXT, PRIMARY KEY (event_seq, n)) STRICT, WITHOUT ROWID`,
  `CREATE INDEX deliveries_queued ON deliveries (destination, event_seq, n) WHERE status = 'queued'`,
  `CREATE INDEX deliveries_waiting ON deliveries (destination, subject, event_seq, n) WHERE status = 'waiting'`,
  `CREATE INDEX deliveries_scheduled ON deliveries (destination, due_at) WHERE status = 'scheduled'`,
  `CREATE INDEX deliveries_sending ON deliveries (lease_until) WHERE status = 'sending'`,
  `CREATE UNIQUE INDEX deliveries_active ON deliveries (destination, subject) WHERE status IN ('scheduled', 'sending')`,
  `CREATE TABLE attempts (event_seq INTEGER NOT NULL, n INTEGER NOT NULL, attempt INTEGER NOT NULL, started_at INTEGER NOT NULL,
     ended_at INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT, detail TEXT NOT NULL,
     PRIMARY KEY (event_seq, n, attempt)) STRICT, WITHOUT ROWID`,
  `CREATE TABLE parked (destination TEXT PRIMARY KEY, since INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
     probes INTEGER NOT NULL, probe_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  `CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), written_at INTEGER NOT NULL) STRICT`,
  `INSERT INTO deliveries (event_seq, n, destination, subject, status, created_at, due_at, expires_at, attempts, lease_until,
       finished_at, reason, detail, receipt, fallback_of, spec, notice) VALUES
     (1, 1, 'chat', 'a', 'delivered', 1, NULL, 9, 1, NULL, 2, NULL, '200 OK', '{"ts":"1"}', NULL, '{"rule":"r"}', NULL),
     (1, 2, 'pager', 'a', 'dead', 1, NULL, 9, 2, NULL, 3, 'payload', 'refused', NULL, NULL, '{"rule":"r"}', NULL),
     (2, 1, 'chat', 'b', 'queued', 1, NULL, 99999, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{"rule":"r"}', NULL),
     (3, 1, 'chat', 'c', 'scheduled', 1, 1500, 99999, 1, NULL, NULL, 'network', 'ECONNREFUSED', NULL, NULL, '{"rule":"r"}', NULL),
     (4, 1, 'chat', 'd', 'sending', 1, NULL, 99999, 3, 61000, NULL, NULL, NULL, NULL, NULL, '{"rule":"r"}', NULL),
     (5, 1, 'chat', 'd', 'waiting', 1, NULL, 99999, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{"rule":"r"}', NULL),
     (6, 1, 'chat', 'd', 'queued', 1, NULL, 99999, 0, NULL, NULL, NULL, NULL, NULL, 'dlv_1_2', '{"rule":null}', '{"title":"t","text":"x"}')`,
];

/** A row of version 1, with what later versions know of each. */
const asNow = (row: object) => ({ ...row, quiet: 0, told: null });

/** Takes back what version 4 brought. */
const backToThree = [
  ...['events_replays', 'events_listed', 'deliveries_dead', 'deliveries_afterwards'].map((index) => `DROP INDEX ${index}`),
  `ALTER TABLE events DROP COLUMN replay_of`,
  `ALTER TABLE deliveries DROP COLUMN told`,
  `DROP TABLE hourly`,
  `UPDATE schema_version SET version = 3`,
];

describe('migrations', () => {
  test('make the schema in an empty store, and leave a current one with all that it holds', () => {
    const sql = openMemorySql();
    migrate(sql);
    const version1 = ['attempts', 'deliveries', 'events', 'heartbeat', 'keys', 'parked', 'schema_version', 'transitions'];
    const incidents = ['alerts', 'decisions', 'fallbacks', 'group_members', 'groups', 'incidents', 'subjects', 'threads'];
    const timed = ['collected', 'expectations', 'late', 'ticks'];
    const reconciliation = ['missed', 'reconciled_from', 'reconciliations'];
    expect(tables(sql)).toEqual([...version1, ...incidents, ...timed, 'silences', ...reconciliation, 'hourly'].toSorted());
    sql.query('INSERT INTO keys (digest, event_seq) VALUES (1, 2)');
    migrate(sql);
    expect(sql.query('SELECT * FROM keys')).toEqual([{ digest: 1, event_seq: 2 }]);
    expect(sql.query('SELECT version FROM schema_version')).toHaveLength(1);
  });

  test('a store written by a newer version is refused, and not touched', () => {
    const sql = openMemorySql();
    migrate(sql);
    sql.query('UPDATE schema_version SET version = 999');
    expect(() => migrate(sql)).toThrow(/schema version 999, this narrative-relay knows up to \d+: run the version that wrote it/);
    expect(sql.query('SELECT version FROM schema_version')).toEqual([{ version: 999 }]);
  });

  test('a store of version 1 keeps each delivery as it was, in its lane and in its turn', () => {
    const sql = openMemorySql();
    for (const statement of versionOne) sql.query(statement);
    const kept = sql.query(`SELECT * FROM deliveries ORDER BY event_seq, n`);
    const indexes = indexesOn(sql, 'deliveries');
    expect(new Set(kept.map(({ status }) => status)).size).toBe(6);

    migrate(sql);
    expect(sql.query('SELECT * FROM deliveries ORDER BY event_seq, n')).toEqual(kept.map(asNow));
    expect(sql.query('SELECT version FROM schema_version')).toEqual([{ version: 4 }]);
    const isLater = (index: string) => /deliveries_(?:quiet|dead|afterwards)/.test(index);
    expect(indexesOn(sql, 'deliveries').filter((index) => !isLater(index))).toEqual(indexes);
    expect(tables(sql)).not.toContain('deliveries_1');

    const deliveries = createDeliveryStore(sql);
    // 6 is queued behind 4, which is on its way in the same lane; 2 is next in a lane of its own, and 3 is due.
    expect(deliveries.lease('chat', 2_000, 62_000, 10).map(({ eventSeq }) => eventSeq)).toEqual([3, 2]);
    const [sending] = deliveries.leasesExpiredBy(61_000);
    expect(sending).toMatchObject({ eventSeq: 4, attempt: 3, spec: { rule: 'r' }, notice: null });
    deliveries.finish(sending!, { status: 'suppressed', at: 2_000, reason: 'silenced', detail: 'silenced by night' });
    expect(deliveries.lease('chat', 2_000, 62_000, 10)).toMatchObject([{ eventSeq: 5, attempt: 1 }]);
    expect(sql.query(`SELECT event_seq FROM deliveries WHERE status = 'suppressed'`)).toEqual([{ event_seq: 4 }]);
  });

  test('a store of version 1 keeps its events, which are found and shown as any', () => {
    const sql = openMemorySql();
    for (const statement of versionOne) sql.query(statement);
    sql.query(`INSERT INTO events (seq, subscription, idempotency_key, scheme, received_at, outcome, kind, state, job_type, rules, rules_version,
        content_type, body) VALUES (7, 'production', 'k', 'hmac-sha256', 1000, 'routed', 'job', 'failed', 'upload-stats', '["page"]', 'v',
        'application/json', x'7b7d')`);
    migrate(sql);
    const { rows } = createEventList(sql).page({ ...noEventConditions, rules: ['page'] }, { below: null, limit: 5 });
    expect(rows).toMatchObject([{ seq: 7, state: 'failed', rules: ['page'], replayOf: null }]);
  });

  test('a store of version 3 keeps what was delivered, of which nobody knows any more what it said', () => {
    const sql = openMemorySql();
    for (const statement of versionOne) sql.query(statement);
    migrate(sql);
    const kept = sql.query('SELECT * FROM deliveries');
    const schema = () => sql.query('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name');
    const current = schema();
    for (const statement of backToThree) sql.query(statement);
    expect(isCurrent(sql)).toBe(false);
    migrate(sql);
    expect(isCurrent(sql)).toBe(true);
    expect(schema()).toEqual(current);
    expect(sql.query('SELECT * FROM deliveries')).toEqual(kept);
    expect(createDeliveryList(sql).find({ eventSeq: 1, n: 1 })).toMatchObject({ status: 'delivered', told: null });
  });

  test('after it the database still refuses two deliveries under way in one lane, and states that there are not', () => {
    const sql = openMemorySql();
    for (const statement of versionOne) sql.query(statement);
    migrate(sql);
    expect(() => sql.query(`UPDATE deliveries SET status = 'scheduled' WHERE event_seq = 5`)).toThrow(/UNIQUE/);
    expect(() => sql.query(`UPDATE deliveries SET status = 'forgotten' WHERE event_seq = 5`)).toThrow(/CHECK/);
  });

  test.each([1, 2, 5, 12])(
    'a store of version 1 that fails after %i statements of it stays one, with all that it holds',
    (statements) => {
      const memory = openMemorySql();
      for (const statement of versionOne) memory.query(statement);
      const kept = memory.query('SELECT * FROM deliveries');
      const sql = createBreakableSql(memory);
      sql.break(statements + 2);
      expect(() => migrate(sql)).toThrow('disk is full');
      sql.mend();
      expect(memory.query('SELECT version FROM schema_version')).toEqual([{ version: 1 }]);
      expect(memory.query('SELECT * FROM deliveries')).toEqual(kept);
      migrate(sql);
      expect(memory.query('SELECT * FROM deliveries')).toEqual(kept.map(asNow));
    },
  );

  test.each([0, 1, 3, 8])(
    'a store that fails after %i statements is left as it was, and the next start does it all',
    (statements) => {
      const sql = createBreakableSql(openMemorySql());
      sql.break(statements);
      expect(() => migrate(sql)).toThrow('disk is full');
      sql.mend();
      expect(tables(sql)).toEqual([]);
      migrate(sql);
      expect(tables(sql)).toContain('heartbeat');
    },
  );
});
