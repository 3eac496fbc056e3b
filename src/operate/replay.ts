/**
 * Replay: a stored event put through today's rules once more, as an event of its own that says what it is. Nothing of it happens
 * twice by accident: what was replayed before is left alone unless it is asked for again.
 */
import { asSpelled, eventId, eventSeq } from '../event/id.ts';
import type { NarrativeEvent } from '../event/event.ts';
import type { Clock, Log, Sql } from '../ports.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { TakenAgain } from '../store/arrival.ts';
import type { Decision } from '../store/decisions.ts';
import { createEventStore, type StoredEvent } from '../store/events.ts';
import type { Ledger } from '../store/ledger.ts';
import { createStoryStore } from '../store/story.ts';
import { isReconciled, readStored } from '../store/stored-event.ts';
import type { Explaining } from './explain.ts';
import type { EventOperations, Refusal, ReplayRequest } from './operations.ts';
import type { ExplanationView, ReplayAnswerView } from './shapes/views.ts';
import { isoOrNull, notFound, ok, refused } from './text.ts';

export interface ReplayOptions {
  sql: Sql;
  clock: Clock;
  log: Log;
  ledger: Pick<Ledger, 'takeAgain' | 'replayTaken'>;
  /** What is in force now. */
  rules: () => RuleSet;
  explaining: Pick<Explaining, 'ofReplay'>;
}

export function createReplay({ sql, clock, log, ledger, rules, explaining }: ReplayOptions): EventOperations['replay'] {
  const events = createEventStore(sql);
  const stories = createStoryStore(sql);

  return function replay(id, { to, again, dryRun }) {
    const seq = eventSeq(asSpelled(id));
    const event = seq === null ? null : events.cameFirst(seq);
    if (event === null) return notFound('event', id);
    const names = to && [...new Set(to)];
    const wrong = refusalOf(event, names, rules());
    if (wrong) return wrong;
    const earlier = events.replaysOf(event.seq);
    const last = earlier.at(-1);
    if (last && !again) return ok(duplicateOf(event, last));
    const read = readStored(event);
    if (read.kind === 'none') {
      return refused('conflict', `${eventId(event.seq)} is in quarantine, and still no event that the relay knows: ${read.why}`);
    }
    const what = {
      event,
      narrative: read.narrative,
      idempotencyKey: `replay/${eventId(event.seq)}/${earlier.length + 1}`,
      isNew: event.outcome === 'quarantined' && !last,
      to: names,
    };
    const now = clock.now();
    const work = () => ledger.takeAgain(what, now);
    const taken = dryRun ? undone(sql, work) : sql.transaction(work);
    if (taken === null) {
      return refused('conflict', `the rules failed on ${eventId(event.seq)}: see the relay's log, mend them, and replay it then`);
    }
    if (dryRun) return ok(answerOf('dry-run', event, null, taken, names, explanationOf(event, read.narrative, names, now)));
    ledger.replayTaken();
    const replayed = answerOf('replayed', event, eventId(taken.seq), taken, names, null);
    const { event_id, of, outcome, reason, deliveries } = replayed;
    log.info({ event_id, replay_of: of, outcome, reason, deliveries }, 'replayed an event');
    return ok(replayed);
  };

  function duplicateOf(event: StoredEvent, last: ReturnType<typeof events.replaysOf>[number]): ReplayAnswerView {
    const { decisions, deliveries } = stories.of(last.seq)!;
    const sent = deliveries.filter(({ status }) => status !== 'suppressed');
    return {
      status: 'duplicate',
      of: eventId(event.seq),
      event_id: eventId(last.seq),
      outcome: last.outcome,
      reason: last.reason,
      deliveries: sent.length,
      decisions: decisions.map(decisionOf),
      explanation: null,
    };
  }

  function explanationOf(
    event: StoredEvent,
    narrative: NarrativeEvent,
    to: readonly string[] | null,
    now: number,
  ): ExplanationView {
    const { subscription, body, contentType } = event;
    const origin = { of: eventId(event.seq), receivedAtMs: event.receivedAt };
    const reconciled = isReconciled(event);
    const received = { id: 'evt_(replay)', subscription, receivedAtMs: now, reconciled, replay: origin, narrative };
    const explanation = explaining.ofReplay({ received, body, contentType });
    if (to === null) return explanation;
    return { ...explanation, deliveries: explanation.deliveries.filter(({ destination }) => to.includes(destination)) };
  }
}

/** What can't be replayed, and where it can't go; null: it may be. */
function refusalOf({ seq, kind }: StoredEvent, to: readonly string[] | null, { destinations }: RuleSet): Refusal | null {
  if (kind === 'relay') {
    return refused('conflict', `${eventId(seq)} is what the relay said about itself: it says it anew when it is so again`);
  }
  if (to?.length === 0) {
    return refused('invalid', 'to: names no destination; leave it out for wherever the rules send', 'to');
  }
  const unknown = to?.find((name) => !destinations.has(name));
  if (unknown === undefined) return null;
  const known = [...destinations.keys()].join(', ');
  return refused('invalid', `to: there is no destination ${unknown.slice(0, 100)}; the rules have ${known}`, 'to');
}

function answerOf(
  status: 'replayed' | 'dry-run',
  event: StoredEvent,
  event_id: string | null,
  { outcome, reason, deliveries, decisions }: TakenAgain,
  to: ReplayRequest['to'],
  explanation: ExplanationView | null,
): ReplayAnswerView {
  const nobody = to === null ? 'no rule matches it now' : `no rule sends it to ${to.join(' or ')} now`;
  return {
    status,
    of: eventId(event.seq),
    event_id,
    outcome,
    reason: reason ?? (outcome === 'unrouted' ? nobody : null),
    deliveries,
    decisions: decisions.map(decisionOf),
    explanation,
  };
}

function decisionOf({ until, ...decision }: Decision): ReplayAnswerView['decisions'][number] {
  return { ...decision, until: isoOrNull(until) };
}

/** Does it, says what came of it, and takes all of it back: what is told so is what would be done. */
function undone<T>(sql: Sql, work: () => T): T {
  const takenBack = new Error('a dry run is taken back');
  let done: { result: T } | null = null;
  try {
    sql.transaction(() => {
      done = { result: work() };
      throw takenBack;
    });
  } catch (error) {
    if (error !== takenBack) throw error;
  }
  return done!.result;
}
