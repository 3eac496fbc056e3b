/** The `Sql` port on better-sqlite3: one file, one process, durable when a transaction returns. */
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Sql, SqlValue } from '../ports.ts';

/** Says what to do; meant to be shown as it is. */
export class StoreError extends Error {}

export interface SqliteStore {
  sql: Sql;
  close(): void;
}

/** Opens (and makes) the database and takes it for this process alone. Throws `StoreError`. */
export function openSqlite(path: string): SqliteStore {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new StoreError(
      `the folder of the database ${path} can't be made: ${messageOf(error)}. Check RELAY_DB and its permissions.`,
    );
  }
  const lock = takeLock(path);
  try {
    const database = open(path);
    return {
      sql: sqlOf(database),
      close: () => {
        database.close();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/**
 * Opens a database for looking at it while a relay may be writing it. Null when there is none yet. Throws `StoreError`.
 * Writes fail.
 */
export function readSqlite(path: string): SqliteStore | null {
  if (!existsSync(path)) return null;
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true });
    return { sql: sqlOf(database), close: () => database.close() };
  } catch (error) {
    throw storeErrorOf(path, error);
  }
}

/**
 * A second process on the same file would send every alert twice. The lock is an exclusive SQLite transaction on a file
 * beside the database: the operating system drops it with the process, however that ends, and readers of the database itself
 * (backup, sqlite3) stay welcome.
 */
function takeLock(path: string): Database.Database {
  let lock: Database.Database | undefined;
  try {
    // Beside the file itself: two names for one file must not be two locks.
    lock = new Database(`${existsSync(path) ? realpathSync(path) : path}.lock`, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) {
      throw new StoreError(`another narrative-relay process is using ${path}. Stop it first, or give this one its own RELAY_DB.`);
    }
    throw new StoreError(
      `the database ${path} can't be locked: ${messageOf(error)}. Check RELAY_DB, permissions and free space.`,
    );
  }
}

function open(path: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    // Nobody else should write here; but a copier (Litestream) takes the lock for the moment of its checkpoint. ms.
    database = new Database(path, { timeout: 1_000 });
    // The order matters: better-sqlite3 is compiled so that switching to WAL silently means synchronous=NORMAL, with
    // which a power cut takes back transactions that have returned.
    expectPragma(database, 'journal_mode', 'WAL', 'wal');
    expectPragma(database, 'synchronous', 'FULL', 2);
    database.pragma('cache_size = -32768'); // 32 MiB
    database.pragma('wal_autocheckpoint = 4000'); // pages, 16 MB
    database.pragma('journal_size_limit = 67108864');
    return database;
  } catch (error) {
    database?.close();
    throw storeErrorOf(path, error);
  }
}

/** SQLite's errors in words that say what to do; anything else as it is. */
export function storeErrorOf(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === '') return error;
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new StoreError(
      `${path} is damaged or no SQLite database (${messageOf(error)}). Restore it from a backup, or move it away to start anew.`,
    );
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new StoreError(`the database ${path} is locked by another program. Let it finish, or stop it, and start again.`);
  }
  return new StoreError(`the database ${path} can't be used: ${messageOf(error)}. Check RELAY_DB, permissions and free space.`);
}

function expectPragma(database: Database.Database, name: string, wanted: string, expected: unknown): void {
  database.pragma(`${name} = ${wanted}`);
  const found = database.pragma(name, { simple: true });
  if (found === expected) return;
  throw new StoreError(
    `the database can't be run with ${name}=${wanted} (it says ${String(found)}), without which an acknowledged event could be lost. ` +
      'Network file systems are known for this: put RELAY_DB on a local disk.',
  );
}

function sqlOf(database: Database.Database): Sql {
  const statements = new Map<string, Database.Statement>();
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');

  function prepared(text: string): Database.Statement {
    let statement = statements.get(text);
    if (!statement) statements.set(text, (statement = database.prepare(text)));
    return statement;
  }

  return {
    query<Row>(text: string, ...parameters: SqlValue[]): Row[] {
      const statement = prepared(text);
      if (statement.reader) return statement.all(...parameters) as Row[];
      statement.run(...parameters);
      return [];
    },
    transaction<T>(work: () => T): T {
      begin.run();
      try {
        const result = work();
        commit.run();
        return result;
      } finally {
        // Still open means that work or commit threw. SQLite may have rolled back by itself (disk full).
        if (database.inTransaction) rollback.run();
      }
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
