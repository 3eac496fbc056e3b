import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openSqlite, StoreError } from '../../src/node/sqlite.ts';
import { describeDurableSql, describeSql } from '../contract/sql.ts';
import { openMemorySql } from './memory-sql.ts';

const root = mkdtempSync(join(tmpdir(), 'relay-sql-'));
afterAll(() => rmSync(root, { recursive: true }));

let made = 0;
const newPath = () => join(root, `${++made}`, 'relay.db');

describeDurableSql('better-sqlite3 on a file', () => {
  const path = newPath();
  const stores = [openSqlite(path)];
  return {
    sql: stores[0]!.sql,
    reopen() {
      const copy = newPath();
      mkdirSync(dirname(copy));
      for (const end of ['', '-wal']) copyFileSync(path + end, copy + end);
      stores.push(openSqlite(copy));
      return stores[1]!.sql;
    },
    close: () => stores.forEach((store) => store.close()),
  };
});

describeSql('SQLite in memory, which other tests use', () => ({ sql: openMemorySql(), close() {} }));

describe('the database file', () => {
  test('a commit is on disk before the transaction returns: WAL, with synchronous=FULL', () => {
    const { sql, close } = openSqlite(newPath());
    expect(sql.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(sql.query('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    close();
  });

  test('is refused to a second opener, and free again after the first has closed', () => {
    const path = newPath();
    const first = openSqlite(path);
    expect(() => openSqlite(path)).toThrow(/another narrative-relay process is using .*relay\.db\. Stop it first/);
    first.close();
    openSqlite(path).close();
  });

  test('that is no database is refused with what to do', () => {
    const path = newPath();
    openSqlite(path).close();
    writeFileSync(path, 'this is a text, and long enough to be taken for the header of a database file');
    expect(() => openSqlite(path)).toThrow(StoreError);
    expect(() => openSqlite(path)).toThrow(/damaged or no SQLite database .* Restore it from a backup/);
  });

  test('in a folder that can not be made is refused with what to check', () => {
    writeFileSync(join(root, 'in-the-way'), '');
    expect(() => openSqlite(join(root, 'in-the-way', 'relay.db'))).toThrow(/Check RELAY_DB/);
  });
});
