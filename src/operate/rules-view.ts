/** The rules in force, as operators are shown them: in words, and without a secret. */
import { isInForce } from '../incident/covering.ts';
import { formatPlace } from '../rules/problem.ts';
import type { IncidentPolicy, RuleSummary, Trigger } from '../rules/rule.ts';
import type { Mute, RuleSet } from '../rules/rule-set.ts';
import { daysAndZone, formatMs } from '../rules/trigger.ts';
import type { RulesView, RuleView } from './shapes/views.ts';
import { iso, isoOrNull } from './text.ts';

export interface Loaded {
  /** When the rules in force were loaded, epoch ms. */
  loadedAtMs: number;
  /** What the last reload found wrong. */
  problems: readonly string[];
}

/** `now`: epoch ms, for which mutes are in force. */
export function rulesViewOf(set: RuleSet, { loadedAtMs, problems }: Loaded, now: number): RulesView {
  const { version, subject, rules, unmatched, mutes, subscriptions } = set;
  return {
    version,
    loaded_at: iso(loadedAtMs),
    problems: [...problems],
    subject,
    rules: rules.map(ruleViewOf),
    unmatched: unmatched && ruleViewOf(unmatched),
    mutes: mutes.map((mute) => muteOf(mute, now)),
    subscriptions: [...subscriptions.values()].map(({ name, id, verify: { scheme } }) => ({ name, id, scheme })),
  };
}

function ruleViewOf({ name, place, match = {}, stop, trigger, incident, send }: RuleSummary): RuleView {
  return {
    name,
    at: formatPlace(place),
    match,
    when: whenOf(trigger),
    policy: [...(incident === null ? [] : policyOf(incident)), ...(stop ? ['stops: the rest of its file is not looked at'] : [])],
    send: send.map(({ to, severity, change }) => ({ to, severity, change })),
  };
}

function whenOf(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'event':
      return 'each event';
    case 'late': {
      const limits = Object.entries(trigger.afterMs).map(([state, afterMs]) => `${formatMs(afterMs)} in ${state}`);
      return `late: ${limits.join(', ')}`;
    }
    case 'expect': {
      const { state, by, from, datasets } = trigger;
      const counted = from === null ? '' : `, counted from ${from}`;
      const which = datasets === null ? '' : `: each of ${datasets.length === 1 ? 'dataset' : 'datasets'} ${datasets.join(', ')}`;
      return `not ${state} by ${by} ${daysAndZone(trigger)}${counted}${which}`;
    }
    case 'digest':
      return `digest at ${trigger.at} ${daysAndZone(trigger)}`;
  }
}

function policyOf({ holdMs, repeatMs, recover, group }: IncidentPolicy): string[] {
  return [
    ...(holdMs === null ? [] : [`held ${formatMs(holdMs)}`]),
    ...(repeatMs === null ? [] : [`reminder every ${formatMs(repeatMs)}`]),
    ...(recover ? ['tells recovery'] : []),
    ...(group === null ? [] : [groupOf(group)]),
  ];
}

function groupOf({ by, waitMs, everyMs }: NonNullable<IncidentPolicy['group']>): string {
  const values = by.length === 0 ? '' : ` by ${by.join(', ')}`;
  return `grouped${values}: the first after ${formatMs(waitMs)}, then every ${formatMs(everyMs)}`;
}

function muteOf({ name, fromMs, untilMs, reason, author }: Mute, now: number): RulesView['mutes'][number] {
  const active = isInForce({ fromMs, untilMs }, now);
  return { name, from: isoOrNull(fromMs), until: isoOrNull(untilMs), reason, author, active };
}
