/**
 * The ledger: where an event becomes a promise. Idempotency key, event, plan and deliveries are written in one
 * transaction, and nobody is answered before it is on disk.
 *
 * Group commit: all events that one event-loop turn brought share a transaction. One fsync then serves them all, which
 * is what makes durability nearly free (`npm run bench` measures it against one commit per event).
 */
import { eventId } from '../event/id.ts';
import { believableEnd, happenedUs } from '../event/happened.ts';
import { relayEvent } from '../event/relay-event.ts';
import { timestampUs } from '../event/time.ts';
import { datasetOf, stateOf, hasEnded, type Job, type NarrativeEvent, type RelayFacts } from '../event/event.ts';
import type { Admission } from '../incident/incidents.ts';
import type { Taken } from '../incident/taken.ts';
import type { AfterTurn, Clock, Hash, Log, Sql } from '../ports.ts';
import type { Plan, Routable } from '../rules/plan.ts';
import type { Decision } from './decisions.ts';
import { createKeyIndex } from './keys.ts';
import { createEventStore, type NewEvent } from './events.ts';
import { createMissedStore } from './missed.ts';
import { isReconciled } from './stored-event.ts';

/** What the ledger needs of the rules in force. */
export interface Router {
  readonly version: string;
  plan(routable: Routable): Plan;
}

/** A verified delivery from Narrative; or what stands for one that never came. */
export interface Arrival {
  subscription: string;
  /** What proved it; `reconcile` where a run read it in Narrative's job list. */
  scheme: string;
  idempotencyKey: string;
  /** Null: verified JSON that is no event we know; `why` says so. */
  event: NarrativeEvent | null;
  why: string | null;
  contentType: string;
  body: Uint8Array;
}

export type Acceptance =
  | {
      kind: 'accepted';
      eventId: string;
      outcome: 'routed' | 'unrouted' | 'suppressed';
      deliveries: number;
      rules: readonly string[];
      /** Why rules that matched do not simply send. */
      decisions: readonly Decision[];
    }
  /** `conflict`: the same key came with another body. */
  | { kind: 'duplicate'; eventId: string; of: 'key' | 'transition'; conflict: boolean }
  | { kind: 'quarantined'; eventId: string }
  /** The store can't take it now; nothing was written. */
  | { kind: 'unavailable'; detail: string };

export interface LedgerOptions {
  sql: Sql;
  hash: Hash;
  clock: Clock;
  afterTurn: AfterTurn;
  log: Log;
  /** Makes event numbers. */
  nextSeq: () => number;
  /** The rules in force, read anew for each transaction. */
  router: () => Router;
  /** Says what is done about an event now, and does it, inside the transaction. */
  admit: (taken: Taken) => Admission;
  /** Called after a commit that planned deliveries. */
  onPlanned: () => void;
  /** Called after a commit that has set something to be done at a time. */
  onTimed: () => void;
  /** The subject's template rendered to nothing, and the job's id stands for it. */
  onSubjectFallback?: () => void;
}

/** A failure older than this, ms, says nothing about now: senders have been told to come back sooner. */
const failureCountsMs = 15_000;

interface Waiting {
  arrival: Arrival;
  answer: (acceptance: Acceptance) => void;
}

