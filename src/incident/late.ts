/** `late`: jobs that stay in a state for too long. A timer for each job and rule, ended by the job's next state. */
import { oneLine, truncate } from '../destination/text.ts';
import { datasetOf, hasEnded, type Job, type NarrativeEvent } from '../event/event.ts';
import { formatDuration } from '../event/time.ts';
import { eventId } from '../event/id.ts';
import type { Log, Sql } from '../ports.ts';
import { mergeSends } from '../rules/planner.ts';
import type { RuleSummary, Send } from '../rules/rule.ts';
import { createDecisionStore } from '../store/decisions.ts';
import type { Delivery } from '../store/deliveries.ts';
import { createEventStore } from '../store/events.ts';
import { createIncidentStore } from '../store/incidents.ts';
import { createLateStore, type LateStore, type Watched } from '../store/late.ts';
import { routableOf } from '../store/stored-event.ts';
import type { Silences } from './covering.ts';
import type { Dispatch } from './dispatch.ts';
import type { Duty } from './duty.ts';
import { nothingNoted, type Noted } from './noted.ts';
import type { Silencing } from './policy.ts';
import type { Taken } from './taken.ts';
import type { DestinationTraits } from './telling.ts';
import { silencedBy } from './words.ts';

/** After an outage the next state may be right behind: what is overdue when it is heard of, or looked at, has so long to come, ms. */
const settleMs = 30_000;
/** Nothing is so late, ms, while the relay is running. */
const overdueMs = 60_000;
/** How often a silence without an end is asked whether it is still there, ms. */
const endlessMs = 300_000;
/** Jobs told of in one transaction. */
const batch = 100;

export interface LateOptions {
  sql: Sql;
  dispatch: Dispatch;
  /** Makes the numbers of incidents. */
  nextSeq: () => number;
  silences: Silences;
  traitsOf: (destination: string) => DestinationTraits;
  log: Log;
}

export interface Late extends Duty {
  /**
   * Starts and ends timers for an event, inside the ledger's transaction, after the event's own deliveries were added.
   */
  note(taken: Taken): Noted;
  /** What was kept back until the end of a silence is looked at again. Inside a transaction. */
  silencesChanged(now: number): void;
  /** A silence caught a delivery on its way out. True when it was one of a late job: told when the silence ends. */
  silenced(delivery: Delivery, silence: Silencing, now: number): boolean;
  /** Gives up on jobs that were told of and never heard of again. */
  forget: LateStore['forget'];
}

