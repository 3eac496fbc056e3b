/** Where a backup goes, and what it must not take the place of. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** `given`, or where that is a folder, a name in it that tells when and sorts by it. `now`: epoch ms. */
export function backupPath(given: string, now: number): string {
  const isFolder = given.endsWith('/') || statSync(given, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) return given;
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(':', '-');
  return join(given, `relay-${time}Z.db`);
}

/** Why nothing may be written to `to`, in a sentence that says what to do; null when it may. `from`: the store, which exists. */
export function refusalOf(from: string, to: string, force: boolean): string | null {
  if (statSync(dirname(to), { throwIfNoEntry: false })?.isDirectory() !== true) {
    return `there is no folder ${dirname(to)}: make it first, or name another file`;
  }
  if (isPartOf(realpathSync(from), to)) return `${to} is the store itself, or belongs to it: name another file`;
  const there = statSync(to, { throwIfNoEntry: false });
  // SQLite would apply another database's log to the new one, and damage it.
  const log = ['-wal', '-journal'].map((suffix) => `${to}${suffix}`).find((path) => existsSync(path));
  if (log !== undefined) {
    return `beside ${to} lies ${log}: a database of that name is in use, or was when its program died. Name another file`;
  }
  if (there === undefined) return null;
  if (!there.isFile()) return `${to} is no file: name one, or a folder to put it in`;
  return force ? null : `${to} is there already: name another file, or replace it with --force`;
}

/** Whether writing to `to` would write to the database `store` (its real path), its log or its lock, by whatever name. */
function isPartOf(store: string, to: string): boolean {
  const folder = realpathSync(dirname(to));
  const path = join(folder, basename(resolve(to)));
  if (['', '-wal', '-shm', '-journal', '.lock'].some((suffix) => path === `${store}${suffix}`)) return true;
  const [one, other] = [statSync(store), statSync(to, { throwIfNoEntry: false })];
  return other !== undefined && one.dev === other.dev && one.ino === other.ino;
}
