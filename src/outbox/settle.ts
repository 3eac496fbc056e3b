/** What an attempt's outcome means for its delivery. Pure. */
import type { AttemptOutcome } from '../destination/destination.ts';
import type { Silencing } from '../incident/policy.ts';
import type { Random } from '../ports.ts';
import { backoffMs } from './backoff.ts';

export type DeathReason = 'payload' | 'unknown-answer' | 'expired' | 'destination-removed';

export type Settlement =
  | { kind: 'delivered'; detail: string; receipt?: Record<string, string> }
  | { kind: 'again'; dueAt: number; reason: string; detail: string }
  | { kind: 'dead'; reason: DeathReason; detail: string }
  /** A silence came after it was planned. */
  | { kind: 'suppressed'; silence: Silencing; detail: string }
  /** The destination is broken: the delivery waits until it is mended. */
  | { kind: 'park'; reason: 'credential' | 'channel'; detail: string };

/** Not an attempt at all: it was silenced on its way out. */
export interface Silenced {
  kind: 'silenced';
  silence: Silencing;
  detail: string;
}

/** So many answers that nobody understands are taken for a refusal. */
const maxUnknownAnswers = 5;

export function settle(
  outcome: AttemptOutcome | Silenced,
  delivery: { attempt: number; expiresAt: number; /** This one included. */ unknownAnswers: number },
  now: number,
  random: Random,
): Settlement {
  switch (outcome.kind) {
    case 'delivered':
      return outcome;
    case 'silenced':
      return { kind: 'suppressed', silence: outcome.silence, detail: outcome.detail };
    case 'rejected':
      return { kind: 'dead', reason: outcome.reason, detail: outcome.detail };
    case 'destination-broken':
      return { kind: 'park', reason: outcome.reason, detail: outcome.detail };
    case 'retry':
    case 'ambiguous': {
      const { reason, detail, afterMs } = outcome;
      if (reason === 'unknown-answer' && delivery.unknownAnswers >= maxUnknownAnswers) return { kind: 'dead', reason, detail };
      const dueAt = now + backoffMs(delivery.attempt, random, afterMs);
      if (dueAt <= delivery.expiresAt) return { kind: 'again', dueAt, reason, detail };
      return { kind: 'dead', reason: 'expired', detail: `gave up after ${delivery.attempt} attempts; the last one: ${detail}` };
    }
  }
}
