/** The store, opened for a look while a relay may be writing it. */
import { readSqlite, storeErrorOf, StoreError } from '../../node/sqlite.ts';
import type { Sql } from '../../ports.ts';
import { isCurrent } from '../../store/migrations.ts';

export type Looked<T> =
  | { kind: 'seen'; value: T }
  /** There is none. */
  | { kind: 'absent' }
  /** It has another schema than the one that this version knows; null: none at all. */
  | { kind: 'other-version'; version: number | null }
  | { kind: 'unreadable'; detail: string };

/** Whatever `look` asks, it is told of one moment. Never throws for what the file is like. */
export function lookInStore<T>(path: string, look: (sql: Sql) => T): Looked<T> {
  try {
    const store = readSqlite(path);
    if (store === null) return { kind: 'absent' };
    try {
      // A read transaction: `Sql.transaction` would be one that writes.
      store.sql.query('BEGIN');
      if (!isCurrent(store.sql)) return { kind: 'other-version', version: versionOf(store.sql) };
      return { kind: 'seen', value: look(store.sql) };
    } finally {
      store.close();
    }
  } catch (error) {
    const known = storeErrorOf(path, error);
    if (known instanceof StoreError) return { kind: 'unreadable', detail: known.message };
    throw error;
  }
}

function versionOf(sql: Sql): number | null {
  if (sql.query(`SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'`).length === 0) return null;
  return sql.query<{ version: number }>('SELECT version FROM schema_version')[0]?.version ?? null;
}
