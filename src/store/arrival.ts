/** What comes to the ledger, and what it answers. */
import type { NarrativeEvent } from '../event/event.ts';
import type { Admission } from '../incident/incidents.ts';
import type { Plan, Routable } from '../rules/plan.ts';
import type { Decision } from './decisions.ts';
import type { StoredEvent } from './events.ts';

/** An event that is put through the rules once more. */
export interface Again {
  /** One that came; no replay itself. */
  event: StoredEvent;
  /** What its body says, read anew. */
  narrative: NarrativeEvent;
  idempotencyKey: string;
  /** Nothing was made of it yet. */
  isNew: boolean;
  /** Only to these destinations; null: wherever the rules send. */
  to: readonly string[] | null;
}

/** What became of a replay. */
export interface TakenAgain extends Pick<Admission, 'outcome' | 'reason' | 'deliveries' | 'decisions'> {
  seq: number;
}

/** What the ledger needs of the rules in force. */
export interface Router {
  readonly version: string;
  plan(routable: Routable): Plan;
}

/** A verified delivery from Narrative; or what stands for one that never came. */
export interface Arrival {
  subscription: string;
  /** What proved it; `reconcile` where a run read it in Narrative's job list. */
  scheme: string;
  idempotencyKey: string;
  /** Null: verified JSON that is no event we know; `why` says so. */
  event: NarrativeEvent | null;
  why: string | null;
  contentType: string;
  body: Uint8Array;
}

export type Acceptance =
  | {
      kind: 'accepted';
      eventId: string;
      outcome: 'routed' | 'unrouted' | 'suppressed';
      deliveries: number;
      rules: readonly string[];
      /** Why rules that matched do not simply send. */
      decisions: readonly Decision[];
    }
  /** `conflict`: the same key came with another body. */
  | { kind: 'duplicate'; eventId: string; of: 'key' | 'transition'; conflict: boolean }
  | { kind: 'quarantined'; eventId: string }
  /** The store can't take it now; nothing was written. */
  | { kind: 'unavailable'; detail: string };
