/** Whether every event that was accepted is accounted for, and every alert is on its way or at its end. */
import { ok, problem, shown, skipped, warning, type Told } from '../../narrative/check-told.ts';
import { nodeClock } from '../../node/ports.ts';
import type { RuleSet } from '../../rules/rule-set.ts';
import {
  accountForDeliveries,
  accountForEvents,
  type Account,
  type DeadLetters,
  type DeliveryAccount,
  type Fate,
  type Overdue,
  type Some,
  type Unexplained,
} from '../../store/account.ts';
import { createParkedStore, type Parked } from '../../store/parked.ts';
import { ago, counted, findingsOf, utc } from './findings.ts';
import { lookInStore } from './look-in-store.ts';
import type { CheckArea } from './surroundings.ts';

const area = 'Events and deliveries';

/** What could be sent for so long, ms, should have been. */
const overdueMs = 15 * 60_000;

export const checkConservation: CheckArea = async ({ databasePath, rules }) => {
  const now = nodeClock.now();
  const looked = lookInStore(databasePath, (sql) => ({
    events: accountForEvents(sql),
    deliveries: accountForDeliveries(sql, now - overdueMs),
    parked: createParkedStore(sql).all(),
  }));
  // Why it can't be looked at is said of the store.
  if (looked.kind !== 'seen') return { findings: [], reached: true };
  const { events, deliveries, parked } = looked.value;
  const faults = [
    ...deliveries.dead.map(deadLetters),
    ...parked.map((each) => broken(each, now)),
    ...faultsOf(deliveries),
    ...deliveries.overdue
      .filter(({ destination }) => rules?.destinations.has(destination) ?? true)
      .map((each) => late(each, now)),
  ];
  const inOrder: [string, Told] = ['deliveries', ok('none is dead, overdue or stuck, and no destination is parked')];
  return {
    findings: findingsOf(area, [
      ['accepted', totals(events, rules)],
      ...unexplained(events, rules),
      ...(faults.length === 0 ? [inOrder] : faults),
    ]),
    reached: true,
  };
};

/** By what is known of the rules: they only watched for what is late or due; nobody can tell; or nothing is to be said for it. */
type Explanation = 'watched' | 'unknown' | 'none';

const words: Record<Exclude<Fate, 'unexplained'> | Explanation, string> = {
  delivered: 'delivered',
  'under-way': 'on their way',
  dead: 'dead',
  'kept-back': 'kept back by a silence or discarded',
  noted: 'held, counted or told with others',
  watched: 'watched for what is late or due',
  suppressed: 'suppressed for a reason',
  unrouted: 'matched by no rule',
  repeated: 'repeated',
  quarantined: 'quarantined',
  unknown: 'of other rules, with nothing planned',
  none: 'unaccounted for',
};

function totals({ events, fates, unexplained: found }: Account, rules: RuleSet | null): Told {
  if (events === 0) return ok('no events yet');
  const explained = Map.groupBy(found, (each) => explanation(each, rules));
  const countOfKind = (kind: keyof typeof words) =>
    kind === 'watched' || kind === 'unknown' || kind === 'none' ? countOf(explained.get(kind) ?? []) : (fates.get(kind) ?? 0);
  const parts = (Object.keys(words) as (keyof typeof words)[]).flatMap((kind) => {
    const count = countOfKind(kind);
    return count === 0 ? [] : [`${count.toLocaleString('en-US')} ${words[kind]}`];
  });
  return ok(`${counted(events, 'event')}: ${parts.join(', ')}`);
}

/**
 * Of events that left nothing behind, those are in order that a rule was to watch for: what waits for the next state of a job, or for
 * a time of day, is over when that has come. By which rules the others were matched has to be known to tell.
 */
function unexplained({ unexplained: found }: Account, rules: RuleSet | null): [string, Told][] {
  const { none: lost = [], unknown: unsure = [] } = Object.groupBy(found, (each) => explanation(each, rules));
  return [
    ...(lost.length > 0 ? [['unaccounted', unaccounted(lost)] satisfies [string, Told]] : []),
    ...(unsure.length > 0 ? [['other rules', byOtherRules(unsure)] satisfies [string, Told]] : []),
  ];
}

