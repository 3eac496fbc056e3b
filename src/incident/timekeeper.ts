/** Calls duties when their time comes. Each runs in a transaction of its own, so that one which fails holds up no other. */
import type { AfterTurn, Alarm, Clock, Log, Sql } from '../ports.ts';
import type { Duty } from './duty.ts';

/** Wait after a duty failed, ms. */
const retryMs = 30_000;
/** Times that a duty may run in a row before others have their turn. */
const maxRounds = 20;
/** A clock that is behind itself by more than this, ms, was set back. */
const setBackMs = 1_000;

export interface TimekeeperOptions {
  sql: Sql;
  clock: Clock;
  alarm: Alarm;
  afterTurn: AfterTurn;
  log: Log;
  duties: readonly Duty[];
  /** Called after a duty has run: it may have put something into the outbox. */
  onWork: () => void;
}

export function createTimekeeper({ sql, clock, alarm, afterTurn, log, duties, onWork }: TimekeeperOptions) {
  /** Until when a duty that failed is left alone. */
  const resting = new Map<Duty, number>();
  let isDue = false;
  let stopped = false;
  let last = -Infinity;

  /** Runs soon: at the end of this turn, however often it is called. */
  function wake(): void {
    if (isDue || stopped) return;
    isDue = true;
    afterTurn(run);
  }

  function run(): void {
    isDue = false;
    if (stopped) return;
    const now = clock.now();
    if (now < last - setBackMs) rearm(now);
    last = now;
    let worked = false;
    for (const duty of duties) worked = perform(duty, now) || worked;
    if (worked) onWork();
    armNext(now);
  }

  /** Does what a duty has to do. True when it did something. */
  function perform(duty: Duty, now: number): boolean {
    const restsUntil = resting.get(duty) ?? -Infinity;
    // A rest that lies further ahead than any rest was made before the clock was set back.
    if (restsUntil > now && restsUntil <= now + retryMs) return false;
    let worked = false;
    try {
      resting.delete(duty);
      for (let round = 0; round < maxRounds && isDueBy(duty, now); round++) {
        sql.transaction(() => duty.run(now));
        worked = true;
      }
    } catch (error) {
      log.error({ err: error, duty: duty.name }, 'work whose time has come failed: tried again soon, nothing of it is lost');
      resting.set(duty, now + retryMs);
    }
    return worked;
  }

  function rearm(now: number): void {
    for (const duty of duties) {
      try {
        if (duty.rearm) sql.transaction(() => duty.rearm?.(now));
      } catch (error) {
        log.error({ err: error, duty: duty.name }, 'timers could not be set anew after the clock was set back');
      }
    }
  }

  function armNext(now: number): void {
    const times = duties.flatMap((duty) => {
      const rest = resting.get(duty);
      if (rest !== undefined) return [rest];
      try {
        const next = duty.nextAt();
        return next === null ? [] : [next];
      } catch {
        // A store that can't be read: `perform` will say so.
        return [now + retryMs];
      }
    });
    if (times.length === 0) return alarm.disarm();
    alarm.arm(Math.min(...times));
  }

  return {
    wake,
    /** The alarm's call. */
    run,
    /** Starts; timers of a clock that was ahead are set anew. */
    start(): void {
      rearm(clock.now());
      wake();
    },
    stop(): void {
      stopped = true;
      alarm.disarm();
    },
  };
}

function isDueBy(duty: Duty, now: number): boolean {
  const next = duty.nextAt();
  return next !== null && next <= now;
}
