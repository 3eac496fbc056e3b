/** What is to happen by a time of day, and whether it did. All functions belong inside the caller's transaction. */
import type { Sql } from '../ports.ts';

export interface Expectation {
  /** A dataset; '' for the rule as a whole. */
  item: string;
  /** missing: it was not there by an earlier deadline, and has not come since. */
  state: 'awaited' | 'met' | 'missing';
  /** When it last happened, Narrative's time in µs; null: never that we know of. */
  lastUs: number | null;
}

const columns = 'item, state, last_us AS lastUs';

export function createExpectationStore(sql: Sql) {
  return {
    /** In the order of their datasets' numbers. */
    of: (rule: string): Expectation[] =>
      sql.query<Expectation & Record<string, never>>(
        `SELECT ${columns} FROM expectations WHERE rule = ? ORDER BY length(item), item`,
        rule,
      ),
    find: (rule: string, item: string): Expectation | null =>
      sql.query<Expectation & Record<string, never>>(
        `SELECT ${columns} FROM expectations WHERE rule = ? AND item = ?`,
        rule,
        item,
      )[0] ?? null,
    put(rule: string, { item, state, lastUs }: Expectation): void {
      sql.query(
        `INSERT INTO expectations (rule, item, state, last_us) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET state = excluded.state, last_us = excluded.last_us`,
        rule,
        item,
        state,
        lastUs,
      );
    },
    anyMissing: (rule: string): boolean =>
      sql.query(`SELECT 1 FROM expectations WHERE rule = ? AND state = 'missing' LIMIT 1`, rule).length > 0,
    remove(rule: string, item: string): void {
      sql.query('DELETE FROM expectations WHERE rule = ? AND item = ?', rule, item);
    },
    removeAll(rule: string): void {
      sql.query('DELETE FROM expectations WHERE rule = ?', rule);
    },
  };
}
