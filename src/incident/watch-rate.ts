const seconds = 60;

/** Counts what happens in a sliding minute, to the second. Constant memory and work, whatever the rate: strangers choose it. */
export function createMinuteRate() {
  const counts = new Uint32Array(seconds);
  /** The second that was counted last, since the epoch. */
  let newest = -Infinity;
  let sum = 0;

  function forgetUpTo(second: number): void {
    if (second < newest || second - newest >= seconds) {
      // The clock was set back, or it has been quiet for a minute.
      counts.fill(0);
      sum = 0;
    } else {
      for (let passed = newest + 1; passed <= second; passed++) {
        sum -= counts[passed % seconds]!;
        counts[passed % seconds] = 0;
      }
    }
    newest = second;
  }

  return {
    /** Counts one more. Returns how many there were in the last minute. `now`: epoch ms. */
    add(now: number): number {
      const second = Math.floor(now / 1000);
      if (second !== newest) forgetUpTo(second);
      counts[second % seconds]!++;
      return ++sum;
    },
  };
}
