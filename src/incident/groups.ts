/**
 * Storms: alerts that come together are told together. A group takes what would be told into itself, tells it `wait` after the
 * first and then whatever came since at most each `every`. When a time has passed without a new failure it is closed: the next
 * one begins another group, unless it is of a subject that this group still has to see recover.
 */
import type { IncidentAct, Owner, Severity } from '../destination/destination.ts';
import { deliveryId } from '../event/id.ts';
import type { Sql } from '../ports.ts';
import type { Routable } from '../rules/plan.ts';
import { mergeSends } from '../rules/planner.ts';
import { routingView } from '../rules/routing-view.ts';
import type { GroupPolicy, IncidentPolicy, Send } from '../rules/rule.ts';
import { createDecisionStore } from '../store/decisions.ts';
import { createEventStore } from '../store/events.ts';
import { createGroupMemberStore, type GroupTotals, type Member } from '../store/group-members.ts';
import { createGroupStore, type Group, type GroupSpec } from '../store/groups.ts';
import { createIncidentStore } from '../store/incidents.ts';
import type { Dispatch } from './dispatch.ts';
import type { Duty } from './duty.ts';
import { createGroupEnds, nextTick, type GroupEnds } from './group-ends.ts';
import { groupSubject, labelOf, valueAt } from './group-key.ts';
import { groupNotice, maxLines } from './group-notices.ts';
import { conclude } from './outbound.ts';
import { clockText } from './words.ts';

/** An alert that would be told now, if it were not for its group. */
export interface GroupMember {
  rule: string;
  policy: IncidentPolicy;
  group: GroupPolicy;
  /** Values of `by`, as `groupKeyOf` wrote them. */
  key: string;
  send: readonly Send[];
  subject: string;
  /** The subject's own incident. */
  incident: number;
  /** Its last failure. */
  eventSeq: number;
  act: 'open' | 'remind';
  usual: Severity;
  owners: readonly Owner[];
  /** How many it stands for: that one, and those that were counted before it. */
  failures: number;
}

export interface Groups extends GroupEnds {
  duty: Duty;
  /** Takes an alert in. `until`: when it is told, epoch ms; `detail`: one sentence for the record. */
  add(member: GroupMember, now: number): { until: number; detail: string };
  /** Forgets groups that are over and said nothing since `before` (epoch ms): up to `limit` rows; returns how many. */
  forget(before: number, limit: number): number;
}

export interface GroupOptions {
  sql: Sql;
  dispatch: Dispatch;
  /** Makes event numbers. */
  nextSeq: () => number;
  traitsOf: (destination: string) => { edits: boolean };
}

/** Groups told in one transaction: each may have thousands of members. */
const batch = 5;
const maxOwners = 10;

/** Which group of a rule an event falls into. */
export function groupKeyOf({ by }: GroupPolicy, routable: Routable): string {
  const view = by.length === 0 ? {} : routingView(routable);
  return JSON.stringify(by.map((variable) => valueAt(view, variable)));
}

