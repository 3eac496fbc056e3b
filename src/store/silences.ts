/** Silences made at run time. All functions belong inside the caller's transaction. */
import type { Sql, SqlValue } from '../ports.ts';

export interface StoredSilence {
  id: number;
  /** JSON, as `match` in the rules files. */
  match: string;
  /** Epoch ms, all times. */
  fromMs: number;
  /** The first moment that is not silent. */
  untilMs: number;
  reason: string;
  author: string;
  createdMs: number;
}

const columns = 'id, match, from_at AS fromMs, until_at AS untilMs, reason, author, created_at AS createdMs';

export function createSilenceStore(sql: Sql) {
  const select = (rest: string, ...parameters: SqlValue[]): StoredSilence[] =>
    sql.query<StoredSilence>(`SELECT ${columns} FROM silences ${rest}`, ...parameters);

  return {
    add({ id, match, fromMs, untilMs, reason, author, createdMs }: StoredSilence): void {
      sql.query(
        'INSERT INTO silences (id, match, from_at, until_at, reason, author, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        id,
        match,
        fromMs,
        untilMs,
        reason,
        author,
        createdMs,
      );
    },
    /** 0 for none. */
    lastId: (): number => sql.query<{ id: number | null }>('SELECT max(id) AS id FROM silences')[0]!.id ?? 0,
    find: (id: number): StoredSilence | null => select('WHERE id = ?', id)[0] ?? null,
    /** The latest first. */
    all: (): StoredSilence[] => select('ORDER BY id DESC'),
    /** Those that are not over, whether or not they have begun; the latest first. */
    endingAfter: (now: number): StoredSilence[] => select('WHERE until_at > ? ORDER BY id DESC', now),
    endAt(id: number, at: number): void {
      sql.query('UPDATE silences SET until_at = ? WHERE id = ?', at, id);
    },
    /** Removes those that ended before a time. Returns how many they were. */
    forget: (before: number): number => sql.query('DELETE FROM silences WHERE until_at < ? RETURNING 1', before).length,
  };
}

export type SilenceStore = ReturnType<typeof createSilenceStore>;
