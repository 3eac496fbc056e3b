/** What must hold for the outbox at every moment, whatever the order of things. Each breach throws with what was seen. */
import type { AttemptOutcome } from '../../src/destination/destination.ts';
import { deliveryId, eventSeq } from '../../src/event/id.ts';
import type { DeliverySpec } from '../../src/store/deliveries.ts';
import type { DeliveryRow, Sent, World } from './world.ts';

export interface Pacing {
  paceKey: string;
  perSecond: number;
  burst: number;
}

/** Longest backoff after the n-th attempt, ms. */
const longestBackoffMs = (attempt: number) => Math.min(15 * 60_000, 1_000 * 2 ** (attempt - 1));

interface Answer {
  outcome: AttemptOutcome;
  at: number;
}

interface Start {
  paceKey: string;
  /** Time that never goes backwards. */
  realMs: number;
}

/**
 * Watches a world. `pacings`: by destination. `realMs`: time that never goes backwards, for pacing. Call `afterStep` when
 * something has happened, `crashed` after a crash.
 */
export function createInvariants(world: World, pacings: Record<string, Pacing>, realMs: () => number) {
  const answers = new Map<string, Answer>();
  const attempted = new Set<string>();
  /** Sends of this life with no answer yet, and when their lease ends. */
  const inFlight = new Map<Sent, { lane: string; leaseUntil: number }>();
  let starts: Start[] = [];
  /** Deliveries in the order in which a destination first took them. */
  const firstTaken: string[] = [];
  let before = new Map<string, DeliveryRow>();
  /** The furthest that the clock has been: a lease that ended stays ended when the clock steps back. */
  let latest = 0;
  /** Found while sending, where the outbox would catch it. */
  let breach: unknown = null;

  world.watchSends((call) => {
    try {
      checkSend(call);
    } catch (error) {
      breach ??= error;
    }
  });

  function checkSend(call: Sent): void {
    latest = Math.max(latest, world.now);
    const { outgoing, destination } = call;
    const key = outgoing.deliveryId;
    const row = world.rows().find((each) => idOf(each) === key)!;
    check(!world.store.isInTransaction(), () => `${key} was sent inside a transaction`);
    check(row.status === 'sending' && row.attempts === outgoing.attempt, () => `${key} was sent before it was counted`, row);
    const isSilent = row.notice === null && world.isSilentFor(destination);
    check(!isSilent, () => `${key} was sent though it was silenced`, row);
    check(!attempted.has(`${key} ${outgoing.attempt}`), () => `attempt ${outgoing.attempt} of ${key} was made twice`);
    attempted.add(`${key} ${outgoing.attempt}`);
    const was = before.get(key);
    const due = was?.status === 'scheduled' ? was.due_at! : -Infinity;
    check(due <= world.now, () => `${key} was sent ${due - world.now} ms before its time`, was);
    const lane = laneOf(row);
    for (const [other, held] of inFlight) {
      const ended = held.leaseUntil <= latest;
      check(held.lane !== lane || ended, () => `${key} was sent while ${other.outgoing.deliveryId} of its lane was under way`);
    }
    const parked = world.parked().find((each) => each.destination === destination);
    if (parked) {
      const busy = [...inFlight.keys()].some((other) => other.destination === destination);
      check(
        // Further ahead than a probe is ever set: the clock was set back since.
        (parked.probeAt <= world.now || parked.probeAt > world.now + 30 * 60_000) && !busy,
        () => `${key} was sent to a parked destination that was not due for a probe`,
        parked,
      );
    }
    checkPace(destination);
    inFlight.set(call, { lane, leaseUntil: row.lease_until! });
  }

  function checkPace(destination: string): void {
    const pacing = pacings[destination];
    if (!pacing) return;
    const { paceKey, perSecond, burst } = pacing;
    const end = realMs();
    starts.push({ paceKey, realMs: end });
    const same = starts.filter((start) => start.paceKey === paceKey);
    same.forEach((start, i) => {
      const allowed = burst + ((end - start.realMs) / 1000) * perSecond;
      const count = same.length - i;
      check(count <= allowed + 1e-3, () => `${paceKey}: ${count} sends in ${end - start.realMs} ms, allowed are ${allowed}`);
    });
  }

  function answered(call: Sent, outcome: AttemptOutcome): void {
    const key = call.outgoing.deliveryId;
    answers.set(`${key} ${call.outgoing.attempt}`, { outcome, at: world.now });
    inFlight.delete(call);
    if (outcome.kind === 'delivered' && !firstTaken.includes(key)) firstTaken.push(key);
  }

  function afterStep(): void {
    if (breach !== null) throw breach;
    latest = Math.max(latest, world.now);
    const rows = world.rows();
    const now = new Map(rows.map((row) => [idOf(row), row]));
    for (const [key, was] of before) check(now.has(key), () => `${key} is gone`, was);
    checkLanes(rows);
    for (const [key, row] of now) {
      const was = before.get(key);
      if (was && hasEnded(was)) {
        check(was.status === row.status, () => `${key} came back from its end`, was, row);
      } else if (was?.status !== row.status || was.attempts !== row.attempts) {
        checkChange(key, row, rows);
      }
    }
    checkOrder(now);
    before = now;
  }

  function checkLanes(rows: DeliveryRow[]): void {
    const lanes = Map.groupBy(rows, laneOf);
    for (const [lane, members] of lanes) {
      const active = members.filter(({ status }) => status === 'scheduled' || status === 'sending');
      const queued = members.some(({ status }) => status === 'queued');
      check(active.length <= 1, () => `${lane} has ${active.length} deliveries under way`, ...active);
      const waiting = members.filter(({ status }) => status === 'waiting');
      check(waiting.length === 0 || active.length === 1 || queued, () => `${lane} waits for nothing`, ...waiting);
    }
  }

  /** A delivery's new state has to follow from what its destination answered to its last attempt, and to no earlier one. */
  function checkChange(key: string, row: DeliveryRow, rows: DeliveryRow[]): void {
    const answer = answers.get(`${key} ${row.attempts}`);
    const heard = answer ? ` (the answer was ${answer.outcome.kind})` : ' (there was no answer)';
    if (row.status === 'delivered') {
      check(answer?.outcome.kind === 'delivered', () => `${key} counts as delivered by attempt ${row.attempts}${heard}`, row);
    }
    if (row.status === 'dead') checkDeath(key, row, answer, heard, rows);
    if (row.status === 'suppressed') {
      check(!attempted.has(`${key} ${row.attempts}`), () => `${key} counts as suppressed though it was sent`, row);
      check(row.notice === null && row.reason === 'silenced', () => `${key} was suppressed without a silence`, row);
    }
    if (row.status !== 'scheduled' || row.reason === 'lost') return;
    // Its event could not be read: nobody was asked.
    if (row.detail!.startsWith('inside the relay: database')) return;
    check(
      answer !== undefined && 'reason' in answer.outcome && answer.outcome.reason === row.reason,
      () => `${key} waits${heard}`,
      row,
    );
    const { outcome, at } = answer!;
    const delay = row.due_at! - at;
    const afterMs = ('afterMs' in outcome ? outcome.afterMs : 0) ?? 0;
    check(delay >= afterMs, () => `${key} is due ${delay} ms after an answer that asked for ${afterMs}`, row);
    const longest = outcome.kind === 'destination-broken' ? 0 : Math.max(afterMs, longestBackoffMs(row.attempts));
    check(delay <= longest, () => `${key} is due only ${delay} ms after its answer, ${longest} is the most`, row);
  }

  function checkDeath(key: string, row: DeliveryRow, answer: Answer | undefined, heard: string, rows: DeliveryRow[]): void {
    if (row.reason === 'payload') {
      check(answer?.outcome.kind === 'rejected', () => `${key} died as rejected${heard}`, row);
    }
    const fallback = world.fallbackOf(row.destination) ?? (JSON.parse(row.spec) as DeliverySpec).fallback;
    const heirs = rows.filter(({ fallback_of }) => fallback_of === key);
    check(heirs.length === (fallback === null ? 0 : 1), () => `${key} died and has ${heirs.length} fallback deliveries`, row);
    check(
      heirs.every(({ destination }) => destination === fallback),
      () => `${key} fell back to another than ${fallback}`,
      ...heirs,
    );
  }

  /** Events reach a destination in the order they were accepted, lane by lane; the dead have no place in it. */
  function checkOrder(rows: Map<string, DeliveryRow>): void {
    const planned = firstTaken
      .map((key) => rows.get(key)!)
      .filter((row) => row.status !== 'dead' && row.status !== 'suppressed' && row.fallback_of === null);
    const last = new Map<string, DeliveryRow>();
    for (const row of planned.filter(({ notice }) => notice === null)) {
      const earlier = last.get(laneOf(row));
      check(!earlier || earlier.event_seq < row.event_seq, () => `${idOf(row)} was overtaken`, row, earlier!);
      last.set(laneOf(row), row);
    }
  }

  return {
    answered,
    afterStep,
    /** A new life has new buckets, and whoever was in flight is dead. */
    crashed(): void {
      inFlight.clear();
      starts = [];
    },
    /** Each accepted event has what was promised for it. `promised`: the number of deliveries by event id. */
    checkConservation(promised: ReadonlyMap<string, number>): void {
      const rows = world.rows();
      for (const [id, count] of promised) {
        const planned = rows.filter((row) => row.event_seq === eventSeq(id) && row.fallback_of === null);
        check(
          planned.length === count,
          () => `event ${id} was promised ${count} deliveries and has ${planned.length}`,
          ...planned,
        );
      }
    },
  };
}

export function hasEnded({ status }: DeliveryRow): boolean {
  return status === 'delivered' || status === 'dead' || status === 'suppressed';
}

function idOf({ event_seq, n }: DeliveryRow): string {
  return deliveryId({ eventSeq: event_seq, n });
}

function laneOf({ destination, subject }: DeliveryRow): string {
  return `${destination} / ${subject}`;
}

function check(holds: boolean, what: () => string, ...seen: unknown[]): asserts holds {
  if (!holds) throw new Error([what(), ...seen.map((each) => JSON.stringify(each))].join('\n'));
}
