/**
 * Wrong tokens on the page, counted over all who try: there is one token, so it makes no difference who they are. It keeps no guesser
 * out: what does is that the token is long, and `/api/v1` takes the same one without a limit. Nor does it keep anybody else out: the right
 * token always signs in, else a stranger could lock the door before whoever is on call. It is for people, who are told to stop and look
 * where the token is kept, and for scripts, which are told when to come again. What the log says of them is limited elsewhere
 * (`src/http/few-warnings.ts`), for both ways in.
 */
import type { Clock } from '../../ports.ts';

const windowMs = 60_000;
const maxTries = 10;

export function createWrongTries(clock: Clock) {
  /** Epoch ms, the earliest first; at most `maxTries`. */
  let tries: number[] = [];

  return {
    /** Notes a wrong try. Whole seconds until the next; 0: at once. Those that come before their time make it no longer. */
    note(): number {
      const now = clock.now();
      // A clock that stepped back must not make anybody wait for longer.
      tries = tries.filter((at) => at <= now && at > now - windowMs);
      if (tries.length >= maxTries) return Math.ceil((tries[0]! + windowMs - now) / 1000);
      tries.push(now);
      return 0;
    },
  };
}
