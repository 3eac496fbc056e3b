/** `relay backup`: a copy of the store, while the relay goes on. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { eventId } from '../event/id.ts';
import { backUp, type BackupOutcome } from '../node/backup.ts';
import { backupPath, refusalOf } from '../node/backup-target.ts';
import { nodeClock } from '../node/ports.ts';
import { StoreError } from '../node/sqlite.ts';
import { CommandFailure } from './rules.ts';
import { databasePath } from './stored.ts';

interface BackupFlags {
  db?: string;
  force?: boolean;
  check: boolean;
  json?: boolean;
}

export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description('copy the store to a file, while a relay writes to it or not')
    .argument('<file>', 'what to write; in a folder: relay-2026-11-22T03-04-05Z.db, by the time (UTC)')
    .option('--db <file>', 'the store (default: $RELAY_DB, else data/relay.db)')
    .option('--force', 'replace the file if it is there')
    .option('--no-check', 'do not read the copy from end to end before it gets its name')
    .option('--json', 'print what was made as JSON')
    .addHelpText('after', help)
    .action(backup);
}

const help = `
The backup holds all events that were acknowledged before it began, and none after: those are lost with the store, but for what
"relay reconcile" finds in Narrative's job list. It also holds the deliveries that were open then: a relay that is started on it
sends them, so what was delivered since is sent a second time.

To restore: stop the relay, move its database away (with its -wal and -shm), put the backup in its place, start the relay.

Examples:
  relay backup /var/backups/narrative-relay/
  relay backup before-upgrade.db --db /var/lib/narrative-relay/relay.db

Exit codes: 0 it is there; 1 the copy is damaged, or was stopped: nothing is left of it; 2 usage; 3 the store can't be read, or the
file can't be written.`;

async function backup(given: string, { db, force = false, check, json }: BackupFlags): Promise<void> {
  const startedAt = nodeClock.now();
  const from = databasePath(db);
  if (!existsSync(from)) throw new CommandFailure(2, `there is no database ${from}: name the relay's with --db, or set RELAY_DB`);
  const file = backupPath(given, startedAt);
  const refusal = refusalOf(from, file, force);
  if (refusal !== null) throw new CommandFailure(2, refusal);
  const { bytes, holds } = requireMade(await untilStopped((signal) => copy({ from, to: file, check, signal })), from);
  const { schemaVersion, events, newestSeq } = holds;
  const newest = newestSeq === null ? null : eventId(newestSeq);
  if (json) {
    const took_ms = nodeClock.now() - startedAt;
    const made = { file, bytes, events, newest_event: newest, schema_version: schemaVersion, checked: check, took_ms };
    return void process.stdout.write(`${JSON.stringify(made, null, 2)}\n`);
  }
  const held = newest === null ? 'no events' : `${events} ${events === 1 ? 'event' : 'events'} up to ${newest}`;
  process.stdout.write(`${file}: ${megabytes(bytes)}, ${held}, ${check ? 'checked' : 'not checked'}\n`);
}

async function copy(options: { from: string; to: string; check: boolean; signal: AbortSignal }): Promise<BackupOutcome> {
  try {
    return await backUp({ ...options, onProgress: showProgress });
  } catch (error) {
    throw error instanceof StoreError ? new CommandFailure(3, error.message) : error;
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}

/** The first SIGINT or SIGTERM is `work`'s to obey; it leaves nothing half made. */
async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work(stopping.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function requireMade(outcome: BackupOutcome, from: string): BackupOutcome & { kind: 'made' } {
  switch (outcome.kind) {
    case 'made':
      return outcome;
    case 'no-store':
      throw new CommandFailure(2, `${from} is a database, but no relay's: name the relay's with --db, or set RELAY_DB`);
    case 'damaged':
      throw new CommandFailure(
        1,
        `the copy of ${from} is damaged, and so is the store itself, or the disk. Nothing was kept; --no-check keeps it as it is.\n` +
          `  ${outcome.faults.join('\n  ')}`,
      );
    case 'stopped':
      throw new CommandFailure(1, 'stopped: no backup was made, and nothing is left of it');
  }
}

function showProgress(step: 'copy' | 'check', done: number): void {
  if (!process.stderr.isTTY) return;
  const text = step === 'copy' ? `copying: ${Math.floor(done * 100)} %` : 'checking the copy';
  process.stderr.write(`\r\u001b[K${text}`);
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
