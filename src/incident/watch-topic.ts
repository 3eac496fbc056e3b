import type { RelayTopic } from '../event/event.ts';

/** Something that the relay watches itself for. */
export interface Topic {
  readonly topic: RelayTopic;
  look(now: number): Look;
  /** The clock was set back to `now`: times that are kept in memory must not lie ahead of it. */
  setBack(now: number): void;
}

/**
 * How things are. What is neither a trouble nor over stays as it was told: the room between the two is what keeps alerts from
 * flapping. `about`: a name, or null for the relay as a whole.
 */
export interface Look {
  troubles: readonly {
    about: string | null;
    /** One sentence, of at most 300 characters where names are short. */ detail: string;
  }[];
  /** How a trouble that was told has ended, in a sentence; null while it has not. */
  over(about: string | null): string | null;
}

/**
 * After a start, or when a destination is no longer parked, all that piled up is old and may be gone in a moment: so long, ms,
 * before it counts as a trouble.
 */
export const settleMs = 120_000;
