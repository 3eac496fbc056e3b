/** What any `Sql` port must do. Each runtime's test runs this suite on its own store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sql, SqlValue } from '../../src/ports.ts';

export interface StoreUnderTest {
  sql: Sql;
  close(): void;
}

export interface DurableStoreUnderTest extends StoreUnderTest {
  /** The same store as whoever opens it now would find it if the process that wrote were killed at this moment. */
  reopen(): Sql;
}

/** `open` makes an empty store. */
export function describeSql(name: string, open: () => StoreUnderTest): void {
  describe(`the Sql port: ${name}`, () => {
    let store: StoreUnderTest;
    let sql: Sql;

    beforeEach(() => {
      store = open();
      ({ sql } = store);
      sql.query('CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE, size INTEGER, share REAL, bytes BLOB) STRICT');
    });
    afterEach(() => store.close());

    const names = () => sql.query<{ name: string }>('SELECT name FROM things ORDER BY id').map((row) => row.name);
    const add = (name: string) => sql.query('INSERT INTO things (name) VALUES (?)', name);

    test('a select returns its rows as plain objects by column name, in order', () => {
      add('b');
      add('a');
      expect(sql.query('SELECT id, name AS called FROM things ORDER BY name')).toEqual([
        { id: 2, called: 'a' },
        { id: 1, called: 'b' },
      ]);
    });

    test('a plain write and a select without rows return an empty list', () => {
      expect(add('a')).toEqual([]);
      expect(sql.query('SELECT * FROM things WHERE id = 99')).toEqual([]);
    });

    test('RETURNING gives the rows that were written, and none where ON CONFLICT DO NOTHING wrote none', () => {
      const write = 'INSERT INTO things (name) VALUES (?) ON CONFLICT DO NOTHING RETURNING id';
      expect(sql.query(write, 'a')).toEqual([{ id: 1 }]);
      expect(sql.query(write, 'a')).toEqual([]);
    });

    const kept: [string, string, SqlValue][] = [
      ['text with every kind of character', 'name', 'é 漢 🚑 \u202e \\ \' " \n \u0000 end'],
      ['empty text', 'name', ''],
      ['nested data as JSON text', 'name', JSON.stringify({ a: [{ b: null }, [1, [2]]], c: { d: 'e' } })],
      ['a fraction', 'share', 0.1],
      ['a negative integer', 'size', -7],
      ['epoch microseconds', 'size', 1_772_442_725_123_456],
      ['the largest safe integer', 'size', Number.MAX_SAFE_INTEGER],
      ['null', 'size', null],
    ];
    test.each(kept)('%s comes back as it was, of the same type', (_what, column, value) => {
      sql.query(`INSERT INTO things (${column}) VALUES (?)`, value);
      expect(sql.query<{ value: SqlValue }>(`SELECT ${column} AS value FROM things`)[0]!.value).toBe(value);
      expect(sql.query(`SELECT 1 FROM things WHERE ${column} IS ?`, value)).toHaveLength(1);
    });

    test('computed integers are numbers too, not bigints', () => {
      add('a');
      expect(sql.query('SELECT count(*) AS n, max(id) + 9007199254740000 AS big FROM things')).toEqual([
        { n: 1, big: 9_007_199_254_740_001 },
      ]);
    });

    test('bytes come back byte by byte, even if they are no text, and a view into a larger buffer gives only its part', () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      sql.query('INSERT INTO things (bytes) VALUES (?)', bytes);
      sql.query('INSERT INTO things (bytes) VALUES (?)', bytes.subarray(10, 13));
      sql.query('INSERT INTO things (bytes) VALUES (?)', new Uint8Array(0));
      const found = sql.query<{ bytes: Uint8Array }>('SELECT bytes FROM things ORDER BY id').map((row) => row.bytes);
      expect(found.map((each) => each instanceof Uint8Array)).toEqual([true, true, true]);
      expect(found.map((each) => [...each])).toEqual([[...bytes], [10, 11, 12], []]);
      expect(sql.query('SELECT id FROM things WHERE bytes = ?', bytes)).toEqual([{ id: 1 }]);
    });

    test('a megabyte goes into one row', () => {
      const bytes = new Uint8Array(2 ** 20).fill(7);
      sql.query('INSERT INTO things (bytes) VALUES (?)', bytes);
      expect(sql.query('SELECT length(bytes) AS n FROM things')).toEqual([{ n: 2 ** 20 }]);
    });

    test('a broken constraint throws and writes nothing', () => {
      add('a');
      expect(() => add('a')).toThrow(/UNIQUE constraint failed: things\.name/);
      expect(() => sql.query('INSERT INTO things (size) VALUES (?)', 'no number')).toThrow(/cannot store TEXT/);
      expect(names()).toEqual(['a']);
    });

    test('a transaction returns what its work returns, and its writes stay', () => {
      const result = sql.transaction(() => {
        add('a');
        add('b');
        return names().length;
      });
      expect(result).toBe(2);
      expect(names()).toEqual(['a', 'b']);
    });

    test('a transaction whose work throws leaves nothing behind, passes the error on, and the next one works', () => {
      add('before');
      const boom = new Error('boom');
      const attempt = () =>
        sql.transaction(() => {
          add('lost');
          sql.query('DELETE FROM things WHERE name = ?', 'before');
          throw boom;
        });
      expect(attempt).toThrow(boom);
      expect(names()).toEqual(['before']);
      sql.transaction(() => add('after'));
      expect(names()).toEqual(['before', 'after']);
    });

    test('a constraint broken inside a transaction undoes all of it, unless the work catches it', () => {
      const twice = () => {
        add('a');
        add('a');
      };
      expect(() => sql.transaction(twice)).toThrow(/UNIQUE/);
      expect(names()).toEqual([]);
      sql.transaction(() => expect(twice).toThrow(/UNIQUE/));
      expect(names()).toEqual(['a']);
    });
  });
}

/** For stores that outlive their process. */
export function describeDurableSql(name: string, open: () => DurableStoreUnderTest): void {
  describeSql(name, open);

  test(`the Sql port: ${name}: what a transaction wrote can be found as soon as it has returned; what was undone can not`, () => {
    const store = open();
    const { sql } = store;
    sql.query('CREATE TABLE things (name TEXT)');
    sql.transaction(() => sql.query(`INSERT INTO things VALUES ('kept')`));
    const undone = () =>
      sql.transaction(() => {
        sql.query(`INSERT INTO things VALUES ('undone')`);
        throw new Error('boom');
      });
    expect(undone).toThrow('boom');
    expect(store.reopen().query('SELECT name FROM things')).toEqual([{ name: 'kept' }]);
    store.close();
  });
}
