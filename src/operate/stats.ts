/** Counts per hour, for charts, and how things stand now. */
import type { SilencesInForce } from '../incident/silences.ts';
import type { Clock, Sql } from '../ports.ts';
import { createBacklog } from '../store/backlog.ts';
import { createDeadLetters } from '../store/dead-letters.ts';
import { createHourlyStore, hourMs } from '../store/hourly.ts';
import { createIncidentStore } from '../store/incidents.ts';
import { createParkedStore } from '../store/parked.ts';
import type { Operations } from './operations.ts';
import type { StatsView } from './shapes/views.ts';
import { iso, isoOrNull, ok, refused } from './text.ts';

const usualRangeMs = 24 * hourMs;
const maxDays = 31;

export interface StatsOptions {
  sql: Sql;
  clock: Clock;
  silences: Pick<SilencesInForce, 'countInForce'>;
  /** When Narrative was last heard from, epoch ms. */
  lastEventAt: () => number | null;
}

export function createStats({ sql, clock, silences, lastEventAt }: StatsOptions): Operations['stats'] {
  const hourly = createHourlyStore(sql);
  const incidents = createIncidentStore(sql);
  const parked = createParkedStore(sql);
  const { backlog } = createBacklog(sql);
  const deadLetters = createDeadLetters(sql);

  function standingAt(now: number): StatsView['now'] {
    const open = backlog();
    const dueTimes = open.flatMap(({ oldestDueAt }) => oldestDueAt ?? []);
    return {
      incidents_open: incidents.countOpen(),
      pending: sumOf(open.map(({ pending }) => pending)),
      oldest_due_at: dueTimes.length === 0 ? null : iso(Math.min(...dueTimes)),
      dead: sumOf(deadLetters().map(({ count }) => count)),
      parked: parked.all().length,
      silences: silences.countInForce(now),
      last_event_at: isoOrNull(lastEventAt()),
    };
  }

  /** Whole hours in UTC, from `fromMs` to before `untilMs`, which are such. */
  function hoursBetween(fromMs: number, untilMs: number): StatsView['hours'] {
    const counted = Map.groupBy(hourly.between(fromMs, untilMs), ({ hour }) => hour);
    return Array.from({ length: (untilMs - fromMs) / hourMs }, (_, i) => {
      const at = fromMs + i * hourMs;
      const counts = counted.get(at / hourMs) ?? [];
      const events = counts.filter(({ what }) => what === 'event');
      return {
        at: iso(at),
        events: totals(events, 'outcome'),
        // A key that came again is no other event, and what is in quarantine has no state.
        states: totals(
          events.filter(({ outcome, state }) => outcome !== 'duplicate' && state !== ''),
          'state',
        ),
        deliveries: totals(
          counts.filter(({ what }) => what === 'delivery'),
          'outcome',
        ),
      };
    });
  }

  return ({ fromMs, untilMs }) => {
    const now = clock.now();
    const end = untilMs ?? now;
    // The hour that has begun is there, too.
    const until = untilMs === null ? hourOf(now) + hourMs : Math.ceil(untilMs / hourMs) * hourMs;
    const begin = fromMs ?? until - usualRangeMs;
    if (begin >= end) {
      return refused(
        'invalid',
        `from: ${iso(begin)} is not before the end, ${iso(end)}; give an earlier one, or since: 24h`,
        'from',
      );
    }
    if (end - begin > maxDays * 24 * hourMs) {
      return refused(
        'invalid',
        `from: the range is more than ${maxDays} days; ask for it in parts, each with from and until`,
        'from',
      );
    }
    const from = hourOf(begin);
    return ok({ from: iso(from), until: iso(until), hours: hoursBetween(from, until), now: standingAt(now) });
  };
}

/** When the hour began, in UTC. */
function hourOf(ms: number): number {
  return Math.floor(ms / hourMs) * hourMs;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0);
}

/** `Object.fromEntries` makes a property of any name, also of a state called `__proto__`. */
function totals<Key extends 'outcome' | 'state'>(
  counts: readonly ({ n: number } & Record<Key, string>)[],
  by: Key,
): Record<string, number> {
  const sums = new Map<string, number>();
  for (const count of counts) sums.set(count[by], (sums.get(count[by]) ?? 0) + count.n);
  return Object.fromEntries(sums);
}
