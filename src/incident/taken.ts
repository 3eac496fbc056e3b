import type { NarrativeEvent } from '../event/event.ts';
import type { Plan } from '../rules/plan.ts';

/** An event that the ledger is taking, in its transaction. No repetition of one that was taken before. */
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
}
