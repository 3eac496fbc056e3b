/** What became of one event: read for people who ask why they were, or were not, alerted. */
import type { Sql } from '../ports.ts';
import { createDecisionStore, type Decision } from './decisions.ts';
import type { DeliverySpec } from './deliveries.ts';
import type { EventOutcome } from './events.ts';
import { isReconciled } from './stored-event.ts';

export interface EventStory {
  seq: number;
  subscription: string;
  /** Its webhook never came: reconciliation found it. */
  reconciled: boolean;
  /** The event that it is a replay of; null: it came. */
  replayOf: number | null;
  receivedAt: number;
  outcome: EventOutcome;
  /** Null where the outcome says all. */
  reason: string | null;
  decisions: Decision[];
  deliveries: {
    n: number;
    destination: string;
    status: string;
    attempts: number;
    reason: string | null;
    detail: string | null;
    finishedAt: number | null;
    rule: string | null;
    /** What it is in the life of an incident. */
    act: string | null;
  }[];
}

/** A message in the relay's own words: of a group, of what did not happen, of a digest, of a broken destination. */
export interface NoticeStory {
  seq: number;
  notice: { title: string; text: string };
  deliveries: EventStory['deliveries'];
  /** Of a group: its first members, with the last failure of each. */
  members: { subject: string; eventSeq: number }[];
}

/** Members of a group that are named. */
const maxMembers = 20;

export function createStoryStore(sql: Sql) {
  function deliveriesOf(seq: number): EventStory['deliveries'] {
    return sql
      .query<Omit<EventStory['deliveries'][number], 'rule' | 'act'> & { spec: string }>(
        `SELECT n, destination, status, attempts, reason, detail, finished_at AS finishedAt, spec FROM deliveries WHERE event_seq = ? ORDER BY n`,
        seq,
      )
      .map(({ spec, ...row }) => {
        const { rule, incident } = JSON.parse(spec) as DeliverySpec;
        return { ...row, rule, act: incident?.act ?? null };
      });
  }

  /** Of a group, by the number of its incident: its first members, with the last failure of each; none for anything else. */
  const membersOf = (incident: number): NoticeStory['members'] =>
    sql.query<NoticeStory['members'][number] & Record<string, never>>(
      'SELECT subject, event_seq AS eventSeq FROM group_members WHERE incident = ? ORDER BY subject LIMIT ?',
      incident,
      maxMembers,
    );

  return {
    membersOf,
    /** Null for what is no notice. */
    ofNotice(seq: number): NoticeStory | null {
      const first = sql.query<{ notice: string; spec: string }>(
        'SELECT notice, spec FROM deliveries WHERE event_seq = ? AND notice IS NOT NULL ORDER BY n LIMIT 1',
        seq,
      )[0];
      if (!first) return null;
      const { incident } = JSON.parse(first.spec) as DeliverySpec;
      const members = incident ? membersOf(incident.id) : [];
      return { seq, notice: JSON.parse(first.notice) as NoticeStory['notice'], deliveries: deliveriesOf(seq), members };
    },
    /** Null for an event that is not there (any more). */
    of(seq: number): EventStory | null {
      const event = sql.query<Omit<EventStory, 'reconciled' | 'decisions' | 'deliveries'> & { scheme: string }>(
        'SELECT seq, subscription, scheme, received_at AS receivedAt, outcome, reason, replay_of AS replayOf FROM events WHERE seq = ?',
        seq,
      )[0];
      if (!event) return null;
      const { scheme, ...row } = event;
      return {
        ...row,
        reconciled: isReconciled({ scheme }),
        decisions: createDecisionStore(sql).of(seq),
        deliveries: deliveriesOf(seq),
      };
    },
  };
}
