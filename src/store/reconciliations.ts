/** Runs of the reconciler. All functions belong inside the caller's transaction. */
import type { Sql, SqlValue } from '../ports.ts';

export type Trigger = 'start' | 'schedule' | 'operator';
export type RunStatus = 'running' | 'done' | 'failed' | 'cancelled';

/** Times: epoch ms. */
export interface StoredRun {
  id: number;
  trigger: Trigger;
  apply: boolean;
  fromMs: number;
  untilMs: number;
  lookbackMs: number;
  subscription: string | null;
  status: RunStatus;
  /** The kind of what it failed of, or of what one that is done could not look at; null: neither. */
  failure: string | null;
  detail: string | null;
  startedMs: number;
  finishedMs: number | null;
  /** Records of the job list that are done with. */
  offset: number;
  /** Records that the next page is to have. */
  perPage: number;
  /** When the next page is asked for. */
  nextAt: number;
  /** Of requests, in a row. */
  failures: number;
  jobsInAll: number | null;
  missing: number;
  taken: number;
  unreadable: number;
}

export type NewRun = Pick<
  StoredRun,
  'id' | 'trigger' | 'apply' | 'fromMs' | 'untilMs' | 'lookbackMs' | 'subscription' | 'startedMs' | 'perPage'
>;

export type Progress = Pick<
  StoredRun,
  'offset' | 'perPage' | 'nextAt' | 'failures' | 'detail' | 'jobsInAll' | 'missing' | 'taken' | 'unreadable'
>;

export type RunEnd = Pick<StoredRun, 'failure' | 'detail'> & { status: Exclude<RunStatus, 'running'>; finishedMs: number };

type Row = Omit<StoredRun, 'apply'> & { apply: number };

const columns = `id, asked_by AS "trigger", apply, from_at AS fromMs, until_at AS untilMs, lookback_ms AS lookbackMs, subscription, status,
  failure, detail, started_at AS startedMs, finished_at AS finishedMs, next_offset AS "offset", per_page AS perPage, next_at AS nextAt,
  failures, jobs_in_all AS jobsInAll, missing, taken, unreadable`;
const automatic = `asked_by <> 'operator'`;

export type ReconciliationStore = ReturnType<typeof createReconciliationStore>;

