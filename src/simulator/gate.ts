/** Lets so much work run at once; the rest waits in line. */
export function createGate(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  const line: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < width) running += 1;
    else await new Promise<void>((resolve) => line.push(resolve));
    try {
      return await work();
    } finally {
      // The place is handed over, so that nobody who comes now can take it first.
      const next = line.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
