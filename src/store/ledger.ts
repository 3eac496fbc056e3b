/**
 * The ledger: where an event becomes a promise. Idempotency key, event, plan and deliveries are written in one
 * transaction, and nobody is answered before it is on disk.
 *
 * Group commit: all events that one event-loop turn brought share a transaction. One fsync then serves them all, which
 * is what makes durability nearly free (`npm run bench` measures it against one commit per event).
 */
import type { RelayFacts } from '../event/event.ts';
import type { AfterTurn, Clock } from '../ports.ts';
import type { Acceptance, Arrival } from './arrival.ts';
import { createTaking, type TakingOptions } from './taking.ts';

export interface LedgerOptions extends TakingOptions {
  clock: Clock;
  afterTurn: AfterTurn;
  /** Called after a commit that planned deliveries. */
  onPlanned: () => void;
  /** Called after a commit that has set something to be done at a time. */
  onTimed: () => void;
  /** Called once events that were taken are on disk; at times when none were. */
  onTaken?: () => void;
}

/** A failure older than this, ms, says nothing about now: senders have been told to come back sooner. */
const failureCountsMs = 15_000;

interface Waiting {
  arrival: Arrival;
  answer: (acceptance: Acceptance) => void;
}

export function createLedger(options: LedgerOptions) {
  const { sql, clock, afterTurn, log, onPlanned, onTimed, onTaken } = options;
  const taking = createTaking(options);
  let waiting: Waiting[] = [];
  let lastFailure: { detail: string; at: number } | null = null;

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
      const arrivals = batch.map(({ arrival }) => arrival);
      const now = clock.now();
      acceptances = sql.transaction(() => taking.takeAll(arrivals, now));
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
    const { toSend, timed, taken } = taking.takeLeft();
    if (toSend) onPlanned();
    if (timed) onTimed();
    if (taken) onTaken?.();
  }

  return {
    accept,
    raise(facts: RelayFacts, now: number): void {
      taking.raise(facts, now);
      // When that transaction is over.
      if (onTaken) afterTurn(onTaken);
    },
    takeMissed: taking.takeMissed,
    takeAgain: taking.takeAgain,
    /** Sees to the deliveries and timers of what was taken by `takeMissed`, once it is on disk. */
    missedTaken: wakeOthers,
    /** The same of `takeAgain`. */
    replayTaken: wakeOthers,
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
