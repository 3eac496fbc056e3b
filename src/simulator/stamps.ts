/** The times that a simulated Narrative writes down. */

/** Narrative's way to write a time: microseconds, no zone, meant as UTC. */
export function zoneless(us: number): string {
  const ms = Math.floor(us / 1000);
  return `${new Date(ms).toISOString().slice(0, 23)}${String(us - ms * 1000).padStart(3, '0')}`;
}

/** The time now, µs since the epoch. What is asked for in one millisecond comes in its order, by the microsecond. */
export function createStamps(now: () => number): () => number {
  let lastMs = -1;
  let count = 0;
  return () => {
    const ms = Math.floor(now());
    count = ms === lastMs ? count + 1 : 0;
    lastMs = ms;
    return ms * 1000 + count;
  };
}
