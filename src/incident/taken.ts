import type { NarrativeEvent } from '../event/event.ts';
import type { Plan } from '../rules/plan.ts';

/** An event that the ledger is taking, in its transaction. No repetition of one that was taken before, unless it is a replay. */
export interface Taken {
  seq: number;
  subscription: string;
  /** Found by reconciliation: its webhook never came. Default: false. */
  reconciled?: boolean;
  narrative: NarrativeEvent;
  plan: Plan;
  /** When it happened by Narrative's clock, µs; where the event doesn't say, when it arrived. */
  happenedUs: number;
  /** Epoch ms; now. */
  receivedAt: number;
  /** Default: null, it has just come. */
  replay?: Replay | null;
}

/** An event that came before, put through the rules once more. */
export interface Replay {
  /** When it came, epoch ms. */
  cameAt: number;
  /** What it was taken to be about before: `defaults.subject` may have been another then. */
  knownAs: readonly string[];
  /** It was in quarantine, so nothing was made of it yet: a failure counts. */
  isNew: boolean;
  /** The plan is cut down to some destinations. The rules then go on as if nothing had been said, for they had more to say. */
  narrowed: boolean;
}
