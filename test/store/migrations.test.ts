import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/store/migrations.ts';
import { createBreakableSql } from './breakable-sql.ts';
import { openMemorySql } from './memory-sql.ts';

const tables = (sql: ReturnType<typeof openMemorySql>) =>
  sql.query<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`).map(({ name }) => name);

describe('migrations', () => {
  test('make the schema in an empty store, and leave a current one with all that it holds', () => {
    const sql = openMemorySql();
    migrate(sql);
    expect(tables(sql)).toEqual(
      ['attempts', 'deliveries', 'events', 'heartbeat', 'keys', 'parked', 'schema_version', 'transitions'].toSorted(),
    );
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
