/** The time in a story that is played faster than it happened, or at another time of day. */

export interface StoryClock {
  /** When the story begins, epoch ms. */
  readonly beginsMs: number;
  /** Story time, epoch ms. Never ahead of this machine's time. Once the story is over, it goes as fast as this machine's. */
  now(): number;
}

export interface StoryClockOptions {
  /** Of the story, ms. */
  lastsMs: number;
  /** How much faster the story's time passes than this machine's. */
  speed: number;
  /** ms after midnight, UTC; null: as late as it can. */
  begins: number | null;
  /** This machine's time, epoch ms. */
  now(): number;
}

const dayMs = 24 * 3_600_000;

/**
 * The story is played from now on. It ends when its playing ends, so that nothing in it lies in the future of a relay that goes by
 * this machine's clock; with `begins`, at the last such time before that.
 */
export function createStoryClock({ lastsMs, speed, begins, now }: StoryClockOptions): StoryClock {
  const startedMs = now();
  const latestMs = Math.floor(startedMs + lastsMs / speed - lastsMs);
  const beginsMs = begins === null ? latestMs : Math.floor((latestMs - begins) / dayMs) * dayMs + begins;
  return {
    beginsMs,
    now() {
      const passedMs = Math.max(0, now() - startedMs);
      const inStory = passedMs * speed;
      return Math.floor(beginsMs + (inStory < lastsMs ? inStory : lastsMs + passedMs - lastsMs / speed));
    },
  };
}

/** `08:30` → ms after midnight. */
export function timeOfDayMs(timeOfDay: string): number {
  const [hours, minutes] = timeOfDay.split(':').map(Number) as [number, number];
  return (hours * 60 + minutes) * 60_000;
}
