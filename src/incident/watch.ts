/**
 * The relay's watch over itself. Now and then it compares what is with what was told, and tells the difference: an event when
 * a trouble begins, one when it is over. What was told is the open incident of the trouble's subject, in the store; so
 * nothing is told twice, whatever else happened in between, a restart included. A trouble that lasts is told once however much
 * comes of it, alerts about it that can't be delivered included: that is why this ends in no loop.
 */
import type { RelayFacts, RelayTopic } from '../event/event.ts';
import type { Clock, Log, Sql } from '../ports.ts';
import type { WatchConfig } from '../rules/rule-set.ts';
import { createIncidentStore } from '../store/incidents.ts';
import type { Duty } from './duty.ts';
import { watchBacklog, watchParked, type DestinationsSeen } from './watch-destinations.ts';
import { watchNoEvents, watchUnverified } from './watch-intake.ts';
import { watchTemplates } from './watch-templates.ts';
import type { Topic } from './watch-topic.ts';

/** How often it compares, ms. */
const checkEveryMs = 10_000;
/** Events in one transaction; the rest has its turn at the next. */
const batch = 100;
/** What changed nothing in the store is a fault of ours, and not told again before this, ms: it must not become a storm. */
const inVainMs = 3_600_000;
const subjectsBegin = 'relay/';

export interface WatchOptions extends DestinationsSeen {
  sql: Sql;
  /** Makes an event of it. Inside the transaction in which this duty runs. */
  raise: (facts: RelayFacts, now: number) => void;
  /** Epoch ms of the last event from Narrative; null when there is none. */
  lastEventAt: () => number | null;
  /** Of the rules in force. */
  config: () => WatchConfig;
  /** What else it watches. */
  furtherTopics?: readonly Topic[];
  clock: Clock;
  log: Log;
}

export interface Watch extends Duty {
  /** What came of an attempt to deliver something: the kind of its outcome. */
  attempted(destination: string, outcome: string): void;
  /** An operator lets a destination be tried again: that is told as the end of its trouble. The timekeeper has to be woken after it. */
  unparked(destination: string): void;
  /** A request without a valid proof was refused. `subscription`: the one it named; empty at the common address. */
  unverified(subscription: string): void;
  /**
   * A template failed while an alert was worded. `relay`: what the alert is about, when that is the relay itself: one about failing
   * templates whose own template fails says nothing new, and would never come to an end.
   */
  templateFailed(rule: string | null, error: string, relay: RelayFacts | null): void;
}

export function createWatch({ sql, raise, lastEventAt, config, clock, log, furtherTopics = [], ...seen }: WatchOptions): Watch {
  const incidents = createIncidentStore(sql);
  const startedAt = clock.now();
  const backlog = watchBacklog(seen, () => config().backlogMs, startedAt);
  const unverified = watchUnverified(() => config().unverifiedPerMinute, startedAt);
  const templates = watchTemplates(startedAt);
  const broken = watchParked(seen);
  const topics = [
    broken,
    backlog,
    unverified,
    watchNoEvents(() => config().noEventsMs, lastEventAt, startedAt),
    templates,
    ...furtherTopics,
  ];
  /** Until when a subject is left alone. */
  const inVain = new Map<string, number>();
  let nextCheckAt = startedAt;

  function run(now: number): void {
    nextCheckAt = now + checkEveryMs;
    const told = new Set(incidents.openBeginning(subjectsBegin));
    for (const [subject, until] of inVain) if (until <= now) inVain.delete(subject);
    const news = topics.flatMap(({ topic, look }) => {
      const { troubles, over } = look(now);
      const begun = troubles.filter(({ about }) => !told.has(subjectOf(topic, about)));
      const ended = toldOf(topic, told).flatMap((about) => {
        const detail = over(about);
        return detail === null ? [] : [{ about, detail }];
      });
      return [
        ...begun.map((each): RelayFacts => ({ topic, state: 'failed', ...each })),
        ...ended.map((each): RelayFacts => ({ topic, state: 'completed', ...each })),
      ];
    });
    const sayable = news.filter(({ topic, about }) => !inVain.has(subjectOf(topic, about)));
    for (const facts of sayable.slice(0, batch)) say(facts, now);
  }

  function say(facts: RelayFacts, now: number): void {
    const { topic, state, about, detail } = facts;
    const subject = subjectOf(topic, about);
    raise(facts, now);
    log[state === 'failed' ? 'warn' : 'info']({ topic, state, about, detail }, 'about the relay itself');
    const isOpen = (incidents.subject(subject)?.incident ?? null) !== null;
    if (isOpen === (state === 'failed')) return;
    inVain.set(subject, now + inVainMs);
    log.error({ topic, state, about }, 'the store does not show what was just told: it is not told again for 1 h');
  }

  return {
    name: 'watch',
    run,
    nextAt: () => nextCheckAt,
    rearm(now) {
      incidents.setBack(subjectsBegin, now * 1000);
      inVain.clear();
      for (const topic of topics) topic.setBack(now);
      nextCheckAt = Math.min(nextCheckAt, now);
    },
    attempted: backlog.attempted,
    unparked(destination) {
      broken.unparked(destination);
      // Before it can break again: that is another trouble.
      nextCheckAt = clock.now();
    },
    unverified: (subscription) => unverified.refused(subscription === '' ? null : subscription, clock.now()),
    templateFailed(rule, error, relay) {
      if (relay?.topic !== 'template-error') templates.failed(rule, error, clock.now());
    },
  };
}

/** As `src/rules/subject.ts` spells it. */
function subjectOf(topic: RelayTopic, about: string | null): string {
  return about === null ? `${subjectsBegin}${topic}` : `${subjectsBegin}${topic}/${about}`;
}

/** What the open subjects of a topic are about. */
function toldOf(topic: RelayTopic, told: ReadonlySet<string>): (string | null)[] {
  const whole = subjectOf(topic, null);
  return [...told].flatMap((subject) => {
    if (subject === whole) return [null];
    return subject.startsWith(`${whole}/`) ? [subject.slice(whole.length + 1)] : [];
  });
}
