/** Taking an event: key, row, plan and deliveries, all of it inside the caller's transaction. */
import { eventId } from '../event/id.ts';
import { happenedUs } from '../event/happened.ts';
import { relayEvent } from '../event/relay-event.ts';
import { stateOf, hasEnded, type NarrativeEvent, type RelayFacts } from '../event/event.ts';
import type { Admission } from '../incident/incidents.ts';
import type { Replay, Taken } from '../incident/taken.ts';
import type { Hash, Log, Sql } from '../ports.ts';
import { narrowedTo } from '../rules/narrowed.ts';
import type { Plan, Routable } from '../rules/plan.ts';
import type { Acceptance, Again, Arrival, Router, TakenAgain } from './arrival.ts';
import { earliestUs, eventRow } from './event-row.ts';
import { createKeyIndex } from './keys.ts';
import { createEventStore, replayScheme, type NewEvent } from './events.ts';
import { createTally, type CountedOutcome } from './hourly.ts';
import { createMissedStore } from './missed.ts';
import { isReconciled } from './stored-event.ts';

type Taking = Exclude<Acceptance, { kind: 'unavailable' }>;
/** What came of it. */
type Came = Omit<TakenAgain, 'seq'>;

/** What somebody has to see to once it is on disk. By the transaction under way, or one that failed: then it is for nothing. */
export interface Left {
  toSend: boolean;
  timed: boolean;
  taken: boolean;
}

export interface TakingOptions {
  sql: Sql;
  hash: Hash;
  log: Log;
  /** Makes event numbers. */
  nextSeq: () => number;
  /** The rules in force, read anew for each transaction. */
  router: () => Router;
  /** Says what is done about an event now, and does it, inside the transaction. */
  admit: (taken: Taken) => Admission;
  /** The subject's template rendered to nothing, and the job's id stands for it. */
  onSubjectFallback?: () => void;
}

