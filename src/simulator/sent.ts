/** What comes of webhooks, and how it is counted. */

export type Sent =
  /** `deliveries`: how many the answer promised; 0 for all but `accepted`. */
  | { kind: 'answered'; status: number; answer: TalliedAnswer; deliveries: number; attempts: number }
  /** `last`: the last answer or error, in a few words. `attempts` is 0 when its subscription was archived before its turn. */
  | { kind: 'gave-up'; last: string; attempts: number };

export type TalliedAnswer = 'accepted' | 'duplicate' | 'quarantined' | 'refused' | 'other';

/** How many requests were made, and what came back to them: `requests` is the sum of the others. */
export interface Tally {
  requests: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  /** 4xx: not this time, not with these bytes. */
  refused: number;
  /** 429 and 5xx, and 2xx whose body says nothing known. */
  other: number;
  /** No answer. */
  unreachable: number;
}

export interface Counts {
  readonly answers: Readonly<Tally>;
  /** The sum of the `deliveries` that answers of `accepted` promised. */
  readonly promised: number;
}

/** Counts the requests of one sender, or of several. */
export interface RunningTally {
  request(): void;
  answered(answer: TalliedAnswer, deliveries: number): void;
  unreachable(): void;
  counts(): Counts;
}

export function createTally(): RunningTally {
  const tally: Tally = { requests: 0, accepted: 0, duplicate: 0, quarantined: 0, refused: 0, other: 0, unreachable: 0 };
  let promised = 0;
  return {
    request: () => void (tally.requests += 1),
    answered(answer, deliveries) {
      tally[answer] += 1;
      promised += deliveries;
    },
    unreachable: () => void (tally.unreachable += 1),
    counts: () => ({ answers: { ...tally }, promised }),
  };
}
