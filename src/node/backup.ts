/**
 * A copy of a store that a relay may be writing to at this moment, as one file: of all that was acknowledged up to one moment,
 * and nothing in part.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError, storeErrorOf } from './sqlite.ts';

/** Pages between two looks at the clock and at what stops it; 4 MiB. */
const stepPages = 1024;
/** How long another program may lock the store before that is an error, ms. */
const busyTimeoutMs = 5_000;
/** Faults that are named; there can be millions. */
const maxFaults = 10;

export interface BackupOptions {
  /** The store. */
  from: string;
  /** Takes the place of what is there. */
  to: string;
  /** Whether the copy is read from end to end before it gets its name. */
  check: boolean;
  /** `done`: from 0 to 1. The check says nothing until its end. */
  onProgress?: (step: 'copy' | 'check', done: number) => void;
  /** Looked at while the copy is made, and after the check. */
  signal?: AbortSignal;
}

export type BackupOutcome =
  | { kind: 'made'; bytes: number; holds: Contents }
  /** `from` is a SQLite database, but none of ours. */
  | { kind: 'no-store' }
  /** The copy is not what it should be, and is thrown away. */
  | { kind: 'damaged'; faults: string[] }
  | { kind: 'stopped' };

export interface Contents {
  schemaVersion: number;
  events: number;
  /** The number of the newest event; null when there is none. */
  newestSeq: number | null;
}

class Stopped extends Error {}

/**
 * Writes `<to>.partial` and renames it: under `to` there is a whole backup or what was there before. A partial file that a killed
 * backup left is replaced. Throws `StoreError` when the store can't be read, the copy can't be written, or another backup is
 * writing it.
 */
export async function backUp({ from, to, check, onProgress, signal }: BackupOptions): Promise<BackupOutcome> {
  const source = openSource(from);
  const partial = `${to}.partial`;
  let mine = false;
  try {
    /*
     * The copy begins anew whenever another connection has written since the last step, and so never ends beside a busy relay
     * (https://sqlite.org/c3ref/backup_finish.html). A transaction held open over all steps keeps this connection's view as it
     * is; the relay's log grows meanwhile, as it can't be used again from its start.
     */
    source.exec('BEGIN');
    const holds = contentsOf(source);
    if (holds === null) return { kind: 'no-store' };
    makeEmpty(partial);
    mine = true;
    await source.backup(partial, {
      progress({ totalPages, remainingPages }) {
        if (signal?.aborted) throw new Stopped();
        onProgress?.('copy', totalPages === 0 ? 0 : 1 - remainingPages / totalPages);
        return stepPages;
      },
    });
    if (check) onProgress?.('check', 0);
    const faults = finish(partial, holds, check);
    if (faults.length > 0) return { kind: 'damaged', faults };
    // Lets in what was asked for during the check.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) return { kind: 'stopped' };
    const bytes = statSync(partial).size;
    onDisk(partial);
    renameSync(partial, to);
    mine = false;
    onDisk(dirname(to));
    return { kind: 'made', bytes, holds };
  } catch (error) {
    if (error instanceof Stopped) return { kind: 'stopped' };
    throw failureOf(error, from, to);
  } finally {
    source.close();
    if (mine) removeDatabase(partial);
  }
}

function openSource(path: string): Database.Database {
  try {
    return new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
  } catch (error) {
    throw storeErrorOf(path, error);
  }
}

/** Null for a database that is no store. Of any schema version: the moment before an upgrade is one for a backup. */
function contentsOf(database: Database.Database): Contents | null {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name IN ('schema_version', 'events')").all();
  if (tables.length < 2) return null;
  const row = database
    .prepare(
      'SELECT (SELECT version FROM schema_version) AS schemaVersion, count(*) AS events, max(seq) AS newestSeq FROM events',
    )
    .get();
  return row as Contents;
}

/** Readable for its owner alone: it holds what the webhooks held. */
function makeEmpty(partial: string): void {
  refuseInUse(partial);
  // With what rolls it back: SQLite would do that to the new file.
  removeDatabase(partial);
  closeSync(openSync(partial, 'wx', 0o600));
}

/** A backup under way has it locked; one that was killed does not. */
function refuseInUse(partial: string): void {
  if (statSync(partial, { throwIfNoEntry: false }) === undefined) return;
  const left = new Database(partial, { timeout: 0 });
  try {
    left.exec('BEGIN IMMEDIATE');
  } catch (error) {
    // Half a database is no surprise here.
    if (!isSqlite(error, 'SQLITE_BUSY')) return;
    throw new StoreError(`another backup is writing ${partial}. Wait for it, or write to another file.`);
  } finally {
    left.close();
  }
}

/** Makes it one file, that needs no other beside it, and says what is wrong with it. */
function finish(partial: string, expected: Contents, check: boolean): string[] {
  const copy = new Database(partial, { timeout: 0 });
  try {
    copy.pragma('journal_mode = DELETE');
    if (!check) return [];
    copy.exec('BEGIN EXCLUSIVE');
    const found = (copy.pragma(`integrity_check(${maxFaults})`) as { integrity_check: string }[]).map(
      (row) => row.integrity_check,
    );
    const faults = found.filter((line) => line !== 'ok');
    return faults.length > 0 ? faults : differences(expected, contentsOf(copy));
  } finally {
    copy.close();
  }
}

function differences(expected: Contents, found: Contents | null): string[] {
  if (found === null) return ['the tables are missing'];
  const names = Object.keys(expected) as (keyof Contents)[];
  return names
    .filter((name) => expected[name] !== found[name])
    .map((name) => `${name} is ${found[name]} where the store has ${expected[name]}`);
}

/** Of a file: what was written. Of a folder: which names it has. */
function onDisk(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

/** Which of the two files an error is about is not always said; both are named then. */
function failureOf(error: unknown, from: string, to: string): unknown {
  if (isSqlite(error, 'SQLITE_CORRUPT') || isSqlite(error, 'SQLITE_NOTADB') || isSqlite(error, 'SQLITE_BUSY')) {
    return storeErrorOf(from, error);
  }
  const ofSystem = error instanceof Error && 'syscall' in error;
  if (!ofSystem && !(error instanceof Database.SqliteError)) return error;
  return new StoreError(
    `${from} can't be copied to ${to}: ${error.message}. Check free space, limits and permissions of ${dirname(to)}.`,
  );
}

function isSqlite(error: unknown, code: string): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith(code);
}