export function createTaking({ sql, hash, log, nextSeq, router, admit, onSubjectFallback }: TakingOptions) {
  const events = createEventStore(sql);
  const keys = createKeyIndex(sql, hash);
  const missed = createMissedStore(sql);
  const tally = createTally(sql);
  /** False only while no run has taken anything: then no event has to be looked for among what they took. */
  let runsHaveTaken = missed.anyTaken();
  let left: Left = { toSend: false, timed: false, taken: false };

  /** Takes what came, in its order. */
  function takeAll(arrivals: readonly Arrival[], now: number): Taking[] {
    const rules = router();
    return counted(() => arrivals.map((arrival) => take(arrival, rules, now)));
  }

  function take(arrival: Arrival, rules: Router, now: number): Taking {
    const acceptance = record(arrival, rules, now);
    noteTaken(outcomeOf(acceptance), arrival.event, now);
    return acceptance;
  }

  function noteTaken(outcome: CountedOutcome, event: NarrativeEvent | null, now: number): void {
    tally.event(outcome, event && stateOf(event), now);
    left.taken ||= outcome !== 'duplicate';
  }

  /** Inside a transaction: what `work` counts is written with what it does, and forgotten with it. */
  function counted<T>(work: () => T): T {
    try {
      const done = work();
      tally.write();
      return done;
    } catch (error) {
      tally.drop();
      throw error;
    }
  }

  function record(arrival: Arrival, rules: Router, now: number): Taking {
    const seq = nextSeq();
    const holder = keys.claim(arrival.subscription, arrival.idempotencyKey, seq);
    if (holder !== null) {
      const { first, sameBody } = events.compare(holder, arrival.body);
      return { kind: 'duplicate', eventId: eventId(first), of: 'key', conflict: !sameBody };
    }
    const plan = arrival.event === null ? null : planFor(routableOf(arrival, arrival.event), rules);
    const stored = eventRow(arrival, seq, now, rules.version, plan);
    events.add(stored);
    if (plan === null) return { kind: 'quarantined', eventId: eventId(seq) };
    const repeated = toldBefore(stored, arrival.event);
    if (repeated !== null) {
      events.markRepeated(seq, repeated);
      return { kind: 'duplicate', eventId: eventId(repeated), of: 'transition', conflict: false };
    }
    const { outcome, deliveries, decisions } =
      endedBefore(stored, plan) ?? admitted(stored, routableOf(arrival, arrival.event!), plan);
    return { kind: 'accepted', eventId: eventId(seq), outcome, deliveries, rules: plan.rules, decisions };
  }

  /** Records a job's change. Returns the event that told of it before, or that a run made of it; null when this is the first. */
  function toldBefore(stored: NewEvent, narrative: NarrativeEvent | null): number | null {
    const { seq, jobId, state, updatedAtUs } = stored;
    if (jobId === null || state === null || narrative?.kind !== 'job') return null;
    // What a run takes was compared with what runs took before.
    const isSought = runsHaveTaken && !isReconciled(stored);
    const taken = isSought ? missed.takenAs(jobId, state, earliestUs(narrative.job)) : null;
    if (taken !== null || updatedAtUs === null) return taken;
    return events.addTransition({ jobId, state, updatedAtUs }, seq);
  }

  /** Suppresses what says that a job goes on, and was overtaken by its end. Null: nothing of the kind is known, or it is sent nowhere. */
  function endedBefore({ seq, jobId, state, updatedAtUs }: NewEvent, plan: Plan): Came | null {
    if (jobId === null || state === null || updatedAtUs === null) return null;
    const end = plan.deliveries.length > 0 && !hasEnded(state) ? events.endAfter(jobId, updatedAtUs) : null;
    if (end === null) return null;
    const reason = `late: the job had already ${end}`;
    events.markSuppressed(seq, reason);
    return { outcome: 'suppressed', reason, deliveries: 0, decisions: [] };
  }

  function admitted(stored: NewEvent, routable: Routable, plan: Plan, replay: Replay | null = null): Admission {
    const { seq, outcome, receivedAt } = stored;
    if (plan.subjectFellBack) onSubjectFallback?.();
    const happened = happenedUs(routable.narrative, replay?.cameAt ?? receivedAt);
    const admission = admit({ ...routable, seq, plan, happenedUs: happened, receivedAt, replay });
    if (admission.outcome !== outcome) events.setOutcome(seq, admission.outcome, admission.reason);
    left.toSend ||= admission.toSend;
    left.timed ||= admission.timed;
    return admission;
  }

  /**
   * What the relay has to say about itself, as an event of its own. Belongs inside the caller's transaction, which comes to
   * the timekeeper, so that timers and deliveries are looked after.
   */
  function raise(facts: RelayFacts, now: number): void {
    const seq = nextSeq();
    const narrative = relayEvent(facts, new Date(now).toISOString());
    const arrival: Arrival = {
      subscription: 'relay',
      scheme: 'relay',
      idempotencyKey: eventId(seq),
      event: narrative,
      why: null,
      contentType: 'application/json',
      body: new TextEncoder().encode(JSON.stringify(facts)),
    };
    const rules = router();
    const routable = routableOf(arrival, narrative);
    const plan = planFor(routable, rules);
    const stored = eventRow(arrival, seq, now, rules.version, plan);
    events.add(stored);
    counted(() => noteTaken(plan ? admitted(stored, routable, plan).outcome : 'quarantined', narrative, now));
  }

  /**
   * Takes a state that no webhook told of, as if one had. Belongs inside the caller's transaction, which also notes the event as
   * what became of that state if it was accepted; after it, `missedTaken` has to be called.
   */
  function takeMissed(arrival: Arrival, now: number): Acceptance {
    runsHaveTaken = true;
    return counted(() => take(arrival, router(), now));
  }

  /**
   * Puts an event that came before through the rules once more, as an event of its own. It claims no key, and no transition but that of
   * an event of which nothing was made. Belongs inside the caller's transaction; after it, `replayTaken` has to be called. Null: the
   * rules failed on it, as the log says, and nothing was written.
   */
  function takeAgain({ event, narrative, idempotencyKey, isNew, to }: Again, now: number): TakenAgain | null {
    const { subscription, contentType, body, receivedAt: cameAt } = event;
    const rules = router();
    const routable = { subscription, reconciled: isReconciled(event), narrative };
    const whole = planFor(routable, rules);
    if (whole === null) return null;
    const plan = to === null ? whole : narrowedTo(whole, to);
    const told = { subscription, idempotencyKey, scheme: replayScheme, contentType, body, replayOf: event.seq };
    const stored = eventRow({ ...told, event: narrative, why: null }, nextSeq(), now, rules.version, plan);
    const knownAs = events.subjectsOf(event.seq);
    return counted(() => {
      events.add(stored);
      const replay = { cameAt, knownAs, isNew: isNew && toldBefore(stored, narrative) === null, narrowed: to !== null };
      // Whoever named destinations wants it there, however late it is.
      const overtaken = replay.narrowed ? null : endedBefore(stored, plan);
      const { outcome, reason, deliveries, decisions } = overtaken ?? admitted(stored, routable, plan, replay);
      noteTaken(outcome, narrative, now);
      return { outcome, reason, deliveries, decisions, seq: stored.seq };
    });
  }

  /** Null when the rules threw: a fault of ours, which must not take down the other events of this transaction. */
  function planFor({ subscription, narrative, ...rest }: Routable, rules: Router): Plan | null {
    try {
      return rules.plan({ subscription, narrative, ...rest });
    } catch (error) {
      log.error({ err: error, subscription, type: narrative.type }, 'rules failed on an event: quarantined');
      return null;
    }
  }

  return {
    takeAll,
    raise,
    takeMissed,
    takeAgain,
    /** What is left to do, once. */
    takeLeft(): Left {
      const todo = left;
      left = { toSend: false, timed: false, taken: false };
      return todo;
    },
  };
}

function routableOf({ subscription, scheme }: Arrival, narrative: NarrativeEvent): Routable {
  return { subscription, reconciled: isReconciled({ scheme }), narrative };
}

function outcomeOf(acceptance: Taking): CountedOutcome {
  switch (acceptance.kind) {
    case 'accepted':
      return acceptance.outcome;
    case 'duplicate':
      return acceptance.of === 'key' ? 'duplicate' : 'repeated';
    case 'quarantined':
      return 'quarantined';
  }
}
