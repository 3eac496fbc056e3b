/** Incidents for people who look for some, newest first. */
import type { Sql, SqlValue } from '../ports.ts';
import { partOf } from './event-conditions.ts';
import type { Incident, IncidentKind } from './incidents.ts';
import { walkDown } from './walk.ts';

/** ANDed. Empty and null: not asked for. */
export interface IncidentConditions {
  status: 'open' | 'ended' | 'all';
  kinds: readonly IncidentKind[];
  /** Part of a subject. Case makes no difference for ASCII letters. */
  text: string | null;
}

export interface ListedIncident extends Incident {
  /** The event that opened it, while it is there; null for one that no event opened. */
  openedBy: number | null;
  /** The event that ended it, while it is there. */
  endedBy: number | null;
}

export interface IncidentPage {
  rows: ListedIncident[];
  /** The last incident that was looked at, from where to go on; null: there is nothing more. */
  next: number | null;
}

/** Where a search walks: what is open lies in an index by kind, the rest in the table. */
interface Source {
  from: string;
  where: string;
  parameters: SqlValue[];
}

const allKinds: readonly IncidentKind[] = ['subject', 'group', 'late', 'expect'];
/** Incidents that one request looks at: some 10 ms, as for events. */
const searchBudget = 20_000;

const eventIf = (id: string) => `(SELECT e.seq FROM events AS e WHERE e.seq = ${id})`;
const columns = `i.id, i.kind, i.subject, i.opened_at AS openedAt, i.last_at AS lastAt, i.failures, i.first_said AS firstSaid,
  i.last_said AS lastSaid, i.ended_at AS endedAt, ${eventIf('i.id')} AS openedBy, ${eventIf('i.ended_by')} AS endedBy`;

export function createIncidentList(sql: Sql) {
  const ids = ({ from, where, parameters }: Source, rest: string, ...further: SqlValue[]): number[] =>
    sql
      .query<{ id: number }>(`SELECT id FROM incidents ${from} WHERE ${where} AND ${rest}`, ...parameters, ...further)
      .map(({ id }) => id);

  const rowsOf = (wanted: readonly number[]): ListedIncident[] =>
    sql.query<ListedIncident & Record<string, never>>(
      `SELECT ${columns} FROM incidents AS i WHERE i.id IN (SELECT value FROM json_each(?)) ORDER BY i.id DESC`,
      JSON.stringify(wanted),
    );

  return {
    /** From under the id `below`; null: from the newest. */
    page(
      conditions: IncidentConditions,
      { below, limit }: { below: number | null; limit: number },
      budget = searchBudget,
    ): IncidentPage {
      const sources = sourcesOf(conditions);
      const { text, parameters } = conditionOf(conditions);
      const { keys, next } = walkDown(
        {
          // So far down, no source has more rows than may be looked at.
          floor(from, under, rows) {
            const floors = sources.flatMap((source) =>
              ids(source, 'id < ? AND id >= ? ORDER BY id DESC LIMIT 1 OFFSET ?', under, from, rows - 1),
            );
            return floors.length === 0 ? null : Math.max(...floors);
          },
          matching: (from, under, most) =>
            sources
              .flatMap((source) =>
                ids(source, `id < ? AND id >= ?${text} ORDER BY id DESC LIMIT ?`, under, from, ...parameters, most),
              )
              .toSorted((a, b) => b - a)
              .slice(0, most),
        },
        { from: 0, below: below ?? Number.MAX_SAFE_INTEGER, limit, budget },
      );
      return { rows: rowsOf(keys), next };
    },
    find: (id: number): ListedIncident | null => rowsOf([id])[0] ?? null,
    /** Numbers of the last failures of a group's members, the latest first. */
    memberEvents: (id: number, limit: number): number[] =>
      sql
        .query<{ seq: number }>(
          'SELECT event_seq AS seq FROM group_members WHERE incident = ? ORDER BY event_seq DESC LIMIT ?',
          id,
          limit,
        )
        .map(({ seq }) => seq),
    /** The last failure that a rule has noted for an incident of a subject; null: none has. */
    lastFailure: (subject: string, id: number): number | null =>
      sql.query<{ seq: number | null }>(
        'SELECT max(event_seq) AS seq FROM alerts WHERE subject = ? AND incident = ?',
        subject,
        id,
      )[0]!.seq,
  };
}

function sourcesOf({ status, kinds }: IncidentConditions): Source[] {
  if (status !== 'open') return [{ from: 'NOT INDEXED', where: 'TRUE', parameters: [] }];
  return (kinds.length === 0 ? allKinds : kinds).map((kind) => ({
    from: 'INDEXED BY incidents_open',
    where: 'ended_at IS NULL AND kind = ?',
    parameters: [kind],
  }));
}

/** What the source does not say already. */
function conditionOf({ status, kinds, text }: IncidentConditions): { text: string; parameters: SqlValue[] } {
  const parts: string[] = [];
  const parameters: SqlValue[] = [];
  if (status === 'ended') parts.push(' AND ended_at IS NOT NULL');
  if (status !== 'open' && kinds.length > 0) {
    parts.push(' AND kind IN (SELECT value FROM json_each(?))');
    parameters.push(JSON.stringify(kinds));
  }
  if (text !== null) {
    parts.push(` AND subject LIKE ? ESCAPE '\\'`);
    parameters.push(partOf(text));
  }
  return { text: parts.join(''), parameters };
}
