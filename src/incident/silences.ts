/** What keeps matching events silent for a time: the mutes of the rules files, and silences made at run time. */
import { createSequence, silenceId, silenceSeq } from '../event/id.ts';
import type { Clock, Log, Sql } from '../ports.ts';
import type { Mute } from '../rules/rule-set.ts';
import type { ParsedMatch } from '../rules/schema-match.ts';
import { createSilenceStore, type StoredSilence } from '../store/silences.ts';
import { compileSilences, isInForce, longestCovering } from './covering.ts';
import type { Silences } from './covering.ts';

export interface NewSilence {
  match: ParsedMatch;
  /** Epoch ms; what lies in the past means now. */
  fromMs: number;
  /** Epoch ms; later than `fromMs` and than now. The first moment that is not silent. */
  untilMs: number;
  reason: string;
  author: string;
}

export type SilenceState = 'pending' | 'active' | 'expired';

export interface Silence extends Omit<StoredSilence, 'id' | 'match'> {
  /** `sil_…`. */
  id: string;
  state: SilenceState;
  /** As in the rules files. */
  match: unknown;
}

export interface SilencesOptions {
  sql: Sql;
  clock: Clock;
  log: Log;
  /** Those of the rules in force. */
  mutes: () => readonly Mute[];
  /** Looks again at what was kept back. Called inside the transaction of the change, so that neither is without the other. */
  onChange: (now: number) => void;
  /** Called after that: something may be due now. */
  wake: () => void;
}

export function createSilences({ sql, clock, log, mutes, onChange, wake }: SilencesOptions) {
  const store = createSilenceStore(sql);
  const nextId = createSequence(clock, store.lastId());
  /** Silences that were not over when they last changed, compiled. */
  let compiled: readonly Mute[] = [];
  refresh();

  function refresh(): void {
    compiled = compileSilences(store.endingAfter(clock.now()), (silence, problems) =>
      log.error({ silence, problems }, "a silence can't be read and is not in force: make it anew"),
    );
  }

  function change(now: number, work: () => void): void {
    sql.transaction(() => {
      work();
      onChange(now);
    });
    refresh();
    wake();
  }

  const covering: Silences['covering'] = (routable, now) => longestCovering([mutes(), compiled], routable, now);

  function find(id: string, now: number): Silence | null {
    const seq = silenceSeq(id);
    const stored = seq === null ? null : store.find(seq);
    return stored && silenceOf(stored, now);
  }

  return {
    covering,
    /** How many are in force, from the rules and made at run time. */
    countInForce: (now: number): number => [mutes(), compiled].flat().filter((mute) => isInForce(mute, now)).length,
    add({ match, fromMs, ...rest }: NewSilence, now: number): Silence {
      const stored = { id: nextId(), match: JSON.stringify(match), fromMs: Math.max(fromMs, now), ...rest, createdMs: now };
      change(now, () => store.add(stored));
      return silenceOf(stored, now);
    },
    /** Null when there is none of this id. */
    find,
    /** The latest first. `all`: those that are over, too. */
    list({ all }: { all: boolean }, now: number): Silence[] {
      return (all ? store.all() : store.endingAfter(now)).map((stored) => silenceOf(stored, now));
    },
    /** Ends it now, even before it has begun; one that is over stays as it is. Null when there is none of this id. */
    expire(id: string, now: number): Silence | null {
      const silence = find(id, now);
      if (silence === null || silence.state === 'expired') return silence;
      change(now, () => store.endAt(silenceSeq(id)!, now));
      return find(id, now);
    },
    /** Removes those that ended before a time, epoch ms. Returns how many they were. Inside the caller's transaction. */
    forget: store.forget,
  };
}

export type SilencesInForce = ReturnType<typeof createSilences>;

function silenceOf({ id, match, ...rest }: StoredSilence, now: number): Silence {
  return { id: silenceId(id), state: stateAt(rest, now), match: JSON.parse(match) as unknown, ...rest };
}

function stateAt({ fromMs, untilMs }: { fromMs: number; untilMs: number }, now: number): SilenceState {
  if (untilMs <= now) return 'expired';
  return fromMs > now ? 'pending' : 'active';
}
