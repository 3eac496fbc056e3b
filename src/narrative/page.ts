/** A page of Narrative's job list beside what the relay knows: what never arrived is noted, and taken where the run is to. */
import { eventSeq } from '../event/id.ts';
import { idempotencyKey } from '../event/idempotency.ts';
import type { JsonObject } from '../event/json.ts';
import { parseBody } from '../event/parse.ts';
import type { Clock, Hash } from '../ports.ts';
import { reconcileScheme } from '../store/events.ts';
import type { Acceptance, Arrival, Ledger } from '../store/ledger.ts';
import type { MissedStore } from '../store/missed.ts';
import type { StoredRun } from '../store/reconciliations.ts';
import { bodyOf, readJobState, type JobState } from './job-state.ts';

export interface Compared {
  /** States that never arrived, and were not noted by this run before. */
  missing: number;
  /** What became of those that were taken. */
  taken: readonly Taken[];
  /** Records that are no job, or whose times are none. */
  unreadable: number;
  /** When the last job of the page that says so was created, µs. */
  lastCreatedUs: number | null;
}

export interface Taken {
  state: JobState;
  acceptance: Extract<Acceptance, { eventId: string }>;
}

/** The subscription that was to be told of a state; null: none was. */
export type Whom = (state: JobState) => string | null;

interface Expected {
  state: JobState;
  subscription: string;
}

export interface PageOptions {
  hash: Hash;
  clock: Clock;
  ledger: Pick<Ledger, 'takeMissed'>;
  missed: MissedStore;
}

export function createPageComparison({ hash, clock, ledger, missed }: PageOptions) {
  /** Inside the caller's transaction. */
  return function compare(run: StoredRun, records: readonly JsonObject[], whom: Whom): Compared {
    const states = records.map(readJobState).filter((state) => state !== null);
    const taken: Taken[] = [];
    let missing = 0;
    for (const expected of neverArrived(run, expectedIn(run, states, whom))) {
      const acceptance = run.apply ? take(expected) : null;
      // What the ledger knows under this key was no miss.
      if (acceptance?.kind === 'duplicate' || !note(run, expected, acceptance)) continue;
      missing += 1;
      if (acceptance !== null) taken.push({ state: expected.state, acceptance });
    }
    const lastCreatedUs = states.findLast(({ createdUs }) => createdUs !== null)?.createdUs ?? null;
    return { missing, taken, unreadable: records.length - states.length, lastCreatedUs };
  };

  function neverArrived({ fromMs, lookbackMs }: StoredRun, expected: readonly Expected[]): Expected[] {
    const states = expected.map((each) => {
      const { jobId, state, updatedUs, createdUs } = each.state;
      return { jobId, state, updatedUs, createdUs: createdUs ?? (fromMs - lookbackMs) * 1_000, each };
    });
    return missed.neverArrived(states).map(({ each }) => each);
  }

  function take({ state, subscription }: Expected): Taken['acceptance'] {
    const acceptance = ledger.takeMissed(arrivalOf(hash, state, subscription), clock.now());
    if (acceptance.kind === 'unavailable') throw new Error(acceptance.detail);
    return acceptance;
  }

  /** False when this run has noted it before. */
  function note(run: StoredRun, { state: known, subscription }: Expected, acceptance: Taken['acceptance'] | null): boolean {
    const { jobId, state, jobType, datasetId, updatedUs } = known;
    const event = acceptance === null ? null : eventSeq(acceptance.eventId);
    return missed.add(run.id, { jobId, state, jobType, datasetId, updatedUs, subscription, eventSeq: event });
  }
}

/** Of a page, the states of the run's window that somebody was to be told of. */
function expectedIn({ fromMs, untilMs }: StoredRun, states: readonly JobState[], whom: Whom): Expected[] {
  const inWindow = states.filter(({ updatedUs }) => updatedUs >= fromMs * 1_000 && updatedUs <= untilMs * 1_000);
  return inWindow.flatMap((state) => {
    const subscription = whom(state);
    return subscription === null ? [] : [{ state, subscription }];
  });
}

function arrivalOf(hash: Hash, state: JobState, subscription: string): Arrival {
  const body = bodyOf(state);
  const parsed = parseBody(body);
  if (parsed.kind !== 'event') throw new Error(`job ${state.jobId} was read as one, and is none as an event`);
  const { event, deliveryKeys } = parsed;
  return {
    subscription,
    scheme: reconcileScheme,
    idempotencyKey: idempotencyKey(hash, { deliveryKeys, header: null, subscription, event, body }),
    event,
    why: null,
    contentType: 'application/json',
    body,
  };
}
