/** What a copy holds that is made while another process writes, and what is left of one that could not be made. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { backUp, type BackupOptions } from '../../src/node/backup.ts';
import { backupPath, refusalOf } from '../../src/node/backup-target.ts';
import { StoreError } from '../../src/node/sqlite.ts';

let folder: string;
let store: string;
let copy: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'narrative-relay-backup-'));
  store = join(folder, 'relay.db');
  copy = join(folder, 'copy.db');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** Resolves when the store is filled; the writer then goes on, or has ended. */
async function writer(events: number, goOn: 'go-on' | '' = ''): Promise<void> {
  const child = spawn(process.execPath, ['test/node/backup-writer.ts', store, String(events), goOn], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await once(child.stdout, 'data');
  if (goOn === '') await ended;
}

const make = (options: Partial<BackupOptions> = {}) => backUp({ from: store, to: copy, check: true, ...options });

function inspect(path: string): { events: number; heartbeat: number; mode: unknown } {
  const database = new Database(path, { readonly: true });
  const row = database.prepare('SELECT (SELECT count(*) FROM events) AS events, written_at AS heartbeat FROM heartbeat').get();
  const mode: unknown = database.pragma('journal_mode', { simple: true });
  database.close();
  return { ...(row as { events: number; heartbeat: number }), mode };
}

const names = () => readdirSync(folder).filter((name) => !name.startsWith('relay.db'));

describe('beside a process that writes without a pause', () => {
  test('it comes to its end, and holds one moment: each transaction whole or not at all', async () => {
    await writer(8_000, 'go-on');
    const steps: number[] = [];
    const outcome = await make({ onProgress: (step, done) => void (step === 'copy' && steps.push(done)) });
    const { events, heartbeat, mode } = inspect(copy);
    expect(outcome).toMatchObject({ kind: 'made', bytes: statSync(copy).size, holds: { events, newestSeq: events } });
    expect(heartbeat).toBe(events);
    expect(events).toBeGreaterThanOrEqual(8_000);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(mode).toBe('delete');
    expect(inspect(store).events).toBeGreaterThan(events);
    expect(names()).toEqual(['copy.db']);
  });
});

test('it is for its owner alone to read', async () => {
  await writer(10);
  await make();
  expect(statSync(copy).mode & 0o777).toBe(0o600);
});

test('of a store that no process has open, it holds all', async () => {
  await writer(10);
  expect(await make()).toMatchObject({ kind: 'made', holds: { events: 10, newestSeq: 10 } });
  expect(inspect(copy).events).toBe(10);
});

test('what a killed backup left is replaced', async () => {
  await writer(10);
  writeFileSync(`${copy}.partial`, 'half a page');
  expect(await make()).toMatchObject({ kind: 'made' });
  expect(inspect(copy).events).toBe(10);
  expect(names()).toEqual(['copy.db']);
});

test('two at once to one file: the second is refused, and the first is whole', async () => {
  await writer(8_000);
  let second: Promise<unknown> | null = null;
  const onProgress = () => void (second ??= make().catch((error: unknown) => error));
  expect(await make({ onProgress })).toMatchObject({ kind: 'made' });
  expect(await second).toEqual(
    new StoreError(`another backup is writing ${copy}.partial. Wait for it, or write to another file.`),
  );
  expect(inspect(copy).events).toBe(8_000);
});

test('stopped under way, it leaves nothing, and what was there before', async () => {
  await writer(8_000);
  writeFileSync(copy, 'the one before');
  const stopping = new AbortController();
  expect(await make({ signal: stopping.signal, onProgress: () => stopping.abort() })).toEqual({ kind: 'stopped' });
  expect(statSync(copy).size).toBe('the one before'.length);
  expect(names()).toEqual(['copy.db']);
});

describe('a damaged store', () => {
  /** Writes over an index, which is no obstacle to copying pages. */
  async function damage(): Promise<void> {
    await writer(2_000);
    const database = new Database(store);
    database.unsafeMode(true);
    database.pragma('writable_schema = ON');
    database.exec(
      "UPDATE sqlite_schema SET sql = replace(sql, 'idempotency_key TEXT NOT NULL', 'idempotency_key INTEGER NOT NULL')",
    );
    database.close();
  }

  test('is found out by the check, and no copy is kept', async () => {
    await damage();
    const outcome = await make();
    expect(outcome).toEqual({ kind: 'damaged', faults: expect.arrayContaining([expect.stringContaining('idempotency_key')]) });
    expect(names()).toEqual([]);
  });

  test('is copied as it is without the check', async () => {
    await damage();
    expect(await make({ check: false })).toMatchObject({ kind: 'made', holds: { events: 2_000 } });
  });
});

test('a database of something else is no store', async () => {
  const database = new Database(store);
  database.exec('CREATE TABLE notes (text TEXT)');
  database.close();
  expect(await make()).toEqual({ kind: 'no-store' });
  expect(names()).toEqual([]);
});

test('a file that is no database is a StoreError that names it', async () => {
  writeFileSync(store, 'These are notes, no database.\n'.repeat(200));
  await expect(make()).rejects.toThrow(new RegExp(`^${store} is damaged or no SQLite database`));
  expect(names()).toEqual([]);
});

describe('the file that it goes to', () => {
  const now = Date.UTC(2026, 10, 22, 3, 4, 5, 678);

  test('in a folder is named after the time', () => {
    expect(backupPath(folder, now)).toBe(join(folder, 'relay-2026-11-22T03-04-05Z.db'));
    expect(backupPath(`${folder}/none/`, now)).toBe(join(folder, 'none', 'relay-2026-11-22T03-04-05Z.db'));
    expect(backupPath(copy, now)).toBe(copy);
  });

  test('may be there already only by force', () => {
    writeFileSync(store, '');
    expect(refusalOf(store, copy, false)).toBeNull();
    writeFileSync(copy, '');
    expect(refusalOf(store, copy, false)).toBe(`${copy} is there already: name another file, or replace it with --force`);
    expect(refusalOf(store, copy, true)).toBeNull();
  });

  test.each(['', '-wal', '-shm', '-journal', '.lock'])('is never relay.db%s, by whatever name', (suffix) => {
    writeFileSync(store, '');
    const file = `${store}${suffix}`;
    writeFileSync(file, '');
    const another = join(folder, 'another');
    symlinkSync(folder, another);
    const refused = expect.stringMatching(/is the store itself, or belongs to it: name another file$/);
    expect(refusalOf(store, file, true)).toEqual(refused);
    expect(refusalOf(store, join(another, `relay.db${suffix}`), true)).toEqual(refused);
  });

  test('is never the store under another name', () => {
    writeFileSync(store, '');
    symlinkSync(store, copy);
    expect(refusalOf(store, copy, true)).toMatch(/is the store itself/);
    expect(refusalOf(copy, store, true)).toMatch(/is the store itself/);
  });

  test('is no database that is in use, or whose program died: its log would be applied to the copy', () => {
    writeFileSync(store, '');
    writeFileSync(copy, '');
    writeFileSync(`${copy}-wal`, '');
    expect(refusalOf(store, copy, true)).toContain(`beside ${copy} lies ${copy}-wal`);
  });

  test('is a file, in a folder that exists', () => {
    writeFileSync(store, '');
    mkdirSync(copy);
    expect(refusalOf(store, copy, true)).toBe(`${copy} is no file: name one, or a folder to put it in`);
    expect(refusalOf(store, join(folder, 'none', 'copy.db'), true)).toBe(
      `there is no folder ${join(folder, 'none')}: make it first, or name another file`,
    );
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});
