/** How the story of a subject ends in its groups: it recovers, or nobody heard of it after all. */
import type { IncidentAct } from '../destination/destination.ts';
import type { RuleSends } from '../rules/planner.ts';
import type { Send } from '../rules/rule.ts';
import type { DecisionStore } from '../store/decisions.ts';
import type { EventStore } from '../store/events.ts';
import type { GroupMemberStore, GroupTotals, Member } from '../store/group-members.ts';
import type { Group, GroupStore } from '../store/groups.ts';
import type { IncidentStore } from '../store/incidents.ts';
import { conclude } from './outbound.ts';
import { clockText } from './words.ts';

export interface GroupEnd {
  /** A group has something to tell of it at a time. */
  timed: boolean;
  /** A group that is over has told so: there is something new in the outbox. */
  toSend: boolean;
  /** To be told with the event that completed the subject: what was told by messages of its own, and is over. */
  sending: RuleSends[];
}

/** What is taken back out of a rule's groups. */
export interface TakenBack {
  /** How it was told alone; empty: it was not, or its end is not for the groups to tell any more. */
  send: Send[];
  /** How many failures it stood for. */
  failures: number;
  /** It failed again since it was told. */
  failedAgain: boolean;
}

export interface GroupEnds {
  /**
   * A subject completed, `atMs` in Narrative's time, and its incident has been ended. `saying`: what its rules say of that by
   * themselves, which need not be said twice.
   */
  ended(subject: string, atMs: number, now: number, saying?: readonly RuleSends[]): GroupEnd;
  /** A message that told of a subject alone was kept back on its way out: the rest of its story is its alert's. */
  takeBack(subject: string, rule: string): TakenBack;
}

export interface GroupEndsOptions {
  groups: GroupStore;
  members: GroupMemberStore;
  decisions: DecisionStore;
  events: EventStore;
  incidents: IncidentStore;
  /** Tells of the group as a whole. Returns whether there is anybody to tell. */
  notify: (group: Group, act: IncidentAct, totals: GroupTotals, now: number) => boolean;
  /** The sends of a rule, as they are for an act. */
  sendsFor: (act: IncidentAct, send: readonly Send[]) => Send[];
  traitsOf: (destination: string) => { edits: boolean };
}

interface Leaving {
  atMs: number;
  now: number;
  saying: readonly RuleSends[];
  end: GroupEnd;
}

export function createGroupEnds(options: GroupEndsOptions): GroupEnds {
  const { groups, members, decisions, events, incidents, notify, sendsFor, traitsOf } = options;

  function ended(subject: string, atMs: number, now: number, saying: readonly RuleSends[] = []): GroupEnd {
    const end: GroupEnd = { timed: false, toSend: false, sending: [] };
    for (const member of members.liveOf(subject)) {
      const group = groups.find(member.group);
      if (group) leave(member, group, { atMs, now, saying, end });
    }
    return end;
  }

  function leave(member: Member, group: Group, { atMs, now, saying, end }: Leaving): void {
    const { incident, spec } = group;
    if (member.untold > 0) cancelled(member, group.rule, atMs);
    if (member.told) members.put({ ...member, untold: 0, alone: false, endedAt: atMs });
    else if (!remove(member)) return;
    if (member.alone) addEnd(end.sending, group, saying);
    if (group.notice === null || !spec.recover) return;
    if (!members.hasLive(incident)) {
      end.toSend = recovered(group, member.own, now) || end.toSend;
      return;
    }
    if (!member.told) return;
    if (group.dueAt !== null || !spec.send.some(({ to }) => traitsOf(to).edits)) return;
    groups.schedule(incident, { closed: group.closed, dueAt: nextTick(group, now) }, now);
    end.timed = true;
  }

  function takeBack(subject: string, rule: string): TakenBack {
    const taken: TakenBack = { send: [], failures: 0, failedAgain: false };
    for (const member of members.liveOf(subject)) {
      const group = groups.find(member.group);
      if (!member.alone || group?.rule !== rule) continue;
      // Told with others since, it is the group's: that tells its end, too.
      if (group.notice !== null) members.put({ ...member, alone: false });
      else {
        remove(member);
        taken.send.push(...group.spec.send.filter(({ to }) => !taken.send.some((each) => each.to === to)));
        taken.failures += member.failures;
        taken.failedAgain ||= member.untold > 0;
      }
    }
    return taken;
  }

  /** Takes a subject out of a group. Returns whether others are left in it. */
  function remove({ group, subject }: Member): boolean {
    members.remove(group, subject);
    const anyLeft = members.hasAny(group);
    if (!anyLeft) groups.remove(group);
    return anyLeft;
  }

  /** It was to be told, and is over before it was. */
  function cancelled({ eventSeq, subject }: Member, rule: string, atMs: number): void {
    const detail = `cancelled: ${subject} completed at ${clockText(atMs)}, before its group was told`;
    conclude({ decisions, events }, eventSeq, { rule, kind: 'cancelled', until: null, detail });
  }

  /** All have recovered. `own`: the incident of the last one. Returns whether that is to be sent. */
  function recovered(group: Group, own: number, now: number): boolean {
    const totals = members.totals(group.incident);
    incidents.end(group.incident, totals.lastEndedAt ?? totals.lastAt, incidents.find(own)?.endedBy ?? null);
    const toSend = notify(group, 'recover', totals, now);
    members.markTold(group.incident);
    groups.schedule(group.incident, { closed: true, dueAt: null }, now);
    return toSend;
  }

  /** The end of what was told alone; once for each destination, in however many groups the subject was. */
  function addEnd(sending: RuleSends[], { rule, spec }: Group, saying: readonly RuleSends[]): void {
    const act = spec.recover ? 'recover' : 'count';
    const heard = [...saying, ...sending]
      .filter((said) => said.rule.name === rule && said.act === act)
      .flatMap((said) => said.rule.send);
    const send = sendsFor(act, spec.send)
      .filter(({ to }) => !heard.some((each) => each.to === to))
      .map((each) => ({ ...each, severity: each.severity ?? ('info' as const) }));
    if (send.length > 0) sending.push({ rule: { name: rule, send }, act });
  }

  return { ended, takeBack };
}

/** When the next message may go out at the earliest. */
export function nextTick({ toldAt, spec }: Group, now: number): number {
  return Math.max(now, Math.min(toldAt ?? -Infinity, now) + spec.group.everyMs);
}
