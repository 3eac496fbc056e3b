/** What `relay doctor` says of one thing that it looked at. */

/** `skipped`: could not be looked at, and that alone is nobody's fault. */
export type Verdict = 'ok' | 'warning' | 'problem' | 'skipped';

export interface Finding {
  /** What belongs together, such as `Narrative`. */
  area: string;
  /** Short, such as `production: address`. */
  name: string;
  verdict: Verdict;
  /** What was seen, one line. Holds no secret. */
  detail: string;
  /** What to do about it, one line; null: nothing. */
  todo: string | null;
}
