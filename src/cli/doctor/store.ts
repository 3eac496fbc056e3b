/** The SQLite file: is it whole, is it what the relay needs, and is there room for it to grow? */
import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { firstSeqAt } from '../../event/id.ts';
import { ok, problem, shown, skipped, warning, type Told } from '../../narrative/check-told.ts';
import { nodeClock } from '../../node/ports.ts';
import type { Sql } from '../../ports.ts';
import { bytes, counted, findingsOf, utc } from './findings.ts';
import { lookInStore } from './look-in-store.ts';
import type { CheckArea } from './surroundings.ts';

const area = 'Store';

/** Below this, bytes, a busy night may fill the volume. */
const leastFree = 1024 ** 3;
/** SQLite puts the log back into the file every 16 MB (`src/node/sqlite.ts`); much more, bytes, and something keeps it from that. */
const mostLogged = 256 * 1024 ** 2;
/** For pruning, which goes by the minute, ms. */
const pruneGraceMs = 86_400_000;
const dayMs = 86_400_000;

export const checkStore: CheckArea = async ({ databasePath: path, valid, thorough }) => {
  const retentionDays = valid?.retentionDays ?? null;
  const looked = lookInStore(path, (sql) => look(sql, retentionDays, thorough, path));
  const told: [string, Told][] = [];
  switch (looked.kind) {
    case 'absent':
      told.push(['file', absent(path)]);
      break;
    case 'unreadable':
      told.push(['file', problem(looked.detail, 'until it can be read, nothing is known of events and alerts')]);
      break;
    case 'other-version':
      told.push(['schema', otherVersion(path, looked.version)]);
      break;
    case 'seen':
      told.push(['file', ok(`${path}, ${bytes(sizeOf(path))}`)], ['room', room(path)], ...looked.value);
  }
  return { findings: findingsOf(area, told), reached: true };
};

function look(sql: Sql, retentionDays: number | null, thorough: boolean, path: string): [string, Told][] {
  return [
    ['schema', ok('is the one that this version knows')],
    ['journal', journal(sql, path)],
    ...(retentionDays === null ? [] : [['retention', retention(sql, retentionDays)] satisfies [string, Told]]),
    ['damage', thorough ? damage(sql) : unlooked],
  ];
}

function absent(path: string): Told {
  return skipped(
    `there is no database ${path}`,
    'the relay makes it when it starts; if it runs already, name its own with --db, or set RELAY_DB',
  );
}

function otherVersion(path: string, version: number | null): Told {
  if (version === null)
    return problem(`${path} is a database, but none of a relay`, 'name the one of the relay with --db, or set RELAY_DB');
  return warning(
    `${path} has schema version ${version}, which is not the one that this version knows: nothing in it was looked at`,
    'start the relay once to bring it up to date; if a newer relay wrote it, use its doctor',
  );
}

function room(path: string): Told {
  const { bavail, bsize } = statfsSync(dirname(path));
  const free = bavail * bsize;
  const size = sizeOf(path);
  const left = `${bytes(free)} are free on its volume`;
  if (free >= leastFree && free >= size) return ok(left);
  const too = free < leastFree ? `less than ${bytes(leastFree)}` : `less than its own size, which a compaction takes`;
  return warning(`${left}: ${too}`, 'make room: when the disk is full, events are answered with 503 and nothing is sent');
}

function journal(sql: Sql, path: string): Told {
  const mode = String(sql.query<{ journal_mode: string }>('PRAGMA journal_mode')[0]?.journal_mode);
  if (mode !== 'wal') {
    return warning(
      `journal mode ${shown(mode)} instead of WAL: no relay has had it open as it is now`,
      'start the relay, which sets it; if it cannot, put RELAY_DB on a local disk',
    );
  }
  const logged = sizeOf(`${path}-wal`);
  if (logged <= mostLogged) return ok(`WAL, ${bytes(logged)}`);
  return warning(
    `the write-ahead log has grown to ${bytes(logged)}`,
    'a program that reads the database for long keeps it from being put back (a backup, a sqlite3 shell): end that one',
  );
}

function retention(sql: Sql, days: number): Told {
  const now = nodeClock.now();
  const oldest = sql.query<{ at: number }>('SELECT received_at AS at FROM events ORDER BY seq LIMIT 1')[0]?.at;
  if (oldest === undefined) return ok('no events yet');
  // Numbers go by time, so this looks at nothing but what is too old.
  const before = firstSeqAt(now - days * dayMs - pruneGraceMs);
  const kept = sql.query<{ count: number }>('SELECT count(*) AS count FROM events WHERE seq < ?', before)[0]!.count;
  const since = `the oldest event is from ${utc(oldest)}`;
  if (kept === 0) return ok(`${since}; kept for ${counted(days, 'day')}`);
  return warning(
    `${counted(kept, 'event')} ${kept === 1 ? 'is' : 'are'} more than a day past RELAY_RETENTION_DAYS (${days}); ${since}`,
    'a relay that runs removes them, but for those with something still to be told; if they stay, look for "pruning failed" in its log',
  );
}

const unlooked = skipped('not looked for: on a large file it takes minutes', 'relay doctor --thorough');

/** Source: sqlite.org/pragma.html#pragma_quick_check. */
function damage(sql: Sql): Told {
  const found = sql.query<{ quick_check: string }>('PRAGMA quick_check(10)').map((row) => String(row.quick_check));
  if (found.length === 1 && found[0] === 'ok') return ok('none found (PRAGMA quick_check)');
  return problem(
    `the file is damaged: ${shown(found[0] ?? 'no answer')}${found.length > 1 ? `, and more` : ''}`,
    'stop the relay and restore a backup; then relay reconcile finds what came since',
  );
}

/** Bytes; 0 for what is not there. */
function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
