/** The subjects of a group. All functions belong inside the caller's transaction. */
import type { Owner, Severity } from '../destination/destination.ts';
import type { Sql } from '../ports.ts';

export interface Member {
  /** The group's incident. */
  group: number;
  subject: string;
  /** The subject's own incident. */
  own: number;
  /** Its last failure; the next three: what would have been told of it. */
  eventSeq: number;
  act: 'open' | 'remind';
  usual: Severity;
  owners: readonly Owner[];
  /** Epoch ms in Narrative's time, of the failures that count here. */
  firstAt: number;
  lastAt: number;
  /** Since it joined. */
  failures: number;
  /** Those of them that nobody was told of yet. */
  untold: number;
  /** Somebody was told of it. */
  told: boolean;
  /** By a message of its own, whose end is still to be told. */
  alone: boolean;
  /** Epoch ms in Narrative's time; null while it fails. */
  endedAt: number | null;
}

/** Numbers about all of a group. Times: epoch ms in Narrative's time. */
export interface GroupTotals {
  members: number;
  failures: number;
  /** Members with something to tell, and how many failures that is. */
  fresh: number;
  untold: number;
  ended: number;
  /** Of those, how many nobody was told of yet. */
  recoveries: number;
  firstAt: number;
  lastAt: number;
  lastEndedAt: number | null;
}

/** What is shown of one member. */
export interface MemberLine {
  subject: string;
  /** Of the last failure; null where it is no job's, or forgotten. */
  jobType: string | null;
  datasetId: string | null;
  /** One line of what it said. */
  said: string | null;
  failures: number;
  ended: boolean;
}

type Row = Omit<Member, 'owners' | 'told' | 'alone'> & { owners: string; told: number; alone: number };

const columns = `incident AS "group", subject, own, event_seq AS eventSeq, act, usual, owners, first_at AS firstAt, last_at AS lastAt,
  failures, untold, told, alone, ended_at AS endedAt`;

/** Untold ones first, then those that still fail, each in the order of their failures. */
const order = 'm.untold > 0 DESC, m.ended_at IS NOT NULL, m.event_seq, m.subject';

export type GroupMemberStore = ReturnType<typeof createGroupMemberStore>;

export function createGroupMemberStore(sql: Sql) {
  const fromRow = ({ owners, told, alone, ...row }: Row): Member => ({
    ...row,
    owners: JSON.parse(owners) as Owner[],
    told: told === 1,
    alone: alone === 1,
  });

  return {
    find(group: number, subject: string): Member | null {
      const row = sql.query<Row>(`SELECT ${columns} FROM group_members WHERE incident = ? AND subject = ?`, group, subject)[0];
      return row ? fromRow(row) : null;
    },
    /** One of a group; for a group of one. */
    first(group: number): Member | null {
      const row = sql.query<Row>(`SELECT ${columns} FROM group_members WHERE incident = ? LIMIT 1`, group)[0];
      return row ? fromRow(row) : null;
    },
    /** In all groups in which a subject has not recovered yet, the oldest first. */
    liveOf: (subject: string): Member[] =>
      sql
        .query<Row>(`SELECT ${columns} FROM group_members WHERE subject = ? AND ended_at IS NULL ORDER BY incident`, subject)
        .map(fromRow),
    put(member: Member): void {
      const { group, subject, own, eventSeq, act, usual, owners, firstAt, lastAt, failures, untold, told, alone, endedAt } =
        member;
      sql.query(
        `INSERT INTO group_members (incident, subject, own, event_seq, act, usual, owners, first_at, last_at, failures, untold, told,
             alone, ended_at, end_told) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
           ON CONFLICT DO UPDATE SET own = excluded.own, event_seq = excluded.event_seq, act = excluded.act, usual = excluded.usual,
             owners = excluded.owners, first_at = excluded.first_at, last_at = excluded.last_at, failures = excluded.failures,
             untold = excluded.untold, told = excluded.told, alone = excluded.alone, ended_at = excluded.ended_at, end_told = 0`,
        group,
        subject,
        own,
        eventSeq,
        act,
        usual,
        JSON.stringify(owners),
        firstAt,
        lastAt,
        failures,
        untold,
        told ? 1 : 0,
        alone ? 1 : 0,
        endedAt,
      );
    },
    remove(group: number, subject: string): void {
      sql.query('DELETE FROM group_members WHERE incident = ? AND subject = ?', group, subject);
    },
    hasAny: (group: number): boolean => sql.query('SELECT 1 FROM group_members WHERE incident = ? LIMIT 1', group).length > 0,
    hasLive: (group: number): boolean =>
      sql.query('SELECT 1 FROM group_members WHERE incident = ? AND ended_at IS NULL LIMIT 1', group).length > 0,
    /** Of a group that has members. */
    totals: (group: number): GroupTotals =>
      sql.query<GroupTotals & Record<string, never>>(
        `SELECT count(*) AS members, sum(failures) AS failures, sum(untold > 0) AS fresh, sum(untold) AS untold,
           sum(ended_at IS NOT NULL) AS ended, sum(ended_at IS NOT NULL AND end_told = 0) AS recoveries,
           min(first_at) AS firstAt, max(last_at) AS lastAt, max(ended_at) AS lastEndedAt FROM group_members WHERE incident = ?`,
        group,
      )[0]!,
    /** The first of them; reads no bodies. */
    lines: (group: number, limit: number): MemberLine[] =>
      sql
        .query<Omit<MemberLine, 'ended'> & { ended: number }>(
          `SELECT m.subject, e.job_type AS jobType, e.dataset_id AS datasetId, i.last_said AS said, m.failures, m.ended_at IS NOT NULL AS ended
             FROM (SELECT * FROM group_members AS m WHERE incident = ? ORDER BY ${order} LIMIT ?) AS m
             LEFT JOIN events AS e ON e.seq = m.event_seq LEFT JOIN incidents AS i ON i.id = m.own ORDER BY ${order}`,
          group,
          limit,
        )
        .map((row) => ({ ...row, ended: row.ended === 1 })),
    /** Each combination once. */
    voices: (group: number): Pick<Member, 'usual' | 'owners'>[] =>
      sql
        .query<{ usual: Severity; owners: string }>('SELECT DISTINCT usual, owners FROM group_members WHERE incident = ?', group)
        .map(({ usual, owners }) => ({ usual, owners: JSON.parse(owners) as Owner[] })),
    /** Puts down for each failure that is told now where it was told; a silence may have kept it back before. */
    explain(group: number, rule: string, detail: string): void {
      const fresh = 'SELECT event_seq FROM group_members WHERE incident = ? AND untold > 0';
      sql.query(
        `UPDATE decisions SET until = NULL, detail = ? WHERE rule = ? AND kind = 'grouped' AND event_seq IN (${fresh})`,
        detail,
        rule,
        group,
      );
      sql.query(`UPDATE events SET outcome = 'routed', reason = NULL WHERE outcome = 'suppressed' AND seq IN (${fresh})`, group);
    },
    /** All that came so far was told. */
    markTold(group: number): void {
      sql.query(
        'UPDATE group_members SET told = 1, untold = 0, end_told = ended_at IS NOT NULL WHERE incident = ? AND (untold > 0 OR ended_at IS NOT NULL AND end_told = 0)',
        group,
      );
    },
  };
}
