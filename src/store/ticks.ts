/** Rules that do something at a time of day, and when they do next. All functions belong inside the caller's transaction. */
import type { Sql } from '../ports.ts';
import type { Send } from '../rules/rule.ts';

export type TickKind = 'expect' | 'digest';

/** How an incident was told, and so how its end is. */
export interface TickSpec {
  recover: boolean;
  send: readonly Send[];
}

export interface Tick {
  kind: TickKind;
  rule: string;
  /** The time of day as configured. */
  calendar: string;
  /** Epoch ms, all three: what counts happened since then; the time of day; when it is seen to. */
  fromAt: number;
  dueAt: number;
  runAt: number;
  /** The open incident. */
  incident: number | null;
  /** Null while there is none. */
  spec: TickSpec | null;
}

type Row = Omit<Tick, 'spec'> & { spec: string | null };

const columns = 'kind, rule, calendar, from_at AS fromAt, due_at AS dueAt, run_at AS runAt, incident, spec';

const fromRow = (row: Row): Tick => ({ ...row, spec: row.spec === null ? null : (JSON.parse(row.spec) as TickSpec) });

export function createTickStore(sql: Sql, kind: TickKind) {
  return {
    all: (): Tick[] => sql.query<Row>(`SELECT ${columns} FROM ticks WHERE kind = ? ORDER BY rule`, kind).map(fromRow),
    find: (rule: string): Tick | null =>
      sql.query<Row>(`SELECT ${columns} FROM ticks WHERE kind = ? AND rule = ?`, kind, rule).map(fromRow)[0] ?? null,
    dueBy: (now: number, limit: number): Tick[] =>
      sql
        .query<Row>(`SELECT ${columns} FROM ticks WHERE kind = ? AND run_at <= ? ORDER BY run_at LIMIT ?`, kind, now, limit)
        .map(fromRow),
    nextRunAt: (): number | null =>
      sql.query<{ at: number | null }>('SELECT min(run_at) AS at FROM ticks WHERE kind = ?', kind)[0]!.at,
    put({ rule, calendar, fromAt, dueAt, runAt, incident, spec }: Omit<Tick, 'kind'>): void {
      sql.query(
        `INSERT INTO ticks (kind, rule, calendar, from_at, due_at, run_at, incident, spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET calendar = excluded.calendar, from_at = excluded.from_at, due_at = excluded.due_at,
           run_at = excluded.run_at, incident = excluded.incident, spec = excluded.spec`,
        kind,
        rule,
        calendar,
        fromAt,
        dueAt,
        runAt,
        incident,
        spec === null ? null : JSON.stringify(spec),
      );
    },
    remove(rule: string): void {
      sql.query('DELETE FROM ticks WHERE kind = ? AND rule = ?', kind, rule);
    },
  };
}
