/** What the relay's store knows, for a command that only looks. */
import { readSqlite, storeErrorOf, StoreError } from '../node/sqlite.ts';
import type { Sql } from '../ports.ts';
import { isCurrent } from '../store/migrations.ts';
import { CommandFailure } from './rules.ts';

/** Where the store is: as given, else as the relay finds it. */
export const databasePath = (given: string | undefined): string => given ?? (process.env.RELAY_DB || 'data/relay.db');

/**
 * Lets `look` read the store. Null when there is none at the usual place, or one of another version; where it is `required`, or was
 * named, that is a failure.
 */
export function withStore<T>(given: string | undefined, look: (sql: Sql) => T, required = given !== undefined): T | null {
  const path = databasePath(given);
  try {
    const store = readSqlite(path);
    if (store === null) {
      if (!required) return null;
      throw new CommandFailure(2, `there is no database ${path}: name the relay's with --db, or set RELAY_DB`);
    }
    try {
      if (isCurrent(store.sql)) return look(store.sql);
      if (!required) return null;
      throw new CommandFailure(
        1,
        `${path} was written by another version of narrative-relay; start the relay once to bring it up to date`,
      );
    } finally {
      store.close();
    }
  } catch (error) {
    const known = storeErrorOf(path, error);
    if (known instanceof StoreError) throw new CommandFailure(3, known.message);
    throw error;
  }
}
