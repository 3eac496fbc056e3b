/** Plays a timeline on a simulator: lets happen what happens when its time comes. */
import type { Simulator } from './simulator.ts';
import type { SentWebhook } from './tell.ts';
import type { Happening, Timeline } from './timeline.ts';

export interface PlayOptions {
  /** How much faster the story's time passes than this machine's. */
  speed: number;
  /** This machine's time, epoch ms. */
  now(): number;
  /** Rejects when the play is to end. */
  wait(ms: number): Promise<void>;
  signal?: AbortSignal;
  /** Called when the time has come for something (all of a burst together); it happens when this resolves. */
  before?(happenings: Happenings): Promise<void>;
  /**
   * Called when something happens (all of a burst together); the play goes on when it is through. `sent`: what came of their webhooks,
   * but for those that are sent later. What it throws ends the play.
   */
  onHappening?(happenings: Happenings, sent: Promise<SentWebhook[]>): Promise<void>;
}

/** One, or all of a burst. */
export type Happenings = readonly [Happening, ...Happening[]];

/**
 * One thing after the other, so that what depends on an earlier one comes after its answer; but bursts at once, and what is delayed
 * or sent again holds up nobody. Resolves with what came of every webhook, when the last one is delivered or given up.
 */
export async function playTimeline(timeline: Timeline, simulator: Simulator, options: PlayOptions): Promise<SentWebhook[]> {
  const { speed, now, wait, signal, before, onHappening } = options;
  const startedMs = now();
  const firstSent = createFirstSent(simulator);
  const all: Promise<SentWebhook[]>[] = [];
  for (const happenings of together(timeline.happenings)) {
    const [{ atMs }] = happenings;
    await wait(Math.max(0, startedMs + atMs / speed - now()));
    await before?.(happenings);
    signal?.throwIfAborted();
    const sent = happenings.map((happening) => {
      const everything = simulator.happen(happening);
      // Awaited at the end; until then a rejection has to be somebody's.
      everything.catch(() => undefined);
      all.push(everything);
      return firstSent(happening, everything);
    });
    const first = Promise.all(sent).then((each) => each.flat());
    await Promise.all([first, onHappening?.(happenings, first)]);
  }
  return (await Promise.all(all)).flat();
}

/** What comes of a happening's webhooks right away: nothing where they are late, and the first where one is to come again. */
function createFirstSent(simulator: Simulator) {
  const waiting = new Map<Happening, (sent: SentWebhook[]) => void>();
  simulator.onSent((sent) => {
    if (sent.again) return;
    waiting.get(sent.happening)?.([sent]);
    waiting.delete(sent.happening);
  });
  return (happening: Happening, everything: Promise<SentWebhook[]>): Promise<SentWebhook[]> => {
    if (happening.kind === 'stranger') return everything;
    const { delayMs, againAfterMs } = happening.webhook;
    if (delayMs > 0) return Promise.resolve([]);
    if (againAfterMs === null) return everything;
    const first = new Promise<SentWebhook[]>((resolve) => waiting.set(happening, resolve));
    return Promise.race([first, everything]);
  };
}

function together(happenings: readonly Happening[]): Happenings[] {
  const groups: [Happening, ...Happening[]][] = [];
  for (const happening of happenings) {
    const last = groups.at(-1);
    if (last !== undefined && happening.burst !== null && last[0].burst === happening.burst) last.push(happening);
    else groups.push([happening]);
  }
  return groups;
}
