/** The relay is stopped for a while in the night: what Narrative can't deliver meanwhile, it has to find in the job list. */
import type { DemoClocks } from './clocks.ts';
import type { Outage } from './expected.ts';
import { clockTime } from './narrator.ts';
import { readCounters, readRecord } from './record.ts';
import type { Screen } from './screen.ts';
import type { Stage } from './stage.ts';

/**
 * Shortly before dawn, when the relay's clock and that of the story are not far from each other: the relay says how late it finds
 * things. `scenarios/night.yaml` has what happens then.
 */
export const outage: Outage = { fromMs: (8 * 60 + 34) * 60_000, untilMs: (8 * 60 + 50) * 60_000 };

export interface OutageAct {
  /** Before what happens at this time, ms of the story: stops the relay, or starts it and waits until it has looked. */
  before(atMs: number): Promise<void>;
  isAway(): boolean;
  /** What the relay had counted when it was stopped: it begins anew. */
  countedBefore(): ReadonlyMap<string, number>;
}

export interface OutageOptions {
  stage: Stage;
  clocks: DemoClocks;
  wait(ms: number): Promise<void>;
  /** The longest that it waits for the relay to look, ms. */
  patienceMs: number;
}

const pollMs = 50;

export function createOutageAct({ stage, clocks, wait, patienceMs }: OutageOptions, screen: Screen): OutageAct {
  let phase: 'before' | 'away' | 'over' = 'before';
  let counted: ReadonlyMap<string, number> = new Map();
  const line = (atMs: number, text: string) =>
    `\n${screen.style('dim', clockTime(clocks.eveningMs + atMs))} ${screen.style('yellow', text)}`;

  async function untilItHasLooked(): Promise<number> {
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      const { reconciled } = readRecord(stage.databasePath, clocks.relayNow());
      if (reconciled.runs > 0 || waitedMs >= patienceMs) return reconciled.events;
      await wait(pollMs);
    }
  }

  return {
    async before(atMs) {
      if (phase === 'before' && atMs >= outage.fromMs) {
        phase = 'away';
        counted = await readCounters(stage.relay.url);
        await stage.stopRelay();
        screen.say(line(outage.fromMs, 'the relay is stopped: for a while Narrative finds nobody'));
      }
      if (phase === 'away' && atMs >= outage.untilMs) {
        await screen.hold(async () => {
          await stage.startRelay();
          phase = 'over';
          const found = await untilItHasLooked();
          return line(outage.untilMs, `the relay runs again, and finds in Narrative's job list what it missed: ${found} states`);
        });
      }
    },
    isAway: () => phase === 'away',
    countedBefore: () => counted,
  };
}
