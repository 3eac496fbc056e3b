/** Something that is done when its time comes. The timekeeper calls it; what is due while the relay is down is done late, once. */
export interface Duty {
  /** For the log. */
  readonly name: string;
  /** Does what is due, or a bounded part of it. Runs inside a transaction of its own; when it throws, nothing of it has happened. */
  run(now: number): void;
  /** When there is something to do next, epoch ms; the past for more at once; null for nothing. */
  nextAt(): number | null;
  /** The clock was set back, or may have been while nobody looked: what was to come in ten minutes still does. */
  rearm?(now: number): void;
}
