/**
 * The proof that a 2xx is a promise: real processes under load, killed mid-write and mid-send, and witnesses who don't
 * share a line of code with the relay. `npm run chaos` is the long form, with faults of every kind.
 */
import { randomInt } from 'node:crypto';
import { test } from 'vitest';
import { createDice } from '../../src/simulator/dice.ts';
import type { Fault } from '../../src/demo/faults.ts';
import { nextCrashPoint } from './crash.ts';
import { untilDrained } from './drained.ts';
import { evidenceOf } from './evidence.ts';
import { beginLives } from './lives.ts';
import { startLoad } from './load.ts';
import { openProofStage, webhookSecret } from './stage.ts';
import { judge } from './verdict.ts';

const seed = Number(process.env.CRASH_SEED ?? randomInt(2 ** 31));
const crashes = 10;

test(
  `killed ${crashes} times at random moments, it loses nothing it acknowledged, repeats only what it can't know of, and keeps the order (CRASH_SEED=${seed})`,
  { timeout: 120_000 },
  async ({ expect, onTestFinished, signal }) => {
    const stage = await openProofStage();
    onTestFinished(() => stage.close());
    const { witness, databasePath } = stage;
    // A few failures that are answered, so that later deliveries of a lane have the chance to overtake.
    const busy: Fault = { kind: 'status', status: 503 };
    const luck = createDice(seed + 1);
    witness.changeWeather(() => (luck.between(1, 40) === 1 ? busy : null));

    const lives = await beginLives(stage);
    onTestFinished(() => lives.end());
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    const load = startLoad({
      url: `${lives.url}/webhooks/narrative`,
      secret: webhookSecret,
      seed,
      streams: 12,
      incidentStreams: 4,
      pauseMs: 60,
      signal: AbortSignal.any([signal, ending.signal]),
    });
    const dice = createDice(seed);
    const points = Array.from({ length: crashes }, () => nextCrashPoint(dice));
    for (const point of points) await lives.crash(point, load);
    await lives.relay().ready;
    await load.finish();
    await untilDrained(databasePath, { stillMs: 15_000 });

    const evidence = evidenceOf(stage, load, lives);
    expect(judge(evidence), `killed at ${JSON.stringify(points)}`).toEqual([]);
    // The proof is void if the load never met a crash.
    expect(load.requests().again).toBeGreaterThan(0);
    expect(new Set(load.webhooks.map(({ fate }) => fate))).toEqual(
      new Set(['routed', 'unrouted', 'repeated', 'suppressed', 'quarantined', 'incident']),
    );
  },
);