function explanation({ outcome, rules: names, rulesVersion }: Unexplained, rules: RuleSet | null): Explanation {
  if (outcome !== 'routed' || names.length === 0) return 'none';
  const known = rules?.rules.filter(({ name }) => names.includes(name)) ?? [];
  if (known.some(({ trigger }) => trigger.kind === 'late' || trigger.kind === 'expect')) return 'watched';
  return rules?.version === rulesVersion ? 'none' : 'unknown';
}

function unaccounted(found: readonly Unexplained[]): Told {
  const count = countOf(found);
  const { outcome, rules, example } = found[0]!;
  const by = rules.length === 0 ? '' : ` by ${rules.map(shown).join(', ')}`;
  return problem(
    `nothing says what became of ${counted(count, 'event')}; the first is ${example}, ${outcome}${by}`,
    `this must not be: report it; relay explain ${example} says what should have been sent, relay events replay ${example} sends it`,
  );
}

function countOf(found: readonly Unexplained[]): number {
  return found.reduce((sum, { count }) => sum + count, 0);
}

function byOtherRules(found: readonly Unexplained[]): Told {
  const names = [...new Set(found.flatMap(({ rules }) => rules))].map(shown);
  return skipped(
    `${counted(countOf(found), 'event')} matched rules that are not as they were (${names.slice(0, 5).join(', ')}): whether these only watched for what is late cannot be told`,
  );
}

function deadLetters({ destination, count, lastAt, detail }: DeadLetters): [string, Told] {
  return [
    `${destination}: dead letters`,
    warning(
      `${deliveries(count)} will not be sent, the last since ${utc(lastAt)}: ${shown(detail)}`,
      `relay deliveries list --status dead --destination ${destination} shows them; mend the cause, then relay deliveries retry or discard`,
    ),
  ];
}

function broken({ destination, since, detail, probes }: Parked, now: number): [string, Told] {
  return [
    `${destination}: parked`,
    warning(
      `broken since ${utc(since)} (${ago(since, now)}), tried ${counted(probes, 'time')} since; its alerts wait: ${shown(detail)}`,
      `mend it; relay send-test ${destination} says whether it works, and the relay tries it every few minutes`,
    ),
  ];
}

function faultsOf({ untoldFallbacks, orphans, stuck, abandoned }: DeliveryAccount): [string, Told][] {
  const report = 'this must not be: please report it';
  const told: [string, Told][] = [];
  const add = (name: string, some: Some, what: string, todo: string) => {
    if (some !== null) told.push([name, problem(`${deliveries(some.count)} ${what}; the first is ${some.example}`, todo)]);
  };
  add(
    'fallbacks',
    untoldFallbacks,
    'that died, and the fallback was not told',
    `${report}; relay deliveries list --status dead shows what nobody was told`,
  );
  add('orphans', orphans, 'of neither an event nor a notice, with nothing to say', `${report}; then relay deliveries discard`);
  add(
    'leases',
    abandoned,
    'still held by an attempt that ended long ago',
    'start the relay, which takes them back; if it runs, look for "store refused the outbox" in its log',
  );
  add(
    'stuck',
    stuck,
    'waiting behind others of the same subject, and there are none: never to be sent',
    `${report}; the next alert about the same subject lets them go, relay deliveries show ${stuck?.example} shows the first`,
  );
  return told;
}

function late({ destination, count, since }: Overdue, now: number): [string, Told] {
  return [
    `${destination}: overdue`,
    problem(
      `${deliveries(count)} could have been sent, the oldest since ${utc(since)} (${ago(since, now)}), and ${destination} is not parked`,
      'is the relay running? If it is, and the number falls, they are let out at the pace of the destination; else see its log',
    ),
  ];
}

function deliveries(count: number): string {
  return count === 1 ? '1 delivery' : `${count.toLocaleString('en-US')} deliveries`;
}
