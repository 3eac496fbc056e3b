/**
 * Reconciliation: webhooks get lost when a receiver is down, and Narrative's jobs API remembers. A run compares the jobs of a time
 * window with the ledger, and with `apply` takes what never arrived as if it had.
 */

export interface Run {
  /** `rec_…`. */
  id: string;
  /** Who asked for it. */
  trigger: 'start' | 'schedule' | 'operator';
  /** Without it, what is missing is only listed. */
  apply: boolean;
  /**
   * States that jobs came to in this time are looked for; by automatic runs also those that Narrative listed in it, late.
   * Epoch ms, all times here.
   */
  fromMs: number;
  untilMs: number;
  /** Jobs are looked at that were created so long before `fromMs`: they may have ended in the window. ms. */
  lookbackMs: number;
  /** The subscription (in the rules) whose events are looked for; null: each that can be told apart at Narrative. */
  subscription: string | null;
  status: 'running' | 'done' | 'failed' | 'cancelled';
  /**
   * For people: why it failed; what it waits for; of one that is done, why what it found may not be all there is. Null: nothing to say.
   */
  detail: string | null;
  startedMs: number;
  finishedMs: number | null;
  /** Jobs looked at so far, and how many there are, where Narrative says so. */
  jobs: number;
  jobsInAll: number | null;
  /** States that never arrived, those taken (with `apply`), and records of Narrative's that could not be read. */
  missing: number;
  taken: number;
  unreadable: number;
}

/** A state that a job came to and that no webhook told of. */
export interface MissedState {
  /** Its place among those of its run, from 1: where a reader goes on. */
  n: number;
  jobId: string;
  state: string;
  jobType: string;
  datasetId: string | null;
  /** When the job came to it, Narrative's time, epoch ms. */
  atMs: number;
  subscription: string;
  /** The event that it became; null in a run that only looks, and where the rules failed on it. */
  eventId: string | null;
}

export interface RunRequest {
  fromMs: number;
  /** Null: now, less what may be on its way. */
  untilMs: number | null;
  /** Null: as in the settings. */
  lookbackMs: number | null;
  subscription: string | null;
  apply: boolean;
}

export type RunStarted =
  | { kind: 'started'; run: Run }
  /** No token is configured: there is nobody to ask. */
  | { kind: 'off'; detail: string }
  /** So many runs are waiting that this one would not have its turn soon. */
  | { kind: 'busy'; detail: string }
  /** `field` of the request, and what is wrong with it. */
  | { kind: 'wrong'; field: 'from' | 'until' | 'lookback' | 'subscription'; detail: string };

export interface Reconciler {
  /** Runs are made one after the other; this one may have to wait for another. */
  request(request: RunRequest): RunStarted;
  find(id: string): Run | null;
  /** Newest first. */
  list(limit: number): Run[];
  /** In the order in which they were found, after the n-th. */
  missed(id: string, after: number, limit: number): MissedState[];
  /** Null when there is no such run; one that is over is returned as it is. What was taken stays. */
  cancel(id: string): Run | null;
}
