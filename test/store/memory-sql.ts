/** `Sql` on SQLite in memory, without a file's fsyncs: for tests that make thousands of commits. Held to the same contract. */
import Database from 'better-sqlite3';
import type { Sql, SqlValue } from '../../src/ports.ts';

export function openMemorySql(): Sql {
  const database = new Database(':memory:');
  const statements = new Map<string, Database.Statement>();

  return {
    query<Row>(text: string, ...parameters: SqlValue[]): Row[] {
      const statement = statements.get(text) ?? database.prepare(text);
      statements.set(text, statement);
      if (statement.reader) return statement.all(...parameters) as Row[];
      statement.run(...parameters);
      return [];
    },
    transaction: (work) => database.transaction(work).immediate(),
  };
}