export function createLate({ sql, dispatch, nextSeq, silences, traitsOf, log }: LateOptions): Late {
  const store = createLateStore(sql);
  const decisions = createDecisionStore(sql);
  const events = createEventStore(sql);
  const incidents = createIncidentStore(sql);
  /** Set too often rather than too seldom: cleared only where nothing uncommitted can be seen, since a rollback brings rows back. */
  let watching = store.any();

  function note(taken: Taken): Noted {
    const { narrative, plan, seq, happenedUs } = taken;
    if (narrative.kind !== 'job') return nothingNoted;
    const { job } = narrative;
    const limits = plan.timed.flatMap((rule) => limitOf(rule, job.state) ?? []);
    const watched = watching ? store.ofJob(job.id) : [];
    if (limits.length === 0 && watched.length === 0) return nothingNoted;
    if (!hasEnded(job.state) && store.hasMovedOn(job.id, happenedUs, seq)) return nothingNoted;
    const left = watched.filter(({ state }) => state !== job.state);
    let deliveries = 0;
    for (const row of left) deliveries += leave(row, job, taken);
    // Said again, a state goes on from when it began.
    const begun = limits.filter(({ rule }) => !watched.some((row) => row.rule === rule.name && row.state === job.state));
    for (const { rule, limitMs } of begun) watch(rule, limitMs, job, taken);
    return { timed: left.length + begun.length > 0, deliveries, notices: 0 };
  }

  function watch(rule: RuleSummary, limitMs: number, { id, state }: Job, { seq, plan, happenedUs, receivedAt }: Taken): void {
    const { name, send, incident } = rule;
    store.watch({
      jobId: id,
      rule: name,
      state,
      sinceUs: happenedUs,
      eventSeq: seq,
      dueAt: Math.max(Math.floor(happenedUs / 1000) + limitMs, receivedAt + Math.min(settleMs, limitMs)),
      spec: { limitMs, recover: incident?.recover ?? false, send, owners: plan.owners },
    });
    watching = true;
  }

  /** The job came to another state. Those who were told that it is late hear of it, if the rule says so: returns how many. */
  function leave(row: Watched, job: Job, { seq, narrative, happenedUs, receivedAt }: Taken): number {
    store.remove(row);
    if (row.incident === null) return 0;
    incidents.end(row.incident, Math.floor(happenedUs / 1000), seq);
    // Where a silence kept it back, nobody heard that it began.
    const heard = row.spec.recover ? store.toldAt(row) : [];
    const send = row.spec.send.filter(({ to }) => heard.includes(to));
    if (send.length === 0) return 0;
    const lasted = formatDuration(Math.max(0, happenedUs - row.sinceUs) / 1_000_000);
    const title = titleOf(narrative, `${becameWords(job.state)} after ${lasted} ${stateWords(row.state)}`);
    const over = telling(row, row.incident, 'recover', send, title);
    dispatch.aboutEvent(seq, over, receivedAt);
    return over.planned.length;
  }

  function run(now: number): void {
    watching = store.any();
    for (const row of store.dueBy(now, batch)) {
      if (now - row.dueAt! > overdueMs) store.postpone(row, now + settleMs);
      else tell(row, now);
    }
  }

  function tell(row: Watched, now: number): void {
    const event = events.bySeq(row.eventSeq);
    if (event === null) {
      log.warn(
        { event_id: eventId(row.eventSeq), rule: row.rule, job_id: row.jobId },
        'a late job is not told of: its event is past its retention',
      );
      return store.remove(row);
    }
    const routable = routableOf(event);
    const silence = silences.covering(routable, now);
    const heard = store.toldAt(row);
    const send = row.spec.send.filter(({ to }) => !heard.includes(to));
    const keptBack = silence === null ? [] : send.filter(({ to }) => !traitsOf(to).forwards);
    const sent = send.filter((each) => !keptBack.includes(each));
    if (sent.length > 0 || keptBack.length === 0) tellAt(sent, row, routable.narrative, now);
    if (silence !== null && keptBack.length > 0) keepBack(row, silence, now);
  }

  function tellAt(send: readonly Send[], row: Watched, narrative: NarrativeEvent, now: number): void {
    const sinceMs = Math.floor(row.sinceUs / 1000);
    const incident = row.incident ?? nextSeq();
    if (row.incident === null) {
      incidents.open({ id: incident, kind: 'late', subject: subjectOf(row), at: sinceMs, failures: 1, said: null });
    }
    store.markTold(row, incident);
    decisions.remove(row.eventSeq, row.rule);
    const soFar = formatDuration(Math.max(row.spec.limitMs, now - sinceMs) / 1000);
    const title = titleOf(narrative, `still ${stateWords(row.state)} after ${soFar}`);
    dispatch.aboutEvent(row.eventSeq, telling(row, incident, 'open', send, title), now);
  }

  /** Told when the silence ends, if the job is late then; what forwards events is no alert, and was served. */
  function keepBack(row: Watched, silence: Silencing, now: number): void {
    store.postpone(row, silence.untilMs ?? now + endlessMs);
    decisions.put(row.eventSeq, silencedBy(silence, row.rule));
  }

  return {
    name: 'late',
    note,
    run,
    nextAt: store.nextDueAt,
    silenced({ spec }, silence, now) {
      const row = spec.incident ? store.ofIncident(spec.incident.id) : null;
      if (row !== null) keepBack(row, silence, now);
      return row !== null;
    },
    forget: store.forget,
    rearm: (now) => store.rearm(now, settleMs),
    silencesChanged: (now) => store.rearm(now, settleMs),
  };
}

function limitOf(rule: RuleSummary, state: string): { rule: RuleSummary; limitMs: number } | null {
  const { trigger } = rule;
  // States come from events, so `constructor` may be one.
  if (trigger.kind !== 'late' || !Object.hasOwn(trigger.afterMs, state)) return null;
  return { rule, limitMs: trigger.afterMs[state]! };
}

function subjectOf({ jobId }: Watched): string {
  return `late/${jobId}`;
}

function telling(row: Watched, incident: number, act: 'open' | 'recover', send: readonly Send[], title: string) {
  const planned = mergeSends([{ rule: { name: row.rule, send }, act }], act === 'open' ? 'warning' : 'info');
  return { subject: subjectOf(row), planned, owners: row.spec.owners, incident, title };
}

/** Characters of a job type, which is an open set. */
const maxType = 100;

function titleOf(narrative: NarrativeEvent, what: string): string {
  const type = narrative.kind === 'job' ? narrative.job.type : narrative.type;
  const dataset = datasetOf(narrative);
  return `${truncate(oneLine(type), maxType)} ${what}${dataset === null ? '' : ` · dataset ${dataset}`}`;
}

function stateWords(state: string): string {
  return state === 'pending_cancellation' ? 'waiting to be cancelled' : truncate(oneLine(state), maxType);
}

function becameWords(state: string): string {
  switch (state) {
    case 'completed':
    case 'failed':
      return state;
    case 'cancelled':
      return 'was cancelled';
    default:
      return `is ${stateWords(state)}`;
  }
}
