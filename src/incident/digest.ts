/** `digest`: what came since the last one, told together at a time of day. Nothing collected, nothing sent. */
import { datasetOf, stateOf, type NarrativeEvent } from '../event/event.ts';
import type { Sql } from '../ports.ts';
import type { RuleSummary, Trigger } from '../rules/rule.ts';
import { createCollectedStore, type Collected } from '../store/collected.ts';
import { createDecisionStore } from '../store/decisions.ts';
import { createTickStore, type Tick } from '../store/ticks.ts';
import { nextOccurrence } from './calendar.ts';
import { digestNotice, maxSlowest, maxTypes } from './digest-notice.ts';
import type { Dispatch } from './dispatch.ts';
import type { Duty } from './duty.ts';
import { nothingNoted, type Noted } from './noted.ts';
import type { Taken } from './taken.ts';
import { tellTick } from './tell-tick.ts';

type DigestTrigger = Extract<Trigger, { kind: 'digest' }>;

/** How long a rule that is gone from the files may take to come back to what it has collected, ms. */
const orphanedMs = 24 * 3_600_000;
/** As the calendar of a rule that is gone: like none that is written. */
const gone = '';

export interface DigestOptions {
  sql: Sql;
  dispatch: Dispatch;
  /** The rules in force, by name. */
  rules: () => ReadonlyMap<string, RuleSummary>;
}

export interface Digest extends Duty {
  /** Collects an event, inside the ledger's transaction. */
  note(taken: Taken): Noted;
  /** To be called, inside a transaction, at start and when other rules have come into force. */
  rulesChanged(now: number): void;
}

export function createDigest({ sql, dispatch, rules }: DigestOptions): Digest {
  const ticks = createTickStore(sql, 'digest');
  const collected = createCollectedStore(sql);
  const decisions = createDecisionStore(sql);

  function note({ plan, seq, narrative }: Taken): Noted {
    for (const { name, trigger } of plan.timed) {
      if (trigger.kind !== 'digest') continue;
      collected.add(name, seq, entryOf(narrative));
      const detail = `collected, told in the digest at ${trigger.at} (${trigger.timezone})`;
      decisions.put(seq, { rule: name, kind: 'collected', until: null, detail });
    }
    // The time of the digest stays where it is.
    return nothingNoted;
  }

  function run(now: number): void {
    // One, since one may have thousands of entries to count and forget.
    for (const tick of ticks.dueBy(now, 1)) {
      const rule = rules().get(tick.rule);
      if (rule?.trigger.kind !== 'digest') ticks.remove(tick.rule);
      else tell(tick, rule, rule.trigger, now);
      collected.clear(tick.rule);
    }
  }

  function tell(tick: Tick, { send }: RuleSummary, trigger: DigestTrigger, now: number): void {
    const totals = collected.totals(tick.rule, maxTypes, maxSlowest);
    if (totals) {
      const notice = digestNotice(totals, { timezone: trigger.timezone, sinceMs: tick.fromAt, now });
      tellTick(dispatch, { ...tick, spec: { send } }, notice, { act: null, usual: 'info' }, now);
    }
    ticks.put({ ...tick, ...dueAfter(trigger, now), fromAt: now });
  }

  function rulesChanged(now: number): void {
    const inForce = rules();
    for (const { name, trigger } of inForce.values()) {
      if (trigger.kind !== 'digest') continue;
      const calendar = JSON.stringify([trigger.at, trigger.timezone, trigger.days]);
      const known = ticks.find(name);
      if (known?.calendar === calendar) continue;
      ticks.put({ rule: name, calendar, fromAt: known?.fromAt ?? now, ...dueAfter(trigger, now), incident: null, spec: null });
    }
    for (const tick of ticks.all()) {
      if (inForce.get(tick.rule)?.trigger.kind === 'digest' || tick.calendar === gone) continue;
      ticks.put({ ...tick, calendar: gone, dueAt: now + orphanedMs, runAt: now + orphanedMs });
    }
  }

  /** A clock that was ahead by days may have moved digests out of sight. The next but one is left: its first was told. */
  function rearm(now: number): void {
    for (const tick of ticks.all()) {
      const trigger = rules().get(tick.rule)?.trigger;
      if (trigger?.kind !== 'digest') continue;
      const next = dueAfter(trigger, now);
      if (tick.dueAt > dueAfter(trigger, next.dueAt).dueAt) ticks.put({ ...tick, ...next, fromAt: Math.min(tick.fromAt, now) });
    }
  }

  return { name: 'digest', note, rulesChanged, run, nextAt: ticks.nextRunAt, rearm };
}

function dueAfter({ at, timezone, days }: DigestTrigger, afterMs: number): Pick<Tick, 'dueAt' | 'runAt'> {
  const dueAt = nextOccurrence({ time: at, timezone, days }, afterMs);
  return { dueAt, runAt: dueAt };
}

function entryOf(narrative: NarrativeEvent): Collected {
  return {
    jobType: typeOf(narrative),
    state: stateOf(narrative),
    datasetId: datasetOf(narrative),
    durationS: narrative.kind === 'job' ? narrative.job.duration_s : null,
  };
}

function typeOf(narrative: NarrativeEvent): string {
  switch (narrative.kind) {
    case 'job':
      return narrative.job.type;
    case 'app':
      return `${narrative.app.connector} ${narrative.app.category}`;
    case 'relay':
      return narrative.type;
  }
}
