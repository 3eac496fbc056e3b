/** Groups of alerts that are told together. All functions belong inside the caller's transaction. */
import type { Sql, SqlValue } from '../ports.ts';
import type { GroupPolicy, Send } from '../rules/rule.ts';

/** What the rule said when the group began: a change of the rules begins another group. */
export interface GroupSpec {
  group: GroupPolicy;
  recover: boolean;
  send: readonly Send[];
}

export interface Group {
  /** The group's own incident, and its name in the store. */
  incident: number;
  rule: string;
  /** Values of `by`, as `groupKeyOf` wrote them. */
  key: string;
  /** When what came since the last message is told, epoch ms; null when nothing can have come. */
  dueAt: number | null;
  toldAt: number | null;
  /** The number of the last notice; null while there is none. */
  notice: number | null;
  closed: boolean;
  spec: GroupSpec;
}

type Row = Omit<Group, 'spec' | 'closed'> & { spec: string; closed: number };

const columns = `incident, rule, group_key AS key, due_at AS dueAt, told_at AS toldAt, notice, closed, spec`;

export type GroupStore = ReturnType<typeof createGroupStore>;

export function createGroupStore(sql: Sql) {
  const select = (rest: string, ...parameters: SqlValue[]): Group[] =>
    sql
      .query<Row>(`SELECT ${columns} FROM groups ${rest}`, ...parameters)
      .map(({ spec, closed, ...row }) => ({ ...row, closed: closed === 1, spec: JSON.parse(spec) as GroupSpec }));

  return {
    open(group: Omit<Group, 'toldAt' | 'notice' | 'closed'>, now: number): void {
      const { incident, rule, key, dueAt, spec } = group;
      sql.query(
        'INSERT INTO groups (incident, rule, group_key, due_at, armed_at, closed, spec) VALUES (?, ?, ?, ?, ?, 0, ?)',
        incident,
        rule,
        key,
        dueAt,
        now,
        JSON.stringify(spec),
      );
    },
    find: (incident: number): Group | null => select('WHERE incident = ?', incident)[0] ?? null,
    /** The one that takes new members. */
    findOpen: (rule: string, key: string, spec: GroupSpec): Group | null =>
      select('WHERE rule = ? AND group_key = ? AND spec = ? AND closed = 0', rule, key, JSON.stringify(spec))[0] ?? null,
    /** The newest closed one in which a subject has not recovered yet. */
    findClosedWith: (subject: string, rule: string, key: string, spec: GroupSpec): Group | null =>
      select(
        `WHERE incident IN (SELECT incident FROM group_members WHERE subject = ? AND ended_at IS NULL)
           AND rule = ? AND group_key = ? AND spec = ? AND closed = 1 ORDER BY incident DESC LIMIT 1`,
        subject,
        rule,
        key,
        JSON.stringify(spec),
      )[0] ?? null,
    schedule(incident: number, { closed, dueAt }: Pick<Group, 'closed' | 'dueAt'>, now: number): void {
      sql.query(
        'UPDATE groups SET closed = ?, due_at = ?, armed_at = ? WHERE incident = ?',
        closed ? 1 : 0,
        dueAt,
        now,
        incident,
      );
    },
    /** A message went out; `notice`: its number, if it was in the relay's own words. */
    told(incident: number, notice: number | null, now: number): void {
      sql.query('UPDATE groups SET told_at = ?, notice = coalesce(?, notice) WHERE incident = ?', now, notice, incident);
    },
    remove(incident: number): void {
      sql.query('DELETE FROM groups WHERE incident = ?', incident);
    },
    /** The numbers of the group's incident, as they are told. Times: epoch ms. */
    setNumbers(incident: number, { firstAt, lastAt, failures }: { firstAt: number; lastAt: number; failures: number }): void {
      sql.query(
        'UPDATE incidents SET opened_at = ?, last_at = ?, failures = ? WHERE id = ?',
        firstAt,
        lastAt,
        failures,
        incident,
      );
    },
    /** Whether an incident of a group that is not over goes by this subject. */
    isTaken: (subject: string): boolean =>
      sql.query(`SELECT 1 FROM incidents WHERE kind = 'group' AND ended_at IS NULL AND subject = ? LIMIT 1`, subject).length > 0,
    /** Whether a notice has not come through everywhere yet. */
    isUnderWay: (notice: number): boolean =>
      sql.query(
        `SELECT 1 FROM deliveries WHERE event_seq = ? AND status NOT IN ('delivered', 'dead', 'suppressed') LIMIT 1`,
        notice,
      ).length > 0,
    due: (now: number, limit: number): Group[] => select('WHERE due_at <= ? ORDER BY due_at LIMIT ?', now, limit),
    nextAt: (): number | null =>
      sql.query<{ at: number | null }>('SELECT min(due_at) AS at FROM groups WHERE due_at IS NOT NULL')[0]!.at,
    /** After a clock was set back: what was to come in ten minutes still does. */
    rearm(now: number): void {
      sql.query(
        'UPDATE groups SET due_at = ? + due_at - armed_at, armed_at = ? WHERE due_at IS NOT NULL AND armed_at > ?',
        now,
        now,
        now,
      );
    },
    /**
     * Forgets closed groups that said nothing since `before` (epoch ms) and have nothing to say any more: no subject in them has
     * an open incident. Removes up to `limit` rows; returns how many.
     */
    forget(before: number, limit: number): number {
      const old = sql.query<{ incident: number }>(
        `SELECT incident FROM groups WHERE closed = 1 AND told_at < ? AND NOT EXISTS (
           SELECT 1 FROM group_members AS m JOIN subjects AS s USING (subject)
           WHERE m.incident = groups.incident AND m.ended_at IS NULL AND s.incident IS NOT NULL
         ) LIMIT ?`,
        before,
        limit,
      );
      let left = limit;
      for (const { incident } of old) {
        if (left <= 0) break;
        left -= removeMembers(sql, incident, left);
        if (left <= 0) break;
        sql.query('UPDATE incidents SET ended_at = last_at WHERE id = ? AND ended_at IS NULL', incident);
        sql.query('DELETE FROM groups WHERE incident = ?', incident);
        left--;
      }
      return limit - left;
    },
  };
}

function removeMembers(sql: Sql, incident: number, limit: number): number {
  return sql.query(
    `DELETE FROM group_members WHERE incident = ? AND subject IN (SELECT subject FROM group_members WHERE incident = ? LIMIT ?)
     RETURNING 1`,
    incident,
    incident,
    limit,
  ).length;
}
