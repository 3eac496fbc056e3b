/** A page of Narrative's job list beside what the relay knows: what never arrived is noted, and taken where the run is to. */
import { eventSeq } from '../event/id.ts';
import { idempotencyKey } from '../event/idempotency.ts';
import type { JsonValue } from '../event/json.ts';
import { parseBody } from '../event/parse.ts';
import { object, read, text } from '../event/wire.ts';
import type { Clock, Hash, Log } from '../ports.ts';
import { reconcileScheme } from '../store/events.ts';
import type { Acceptance, Arrival } from '../store/arrival.ts';
import type { Ledger } from '../store/ledger.ts';
import type { MissedStore } from '../store/missed.ts';
import type { ReconciliationStore, StoredRun } from '../store/reconciliations.ts';
import { bodyOf, readJobState, type JobState } from './job-state.ts';
import { oldestFrom } from './run-window.ts';

export interface Compared {
  /** States that never arrived, and were not noted by this run before. */
  missing: number;
  /** What became of those that were taken. */
  taken: readonly Taken[];
  /** Records that are no job, whose times are none, or that can't be read or written. */
  unreadable: number;
  /** When the last job of the page that says so was created, µs. */
  lastCreatedUs: number | null;
}

export interface Taken {
  state: JobState;
  acceptance: Extract<Acceptance, { kind: 'accepted' }>;
}

type Stored = Extract<Acceptance, { eventId: string }>;

/** The subscription that was to be told of a state; null: none was. */
export type Whom = (state: JobState) => string | null;

interface Expected {
  state: JobState;
  subscription: string;
}

export interface PageOptions {
  hash: Hash;
  clock: Clock;
  log: Log;
  ledger: Pick<Ledger, 'takeMissed'>;
  missed: MissedStore;
  runs: Pick<ReconciliationStore, 'begin'>;
  retentionMs: number;
}

/** Jobs that are remembered as ones that can't be read. */
const maxRemembered = 1_000;

export function createPageComparison({ hash, clock, log, ledger, missed, runs, retentionMs }: PageOptions) {
  /** Ids of jobs that can't be read: such a one is in the list at each run, and in the log once. */
  const unreadableJobs = new Set<string | null>();

  /** Inside the caller's transaction. */
  return function compare(run: StoredRun, records: readonly JsonValue[], whom: Whom): Compared {
    const states = records.map((record) => unlessBroken(record, () => readJobState(record))).filter((state) => state !== null);
    const taken: Taken[] = [];
    let missing = 0;
    let unreadable = records.length - states.length;
    for (const expected of neverArrived(run, expectedIn(run, states, whom))) {
      const { state, subscription } = expected;
      const arrival = unlessBroken(state.record, () => arrivalOf(hash, state, subscription));
      if (arrival === null) {
        unreadable += 1;
        continue;
      }
      const acceptance = run.apply ? take(arrival) : null;
      if (!note(run, expected, acceptance)) continue;
      missing += 1;
      if (acceptance?.kind === 'accepted') taken.push({ state, acceptance });
      else if (acceptance !== null) tellFailed(acceptance, state);
    }
    const lastCreatedUs = states.findLast(({ createdUs }) => createdUs !== null)?.createdUs ?? null;
    return { missing, taken, unreadable, lastCreatedUs };
  };

  /** One record must not keep a run from the others. Null: it can't be read, or not be written; such as one nested too deeply. */
  function unlessBroken<T>(record: JsonValue, work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      const job = object(record);
      const jobId = text(read(job, 'job_id', 'jobId'));
      if (unreadableJobs.has(jobId)) return null;
      if (unreadableJobs.size >= maxRemembered) unreadableJobs.clear();
      unreadableJobs.add(jobId);
      log.warn({ err: error, job_id: jobId }, "a record of Narrative's job list can't be read: left out");
      return null;
    }
  }

  /**
   * Of a page, the states of the run's window that somebody was to be told of. A job may show its end in the list long after it: what
   * was changed in the window is in it too, if the relay answers for the time of its end.
   */
  function expectedIn(run: StoredRun, states: readonly JobState[], whom: Whom): Expected[] {
    const fromUs = run.fromMs * 1_000;
    const answersFromUs = answersFrom(run) * 1_000;
    // At each page: a run that has waited for days would find states whose webhooks have been forgotten meanwhile.
    const oldestUs = oldestFrom(clock.now(), retentionMs) * 1_000;
    const inWindow = states.filter(
      (state) =>
        Math.max(state.atUs, state.updatedUs) >= fromUs &&
        state.atUs >= answersFromUs &&
        state.atUs <= run.untilMs * 1_000 &&
        knownFrom(state) >= oldestUs,
    );
    return inWindow.flatMap((state) => {
      const subscription = whom(state);
      return subscription === null ? [] : [{ state, subscription }];
    });
  }

  /**
   * Epoch ms. An operator names the time that is meant. All other runs answer for what was since this relay began; or since their own
   * window, which is the earlier one where the clock that noted that was ahead of Narrative's.
   */
  function answersFrom({ trigger, fromMs }: StoredRun): number {
    return trigger === 'operator' ? fromMs : Math.min(fromMs, runs.begin(fromMs));
  }

  function neverArrived(run: StoredRun, expected: readonly Expected[]): Expected[] {
    const states = expected.map((each) => {
      const { jobId, state, endedUs, updatedUs, createdUs } = each.state;
      return { jobId, state, endedUs, updatedUs, createdUs: createdUs ?? (run.fromMs - run.lookbackMs) * 1_000, each };
    });
    return missed.neverArrived(run.id, states).map(({ each }) => each);
  }

  function take(arrival: Arrival): Stored {
    const acceptance = ledger.takeMissed(arrival, clock.now());
    if (acceptance.kind === 'unavailable') throw new Error(acceptance.detail);
    return acceptance;
  }

  /**
   * False when this run has noted it before. Where the rules failed on it, now or at an earlier run, it stays missing, and its webhook
   * is no repetition.
   */
  function note(run: StoredRun, { state: known, subscription }: Expected, acceptance: Stored | null): boolean {
    const { jobId, state, jobType, datasetId, atUs } = known;
    const event = acceptance?.kind === 'accepted' ? eventSeq(acceptance.eventId) : null;
    return missed.add(run.id, { jobId, state, jobType, datasetId, atUs, subscription, eventSeq: event });
  }

  function tellFailed({ eventId }: Stored, { jobId, state }: JobState): void {
    log.warn(
      { event_id: eventId, job_id: jobId, state },
      'a state that no webhook told of is still missing: the rules failed on it',
    );
  }
}

/** Since when, µs, something may have been heard of it: of what has no end that says when, from the creation of its job. */
function knownFrom({ atUs, endedUs, createdUs }: JobState): number {
  return endedUs ?? Math.min(atUs, createdUs ?? atUs);
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
