/** Where the numbers come from. */
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { median } from './statistics.ts';

/** Name → value, in words. */
export type Machine = Record<string, string>;

export function describeMachine(folder: string): Machine {
  return {
    machine: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 1e9)} GB, ${platform()} ${arch()}`,
    'load before': `${loadavg()[0]!.toFixed(1)} (other work on the machine shows in all rates)`,
    disk: `${(syncMs(folder) * 1000).toFixed(0)} µs for writing 4 KiB and fdatasync (median)`,
    node: process.versions.node,
    sqlite: String(new Database(':memory:').prepare('SELECT sqlite_version()').pluck().get()),
    ...Object.fromEntries(['hono', '@hono/node-server', 'better-sqlite3'].map((name) => [name, versionOf(name)])),
  };
}

/** What durability costs here. A few microseconds mean a disk in memory, where the comparison with single commits says nothing. */
function syncMs(folder: string): number {
  const path = join(folder, 'sync');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 100 }, () => {
    const startedAt = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - startedAt;
  });
  closeSync(file);
  rmSync(path);
  return median(times);
}

function versionOf(name: string): string {
  const path = join(import.meta.dirname, '../node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