export function createReconciliationStore(sql: Sql) {
  const select = (rest: string, ...parameters: SqlValue[]): StoredRun[] =>
    sql
      .query<Row>(`SELECT ${columns} FROM reconciliations ${rest}`, ...parameters)
      .map((row) => ({ ...row, apply: row.apply === 1 }));

  const lastDone = (): StoredRun | null => select(`WHERE ${automatic} AND status = 'done' ORDER BY id DESC LIMIT 1`)[0] ?? null;

  /** Of what a run found, up to `limit`. Returns how many there were. */
  function removeMissed(run: number, limit: number): number {
    return sql.query(
      'DELETE FROM missed WHERE run = ? AND n IN (SELECT n FROM missed WHERE run = ? ORDER BY n LIMIT ?) RETURNING 1',
      run,
      run,
      limit,
    ).length;
  }

  return {
    add(run: NewRun): void {
      sql.query(
        `INSERT INTO reconciliations (id, asked_by, apply, from_at, until_at, lookback_ms, subscription, status, started_at, next_offset,
             per_page, next_at, failures, missing, taken, unreadable) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, 0, ?, ?, 0, 0, 0, 0)`,
        run.id,
        run.trigger,
        run.apply ? 1 : 0,
        run.fromMs,
        run.untilMs,
        run.lookbackMs,
        run.subscription,
        run.startedMs,
        run.perPage,
        run.startedMs,
      );
    },
    save(id: number, progress: Progress): void {
      sql.query(
        `UPDATE reconciliations SET next_offset = ?, per_page = ?, next_at = ?, failures = ?, detail = ?, jobs_in_all = ?, missing = ?,
           taken = ?, unreadable = ? WHERE id = ?`,
        progress.offset,
        progress.perPage,
        progress.nextAt,
        progress.failures,
        progress.detail,
        progress.jobsInAll,
        progress.missing,
        progress.taken,
        progress.unreadable,
        id,
      );
    },
    /** Of a run that turns out to have been made by a clock that is wrong. */
    setWindow(id: number, { fromMs, untilMs }: Pick<StoredRun, 'fromMs' | 'untilMs'>): void {
      sql.query('UPDATE reconciliations SET from_at = ?, until_at = ? WHERE id = ?', fromMs, untilMs, id);
    },
    finish(id: number, { status, failure, detail, finishedMs }: RunEnd): void {
      sql.query(
        'UPDATE reconciliations SET status = ?, failure = ?, detail = ?, finished_at = ? WHERE id = ?',
        status,
        failure,
        detail,
        finishedMs,
        id,
      );
    },
    /** 0 for none. */
    lastId: (): number => sql.query<{ id: number | null }>('SELECT max(id) AS id FROM reconciliations')[0]!.id ?? 0,
    find: (id: number): StoredRun | null => select('WHERE id = ?', id)[0] ?? null,
    /** Newest first. */
    list: (limit: number): StoredRun[] => select('ORDER BY id DESC LIMIT ?', limit),
    /** The one whose turn it is: one that nobody asked for, else the oldest that is not over. */
    current: (): StoredRun | null => select(`WHERE status = 'running' ORDER BY ${automatic} DESC, id LIMIT 1`)[0] ?? null,
    /** How many that operators asked for are not over. */
    countAsked: (): number =>
      sql.query<{ n: number }>(`SELECT count(*) AS n FROM reconciliations WHERE status = 'running' AND NOT (${automatic})`)[0]!.n,
    /** The last that nobody asked for, whatever came of it. */
    lastAutomatic: (): StoredRun | null => select(`WHERE ${automatic} ORDER BY id DESC LIMIT 1`)[0] ?? null,
    /** The last that nobody asked for and that got to its end. */
    lastDone,
    /** The same, with nothing left out. */
    lastWhole: (): StoredRun | null =>
      select(`WHERE ${automatic} AND status = 'done' AND failure IS NULL ORDER BY id DESC LIMIT 1`)[0] ?? null,
    /** Of those that nobody asked for, the last that are done or failed; newest first. */
    lastEnded: (limit: number): StoredRun[] =>
      select(`WHERE ${automatic} AND status IN ('done', 'failed') ORDER BY id DESC LIMIT ?`, limit),
    /** Since when this relay answers for what it was sent, epoch ms; `atMs` if that has not been noted yet. */
    begin(atMs: number): number {
      return sql.query<{ at: number }>(
        'INSERT INTO reconciled_from (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = at RETURNING at',
        atMs,
      )[0]!.at;
    },
    /** The clock was set back to `now`: what was to come soon still does. */
    setBack(now: number): void {
      sql.query(`UPDATE reconciliations SET next_at = ? WHERE status = 'running' AND next_at > ?`, now, now);
      sql.query(`UPDATE reconciliations SET started_at = ? WHERE ${automatic} AND started_at > ?`, now, now);
      sql.query('UPDATE reconciled_from SET at = ? WHERE at > ?', now, now);
    },
    /**
     * Removes runs that were over before a time (epoch ms) with what they found, in steps of `limit` rows. The last automatic one that
     * got to its end stays: the next goes on from there. Returns how many rows went.
     */
    forget(before: number, limit: number): number {
      const [old] = select('WHERE finished_at < ? AND id <> ? ORDER BY finished_at LIMIT 1', before, lastDone()?.id ?? 0);
      if (!old) return 0;
      const removed = removeMissed(old.id, limit);
      if (removed === limit) return removed;
      sql.query('DELETE FROM reconciliations WHERE id = ?', old.id);
      // So many that the caller comes back: there may be further runs.
      return limit;
    },
  };
}