export function createGroups({ sql, dispatch, nextSeq, traitsOf }: GroupOptions): Groups {
  const groups = createGroupStore(sql);
  const members = createGroupMemberStore(sql);
  const decisions = createDecisionStore(sql);
  const events = createEventStore(sql);
  const incidents = createIncidentStore(sql);

  function add(member: GroupMember, now: number): { until: number; detail: string } {
    const { incident, until } = placeFor(member, now);
    take(member, incident, now);
    const label = labelOf(member.group.by, member.key);
    return {
      until,
      detail: `grouped: told at ${clockText(until)}, together with what else fails${label === '' ? '' : ` (${label})`}`,
    };
  }

  function placeFor({ rule, key, group, policy, send, subject }: GroupMember, now: number): { incident: number; until: number } {
    const spec: GroupSpec = { group, recover: policy.recover, send };
    const open = groups.findOpen(rule, key, spec);
    if (open) return { incident: open.incident, until: open.dueAt ?? now };
    const dueAt = now + group.waitMs;
    const closed = spec.recover ? groups.findClosedWith(subject, rule, key, spec) : null;
    if (closed) {
      const until = Math.max(dueAt, nextTick(closed, now));
      groups.schedule(closed.incident, { closed: false, dueAt: until }, now);
      return { incident: closed.incident, until };
    }
    const incident = nextSeq();
    groups.open({ incident, rule, key, dueAt, spec }, now);
    return { incident, until: dueAt };
  }

  function take(
    { rule, subject, incident: own, eventSeq, act, usual, owners, failures }: GroupMember,
    group: number,
    now: number,
  ): void {
    const { openedAt, lastAt } = incidents.find(own) ?? { openedAt: now, lastAt: now };
    const known = members.find(group, subject);
    if (known && known.untold > 0 && known.eventSeq !== eventSeq) counted(known, rule);
    const neverTold = known !== null && !known.told && known.own === own;
    members.put({
      group,
      subject,
      own,
      eventSeq,
      act: neverTold ? known.act : act,
      usual,
      owners,
      firstAt: known?.firstAt ?? (act === 'open' ? openedAt : lastAt),
      lastAt: Math.max(lastAt, known?.lastAt ?? lastAt),
      failures: (known?.failures ?? 0) + failures,
      untold: (known?.untold ?? 0) + failures,
      told: known?.told ?? false,
      alone: known?.alone ?? false,
      endedAt: null,
    });
  }

  /** A failure that a later one of its subject stands for now. */
  function counted({ eventSeq, subject }: Member, rule: string): void {
    const detail = `grouped: counted with a later failure of ${subject}`;
    conclude({ decisions, events }, eventSeq, { rule, kind: 'grouped', until: null, detail });
  }

  function run(now: number): void {
    for (const group of groups.due(now, batch)) tick(group, now);
  }

  /** Tells what came since the last message. Nothing new: the storm is over. */
  function tick(group: Group, now: number): void {
    const { incident, spec } = group;
    const totals = members.totals(incident);
    const next = now + spec.group.everyMs;
    if (totals.fresh > 0) {
      const alone = group.notice === null && totals.members === 1 ? members.first(incident) : null;
      if (alone === null || !tellAlone(group, alone, now)) notify(group, group.notice === null ? 'open' : 'remind', totals, now);
      members.markTold(incident);
      return groups.schedule(incident, { closed: false, dueAt: next }, now);
    }
    if (spec.recover && totals.recoveries > 0 && group.notice !== null) {
      notify(group, 'count', totals, now);
      members.markTold(incident);
    }
    // One that nobody has seen yet would go out as a storm that is over.
    const lingers = !spec.recover && group.notice !== null && groups.isUnderWay(group.notice);
    groups.schedule(incident, { closed: true, dueAt: lingers ? next : null }, now);
    if (!spec.recover && !lingers) incidents.end(incident, totals.lastAt, null);
  }

  /** What turns out to be no storm is told as any alert is. False when its event is forgotten. */
  function tellAlone({ incident, rule, spec }: Group, member: Member, now: number): boolean {
    const { subject, eventSeq, own, owners, act, usual } = member;
    if (events.bySeq(eventSeq) === null) return false;
    const planned = mergeSends([{ rule: { name: rule, send: spec.send }, act }], usual);
    dispatch.aboutEvent(eventSeq, { subject, planned, owners, incident: own }, now);
    decisions.remove(eventSeq, rule);
    events.markRouted(eventSeq);
    members.put({ ...member, alone: true });
    groups.told(incident, null, now);
    return true;
  }

  /** Tells of the group as a whole. Returns whether there is anybody to tell. */
  function notify(group: Group, act: IncidentAct, totals: GroupTotals, now: number): boolean {
    const { incident, rule, key, spec } = group;
    const { usual, owners } = voiceOf(incident);
    const planned = mergeSends([{ rule: { name: rule, send: sendsFor(act, spec.send) }, act }], usual);
    if (planned.length === 0) return false;
    const subject = incidents.find(incident)?.subject ?? begin(group, totals);
    groups.setNumbers(incident, totals);
    const label = labelOf(spec.group.by, key);
    const notice = groupNotice({ act, totals, lines: members.lines(incident, maxLines), label, rule });
    const seq = dispatch.notice(notice, { subject, planned, owners, incident }, now);
    const others = totals.fresh > 1 ? `, with ${totals.fresh - 1} more` : '';
    if (totals.fresh > 0) members.explain(incident, rule, `grouped: told in ${deliveryId({ eventSeq: seq, n: 1 })}${others}`);
    groups.told(incident, seq, now);
    return true;
  }

  /** Opens the group's own incident. Returns its subject. */
  function begin({ incident, rule, key }: Group, { firstAt, failures }: GroupTotals): string {
    const usual = groupSubject(rule, key);
    const subject = groups.isTaken(usual) ? groupSubject(rule, key, incident) : usual;
    incidents.open({ id: incident, kind: 'group', subject, at: firstAt, failures, said: null });
    return subject;
  }

  function voiceOf(incident: number): { usual: Severity; owners: Owner[] } {
    const voices = members.voices(incident);
    const owners = new Map(voices.flatMap((voice) => voice.owners.map((owner) => [JSON.stringify(owner), owner])));
    const usual = (['critical', 'error', 'warning'] as const).find((severity) =>
      voices.some((voice) => voice.usual === severity),
    );
    return { usual: usual ?? 'info', owners: [...owners.values()].slice(0, maxOwners) };
  }

  /** A rule's own words are about one event; a group has its own. */
  function sendsFor(act: IncidentAct, send: readonly Send[]): Send[] {
    const heard = act === 'count' ? send.filter(({ to }) => traitsOf(to).edits) : send;
    const over = act === 'recover';
    return heard.map((each) => ({ ...each, message: null, severity: over ? (each.severity ?? 'info') : each.severity }));
  }

  const ends = createGroupEnds({ groups, members, decisions, events, incidents, notify, sendsFor, traitsOf });
  const duty: Duty = { name: 'groups', run, nextAt: groups.nextAt, rearm: groups.rearm };
  return { duty, add, ...ends, forget: groups.forget };
}
