/** The words for what has not happened by a time of day, and for its happening after all. Pure. */
import type { Notice } from '../destination/destination.ts';
import { formatDuration } from '../event/time.ts';
import type { Trigger } from '../rules/rule.ts';
import type { Expectation } from '../store/expectations.ts';
import { clockIn, dayAndClockIn } from './calendar.ts';

type Expected = Extract<Trigger, { kind: 'expect' }>;

/** Items that are listed; the rest is counted. */
const maxListed = 10;
/** From here on, ms after a deadline, it is said that the relay looked late. */
const lookedLateMs = 90_000;
const dayMs = 86_400_000;

export interface Missed {
  missing: readonly Expectation[];
  /** How many were expected. */
  expected: number;
  /** Epoch ms: the window that is over, and the moment of looking. */
  from: number;
  deadline: number;
  now: number;
  /** Earlier deadlines passed while nobody looked. */
  others: boolean;
}

export function missedNotice(rule: string, trigger: Expected, missed: Missed): Notice {
  const { timezone } = trigger;
  const { missing, expected, from, deadline } = missed;
  return {
    title: `Not ${words(trigger.state)} by ${trigger.by} (${timezone}): ${whatIsMissing(rule, trigger, missing, expected)}`,
    text: [...lookedLate(trigger, missed), ...listed(trigger, missing)].join('\n'),
    tone: 'bad',
    fields: [
      { label: 'Expected', value: `${dayAndClockIn(timezone, from)} – ${dayAndClockIn(timezone, deadline)} (${timezone})` },
    ],
  };
}

function whatIsMissing(rule: string, { datasets }: Expected, missing: readonly Expectation[], expected: number): string {
  if (datasets === null) return rule;
  return expected === 1 ? `dataset ${missing[0]!.item}` : `${missing.length} of ${expected} datasets`;
}

function lookedLate({ timezone }: Expected, { now, deadline, others }: Missed): string[] {
  if (now - deadline <= lookedLateMs) return [];
  const late = formatDuration((now - deadline) / 1000);
  return [
    `Looked at ${clockIn(timezone, now)}, ${late} after the deadline: the relay was not running then and may not have heard of everything.`,
    ...(others ? ['Earlier deadlines passed unseen as well.'] : []),
  ];
}

function listed(trigger: Expected, missing: readonly Expectation[]): string[] {
  const lines = missing.slice(0, maxListed).map(({ item, lastUs }) => {
    const last =
      lastUs === null
        ? `not seen ${words(trigger.state)} yet`
        : `last ${words(trigger.state)} ${dayAndClockIn(trigger.timezone, lastUs / 1000)}`;
    return item === '' ? `${last.charAt(0).toUpperCase()}${last.slice(1)}` : `Dataset ${item}: ${last}`;
  });
  return missing.length > maxListed ? [...lines, `… and ${missing.length - maxListed} more`] : lines;
}

/** Epoch ms: the first deadline it missed, when the last of it happened, and when we heard of that. */
export interface Met {
  deadlineMs: number;
  happenedMs: number;
  heardMs: number;
}

export function metNotice(rule: string, trigger: Expected, met: Met): Notice {
  const { state, datasets, timezone } = trigger;
  const { deadlineMs, happenedMs, heardMs } = met;
  const lateMs = happenedMs - deadlineMs;
  const at = lateMs < dayMs && heardMs - happenedMs < dayMs ? clockIn(timezone, happenedMs) : dayAndClockIn(timezone, happenedMs);
  const when =
    lateMs > 0
      ? `at ${at}, ${formatDuration(lateMs / 1000)} late`
      : `at ${at}, in time; heard of at ${clockIn(timezone, heardMs)}`;
  const one = datasets === null ? rule : datasets.length === 1 ? `dataset ${datasets[0]}` : null;
  const title =
    one === null
      ? `All ${datasets!.length} datasets ${words(state)}: the last ${when}`
      : `${capitalised(words(state))} ${when}: ${one}`;
  return { title, text: '', tone: 'good' };
}

export function withdrawnNotice(rule: string): Notice {
  return { title: `No longer expected: ${rule}`, text: 'The rule was removed or expects something else now.', tone: 'neutral' };
}

function words(state: string): string {
  return state.replaceAll('_', ' ');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
