/** The clocks of the demo: the one that the relay goes by, and the one on the wall of those who are told. */

export interface DemoClocks {
  /** When the night begins, at half past eleven, UTC. Epoch ms. */
  readonly eveningMs: number;
  /** When it ends and the morning's digest is due: half past eight. Epoch ms. */
  readonly dawnMs: number;
  /** How far the relay's clock is ahead of this machine's, ms; negative: behind. */
  aheadMs(): number;
  /** The time by the relay's clock, epoch ms: it goes as fast as this machine's, and comes to dawn soon after the night. */
  relayNow(): number;
  /** The time in the story, epoch ms: nine hours pass while the night is played. */
  storyNow(): number;
  /** The night begins now, and takes so long here, in whole ms. */
  begin(lastsMs: number): void;
}

/** What a whole night is, as `scenarios/night.yaml` tells it. */
export const nightMs = 9 * 3_600_000;
/** Between the night's end and dawn by the relay's clock, ms: time for its last webhooks, on a slow machine too. */
const lastWebhooksMs = 5_000;
const dawnAtMs = (8 * 60 + 30) * 60_000;
const dayMs = 24 * 3_600_000;
/** Before the night, ms: the relay is started a little earlier. */
const beforeMs = 60_000;

/** The dawn is the last one that is past: what the reader sends later, by the real time, is later for the relay, too. */
export function createClocks(now: () => number): DemoClocks {
  const dawnMs = Math.floor((now() - dawnAtMs) / dayMs) * dayMs + dawnAtMs;
  const eveningMs = dawnMs - nightMs;
  let ahead = eveningMs - beforeMs - now();
  let night: { beganAtMs: number; lastsMs: number } | null = null;
  const relayNow = () => now() + ahead;

  return {
    eveningMs,
    dawnMs,
    aheadMs: () => ahead,
    relayNow,
    storyNow() {
      if (night === null) return relayNow();
      const passed = (now() - night.beganAtMs) / night.lastsMs;
      return passed < 1 ? eveningMs + passed * nightMs : Math.max(dawnMs, relayNow());
    },
    begin(lastsMs) {
      night = { beganAtMs: now(), lastsMs };
      ahead = dawnMs - lastWebhooksMs - lastsMs - now();
    },
  };
}
