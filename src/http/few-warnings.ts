/** Warnings of what anybody on the network can bring about, as often as they like: the log tells of it without being filled by it. */
import type { Clock, Log } from '../ports.ts';

const windowMs = 60_000;

/**
 * Logs the first of a minute, then its tenth, hundredth and so on, each with `more`: how many have gone unlogged since the line before.
 * One for each message.
 */
export function createFewWarnings({ log, clock }: { log: Log; clock: Clock }, message: string): (fields: object) => void {
  /** Epoch ms. */
  let beganMs = -Infinity;
  /** Of this minute. */
  let seen = 0;
  let more = 0;

  return (fields) => {
    const now = clock.now();
    // A clock that stepped back must not keep it silent for longer.
    if (now < beganMs || now >= beganMs + windowMs) {
      beganMs = now;
      seen = 0;
    }
    seen += 1;
    if (!Number.isInteger(Math.log10(seen))) {
      more += 1;
      return;
    }
    log.warn({ ...fields, ...(more === 0 ? {} : { more }) }, message);
    more = 0;
  };
}
