/** What each rule has said, or still has to say, about a subject. All functions belong inside the caller's transaction. */
import type { Owner, Severity } from '../destination/destination.ts';
import type { Sql, SqlValue } from '../ports.ts';
import type { IncidentPolicy, Send } from '../rules/rule.ts';

/** What the rule said at the last failure: a later change of the rules doesn't rewrite an alert that is under way. */
export interface AlertSpec {
  /** Null: a rule that sends each event, and was silenced. */
  policy: IncidentPolicy | null;
  send: readonly Send[];
  usual: Severity;
  owners: readonly Owner[];
  /** Which group it falls into; null where the rule has none. */
  groupKey: string | null;
  /** Where it was told in this incident, and how: the end is told there, whatever the rule says by then. Absent: nowhere. */
  told?: readonly Send[];
  /** Destinations for which a silence caught it on its way out: told there alone when it ends. Absent: wherever the rule sends. */
  kept?: readonly string[];
}

export interface Alert {
  subject: string;
  rule: string;
  incident: number;
  phase: 'held' | 'silenced' | 'told';
  /** When it is looked at again, epoch ms; null: at the next failure, or the end. */
  dueAt: number | null;
  /** When `dueAt` was set. */
  armedAt: number;
  /** When the message that stands is to be brought up to date; null: it is. */
  editAt: number | null;
  editedAt: number | null;
  /** When somebody was last told; null: nobody was. */
  toldAt: number | null;
  /** People were told in this incident, not only in one before it. */
  toldHere: boolean;
  /** Failures since somebody was told. */
  untold: number;
  /** The last failure: what is told. */
  eventSeq: number;
  /** What keeps it silent; null unless it is silenced. */
  silence: string | null;
  spec: AlertSpec;
}

type Row = Omit<Alert, 'spec' | 'toldHere'> & { spec: string; toldHere: number };

const columns = `subject, rule, incident, phase, due_at AS dueAt, armed_at AS armedAt, edit_at AS editAt, edited_at AS editedAt,
  told_at AS toldAt, told_here AS toldHere, untold, event_seq AS eventSeq, silence, spec`;

export type AlertStore = ReturnType<typeof createAlertStore>;

export function createAlertStore(sql: Sql) {
  /** False only while there is none: most relays have few, and the ledger asks for each failure. */
  let any = sql.query('SELECT 1 FROM alerts LIMIT 1').length > 0;
  const select = (rest: string, ...parameters: SqlValue[]): Alert[] =>
    sql
      .query<Row>(`SELECT ${columns} FROM alerts ${rest}`, ...parameters)
      .map(({ spec, toldHere, ...row }) => ({ ...row, toldHere: toldHere === 1, spec: JSON.parse(spec) as AlertSpec }));

  return {
    put(alert: Alert): void {
      any = true;
      sql.query(
        `INSERT INTO alerts (subject, rule, incident, phase, due_at, armed_at, edit_at, edited_at, told_at, told_here, untold, event_seq,
             silence, spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET incident = excluded.incident, phase = excluded.phase, due_at = excluded.due_at,
             armed_at = excluded.armed_at, edit_at = excluded.edit_at, edited_at = excluded.edited_at, told_at = excluded.told_at,
             told_here = excluded.told_here, untold = excluded.untold, event_seq = excluded.event_seq, silence = excluded.silence,
             spec = excluded.spec`,
        alert.subject,
        alert.rule,
        alert.incident,
        alert.phase,
        alert.dueAt,
        alert.armedAt,
        alert.editAt,
        alert.editedAt,
        alert.toldAt,
        alert.toldHere ? 1 : 0,
        alert.untold,
        alert.eventSeq,
        alert.silence,
        JSON.stringify(alert.spec),
      );
    },
    remove(subject: string, rule: string): void {
      sql.query('DELETE FROM alerts WHERE subject = ? AND rule = ?', subject, rule);
    },
    find: (subject: string, rule: string): Alert | null =>
      any ? (select('WHERE subject = ? AND rule = ?', subject, rule)[0] ?? null) : null,
    /** Of all rules, by their names. */
    of: (subject: string): Alert[] => (any ? select('WHERE subject = ? ORDER BY rule', subject) : []),
    /** Those whose time has come, the longest due first. */
    due: (now: number, limit: number): Alert[] => select('WHERE due_at <= ? ORDER BY due_at LIMIT ?', now, limit),
    dueEdits: (now: number, limit: number): Alert[] => select('WHERE edit_at <= ? ORDER BY edit_at LIMIT ?', now, limit),
    /** When the next one is due, or the next message to be edited. */
    nextAt: (): number | null =>
      sql.query<{ at: number | null }>(
        `SELECT min(at) AS at FROM (SELECT min(due_at) AS at FROM alerts WHERE due_at IS NOT NULL
           UNION ALL SELECT min(edit_at) FROM alerts WHERE edit_at IS NOT NULL)`,
      )[0]!.at,
    /** After a clock was set back: what was to come in ten minutes still does, and nobody was told in the future. */
    rearm(now: number): void {
      sql.query('UPDATE alerts SET edit_at = ? WHERE edit_at > ? AND armed_at > ?', now, now, now);
      sql.query(
        'UPDATE alerts SET due_at = ? + due_at - armed_at, armed_at = ? WHERE due_at IS NOT NULL AND armed_at > ?',
        now,
        now,
        now,
      );
      sql.query('UPDATE alerts SET told_at = ? WHERE told_at > ?', now, now);
    },
    /** Looks at all silenced ones again: silences have changed. */
    reviewSilenced(now: number): void {
      sql.query(`UPDATE alerts SET due_at = ?, armed_at = ? WHERE phase = 'silenced'`, now, now);
    },
  };
}
