/** A store that can fail: what a full disk or a locked file does to the `Sql` port. */
import type { Sql, SqlValue } from '../../src/ports.ts';

export interface BreakableSql extends Sql {
  /** Everything fails once `after` more statements have run; a transaction under way is rolled back. */
  break(after?: number): void;
  mend(): void;
  isBroken(): boolean;
  isInTransaction(): boolean;
}

export function createBreakableSql(sql: Sql): BreakableSql {
  let left = Infinity;
  let inTransaction = false;

  function fail(): never {
    throw new Error('database or disk is full');
  }

  return {
    query<Row>(statement: string, ...parameters: SqlValue[]): Row[] {
      if (left <= 0) fail();
      left -= 1;
      return sql.query<Row>(statement, ...parameters);
    },
    transaction(work) {
      if (left <= 0) fail();
      inTransaction = true;
      try {
        return sql.transaction(() => {
          const result = work();
          // The commit is what fails most often when a disk is full.
          return left <= 0 ? fail() : result;
        });
      } finally {
        inTransaction = false;
      }
    },
    break(after = 0) {
      left = after;
    },
    mend() {
      left = Infinity;
    },
    isBroken: () => left !== Infinity,
    isInTransaction: () => inTransaction,
  };
}
