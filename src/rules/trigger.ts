/** When a rule sends: from what is written to what the planner and the timers go by, and to words. */
import { formatDuration } from '../event/time.ts';
import type { GroupPolicy, IncidentPolicy, Trigger } from './rule.ts';
import type { ParsedMatch } from './schema-match.ts';
import type { ParsedRule } from './schema-rule.ts';
import { dayNumbers, durationMs } from './schema-values.ts';
import { isGlob } from './glob.ts';

export function triggerOf({ late, expect, digest, match }: ParsedRule): Trigger {
  if (late) {
    const afterMs = Object.fromEntries(Object.entries(late).map(([state, after]) => [state, durationMs(after)]));
    return { kind: 'late', afterMs };
  }
  if (expect) {
    const { state = 'completed', by, from = by } = expect;
    return { kind: 'expect', state, by, from: from === by ? null : from, datasets: datasetsIn(match), ...calendarOf(expect) };
  }
  if (digest) return { kind: 'digest', at: digest.at, ...calendarOf(digest) };
  return { kind: 'event' };
}

/** Globs leave open which datasets there are, so then any one event does. */
function datasetsIn(match: ParsedMatch | undefined): string[] | null {
  const ids = match?.dataset_ids?.map(String);
  return ids && !ids.some(isGlob) ? [...new Set(ids)] : null;
}

function calendarOf({ timezone = 'UTC', days }: { timezone?: string; days?: string[] }) {
  return { timezone, days: days ? dayNumbers(days) : [1, 2, 3, 4, 5, 6, 7] };
}

/**
 * What the rule's matcher goes by. `expect` is about one state. `late` is about jobs, in every state: the next one ends
 * the wait (`concerns` tells those apart that begin one).
 */
export function matchFor({ match = {} }: ParsedRule, trigger: Trigger): ParsedMatch {
  switch (trigger.kind) {
    case 'late':
      return { ...match, kind: 'job' };
    case 'expect':
      return { ...match, states: [trigger.state] };
    case 'event':
    case 'digest':
      return match;
  }
}

/** Null: the rule has none of the keys, and sends each event. */
export function policyOf({ hold, repeat, recover = false, group }: ParsedRule): IncidentPolicy | null {
  if (hold === undefined && repeat === undefined && !recover && !group) return null;
  return {
    holdMs: hold === undefined ? null : durationMs(hold),
    repeatMs: repeat === undefined ? null : durationMs(repeat),
    recover,
    group: group ? groupOf(group) : null,
  };
}

function groupOf({ by = [], wait = '30s', every = '5m' }: NonNullable<ParsedRule['group']>): GroupPolicy {
  return { by, waitMs: durationMs(wait), everyMs: durationMs(every) };
}

/** Whether an event that matches is one that the rule is there for. One of another state only ends what a `late` rule waits for. */
export function concerns(trigger: Trigger, state: string): boolean {
  return trigger.kind !== 'late' || Object.hasOwn(trigger.afterMs, state);
}

/** Whether a rule that matches an event has seen to it. One that waits for another event, or for its absence, has not. */
export function seesTo({ kind }: Trigger): boolean {
  return kind === 'event' || kind === 'digest';
}

/** What stands between a matching event and the message, such as `late after 20 min in pending`; null: nothing. */
export function waitOf(trigger: Trigger, incident: IncidentPolicy | null, opens: boolean, state: string): string | null {
  switch (trigger.kind) {
    case 'late':
      return `late after ${formatMs(trigger.afterMs[state] ?? 0)} in ${state}`;
    case 'expect':
      return `sends if it is not ${trigger.state} by ${trigger.by} ${daysAndZone(trigger)}`;
    case 'digest':
      return `collected, sent at ${trigger.at} ${daysAndZone(trigger)}`;
    case 'event':
      return incident && opens ? policyInWords(incident) : null;
  }
}

function policyInWords({ holdMs, group }: IncidentPolicy): string | null {
  const parts = [
    ...(holdMs === null ? [] : [`held for ${formatMs(holdMs)}, unless its subject completes`]),
    ...(group === null
      ? []
      : [`grouped${group.by.length > 0 ? ` by ${group.by.join(', ')}` : ''} for ${formatMs(group.waitMs)}`]),
  ];
  return parts.length === 0 ? null : parts.join('; then ');
}

/** `20 min`. */
export function formatMs(ms: number): string {
  return formatDuration(ms / 1000);
}

const dayNames = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** `America/New_York`, `UTC on Mon, Tue`. */
export function daysAndZone({ timezone, days }: { timezone: string; days: readonly number[] }): string {
  return days.length === 7 ? timezone : `${timezone} on ${days.map((day) => dayNames[day]).join(', ')}`;
}