export function createLedger(options: LedgerOptions) {
  const { sql, hash, clock, afterTurn, log, nextSeq, router, admit, onPlanned, onTimed, onSubjectFallback } = options;
  const events = createEventStore(sql);
  const keys = createKeyIndex(sql, hash);
  const missed = createMissedStore(sql);
  /** False only while no run has taken anything: then no event has to be looked for among what they took. */
  let runsHaveTaken = missed.anyTaken();
  let waiting: Waiting[] = [];
  let lastFailure: { detail: string; at: number } | null = null;
  /** By the transaction under way, or one that failed: then somebody is woken for nothing. */
  let madeDeliveries = false;
  let setTimers = false;

  /** Settles once the event is on disk, or with `unavailable` when it could not be put there. Never rejects. */
  function accept(arrival: Arrival): Promise<Acceptance> {
    return new Promise((answer) => {
      if (waiting.push({ arrival, answer }) === 1) afterTurn(commit);
    });
  }

  function commit(): void {
    const batch = waiting;
    waiting = [];
    let acceptances: Acceptance[];
    try {
      const rules = router();
      const now = clock.now();
      acceptances = sql.transaction(() => batch.map(({ arrival }) => record(arrival, rules, now)));
      lastFailure = null;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      lastFailure = { detail, at: clock.now() };
      log.error({ err: error, events: batch.length }, 'store could not take events: answered 503, the sender keeps them');
      acceptances = batch.map(() => ({ kind: 'unavailable', detail }));
    }
    batch.forEach(({ answer }, i) => answer(acceptances[i]!));
    wakeOthers();
  }

  function wakeOthers(): void {
    if (madeDeliveries) onPlanned();
    if (setTimers) onTimed();
    madeDeliveries = setTimers = false;
  }

  function record(arrival: Arrival, rules: Router, now: number): Acceptance {
    const seq = nextSeq();
    const holder = keys.claim(arrival.subscription, arrival.idempotencyKey, seq);
    if (holder !== null) {
      const { first, sameBody } = events.compare(holder, arrival.body);
      return { kind: 'duplicate', eventId: eventId(first), of: 'key', conflict: !sameBody };
    }
    const plan = arrival.event === null ? null : planFor(arrival, arrival.event, rules);
    const stored = row(arrival, seq, now, rules, plan);
    events.add(stored);
    if (plan === null) return { kind: 'quarantined', eventId: eventId(seq) };
    const { jobId, state, updatedAtUs } = stored;
    const repeated = toldBefore(stored, arrival.event);
    if (repeated !== null) {
      events.markRepeated(seq, repeated);
      return { kind: 'duplicate', eventId: eventId(repeated), of: 'transition', conflict: false };
    }
    if (jobId !== null && state !== null && updatedAtUs !== null) {
      const end = plan.deliveries.length > 0 && !hasEnded(state) ? events.endAfter(jobId, updatedAtUs) : null;
      if (end !== null) {
        events.markSuppressed(seq, `late: the job had already ${end}`);
        return {
          kind: 'accepted',
          eventId: eventId(seq),
          outcome: 'suppressed',
          deliveries: 0,
          rules: plan.rules,
          decisions: [],
        };
      }
    }
    const { outcome, deliveries, decisions } = admitted(stored, arrival.event!, plan);
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

  function admitted(stored: NewEvent, narrative: NarrativeEvent, plan: Plan): Admission {
    const { seq, subscription, outcome, receivedAt } = stored;
    if (plan.subjectFellBack) onSubjectFallback?.();
    const reconciled = isReconciled(stored);
    const happened = happenedUs(narrative, receivedAt);
    const admission = admit({ seq, subscription, reconciled, narrative, plan, happenedUs: happened, receivedAt });
    if (admission.outcome !== outcome) events.setOutcome(seq, admission.outcome, admission.reason);
    madeDeliveries ||= admission.toSend;
    setTimers ||= admission.timed;
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
    const plan = planFor(arrival, narrative, rules);
    const stored = row(arrival, seq, now, rules, plan);
    events.add(stored);
    if (plan) admitted(stored, narrative, plan);
  }

  /**
   * Takes a state that no webhook told of, as if one had. Belongs inside the caller's transaction, which also notes the event as
   * what became of that state if it was accepted; after it, `missedTaken` has to be called.
   */
  function takeMissed(arrival: Arrival, now: number): Acceptance {
    runsHaveTaken = true;
    return record(arrival, router(), now);
  }

  /** Null when the rules threw: a fault of ours, which must not take down the other events of this transaction. */
  function planFor(arrival: Arrival, narrative: NarrativeEvent, rules: Router): Plan | null {
    const { subscription } = arrival;
    try {
      return rules.plan({ subscription, reconciled: isReconciled(arrival), narrative });
    } catch (error) {
      log.error({ err: error, subscription, type: narrative.type }, 'rules failed on an event: quarantined');
      return null;
    }
  }

  return {
    accept,
    raise,
    takeMissed,
    /** Sees to the deliveries and timers of what was taken by `takeMissed`, once it is on disk. */
    missedTaken: wakeOthers,
    /** Events that wait for their commit. */
    pending: () => waiting.length,
    /**
     * Why the last transaction failed; null when it didn't, or when that was a while ago: while the relay is not ready no
     * event may come that could show that the store takes events again.
     */
    recentFailure: () => (lastFailure && Math.abs(clock.now() - lastFailure.at) < failureCountsMs ? lastFailure.detail : null),
  };
}

export type Ledger = ReturnType<typeof createLedger>;

/**
 * When a job came to its state at the earliest, µs; null: not said. An end that does not say its time is no older than the go that it
 * ended; its last change says nothing of it, for the job may have been touched since.
 */
function earliestUs(job: Job): number | null {
  const said = hasEnded(job.state) ? (believableEnd(job) ?? job.dequeued_at ?? job.created_at) : job.updated_at;
  return said === null ? null : timestampUs(said);
}

function row(arrival: Arrival, seq: number, now: number, rules: Router, plan: Plan | null): NewEvent {
  const { event } = arrival;
  const job = event?.kind === 'job' ? event.job : null;
  return {
    seq,
    subscription: arrival.subscription,
    idempotencyKey: arrival.idempotencyKey,
    scheme: arrival.scheme,
    receivedAt: now,
    outcome: plan === null ? 'quarantined' : plan.deliveries.length > 0 ? 'routed' : 'unrouted',
    reason: plan === null ? (arrival.why ?? 'the rules failed on it: see the log') : null,
    kind: event?.kind ?? null,
    type: event?.type ?? null,
    state: event ? stateOf(event) : null,
    jobId: job?.id ?? null,
    jobType: job?.type ?? null,
    datasetId: event ? datasetOf(event) : null,
    updatedAtUs: job?.updated_at ? timestampUs(job.updated_at) : null,
    subject: plan?.subject ?? null,
    rules: plan?.rules ?? [],
    rulesVersion: rules.version,
    contentType: arrival.contentType,
    body: arrival.body,
  };
}
