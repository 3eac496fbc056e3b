/** One life of the relay after the other, on the same stage: the same database, the same address. */
import { freePort } from '../../src/demo/free-port.ts';
import { crashAt, type CrashPoint } from './crash.ts';
import type { Load } from './load.ts';
import { launchRelay, type RelayChild } from './relay-child.ts';
import type { ProofStage } from './stage.ts';

export interface Lives {
  /** Without a slash at its end. */
  readonly url: string;
  relay(): RelayChild;
  /** Lives that were ended without warning, counted from 1. */
  readonly crashed: ReadonlySet<number>;
  /** Kills the relay at a moment where it hurts, and starts the next one; it may not be ready yet. */
  crash(point: CrashPoint, load: Load): Promise<void>;
  /** Asks it to stop, and starts the next one. Throws when it did not end with 0. `fileLimitKib`: see `LaunchOptions`. */
  restart(options?: { fileLimitKib?: number }): Promise<void>;
  /** Ends the last one, however it does. */
  end(): Promise<void>;
}

/** Resolves when the first is ready. */
export async function beginLives({ witness, environment }: ProofStage): Promise<Lives> {
  const crashed = new Set<number>();
  const port = await freePort('127.0.0.1');
  let life = 0;
  let relay = await begin();
  const url = await relay.ready;

  async function begin(options: { fileLimitKib?: number } = {}): Promise<RelayChild> {
    life += 1;
    await witness.newLife();
    return launchRelay({ environment: environment(port), ...options });
  }

  return {
    url,
    relay: () => relay,
    crashed,
    async crash(point, load) {
      await crashAt(point, relay, load, witness);
      crashed.add(life);
      relay = await begin();
    },
    async restart(options) {
      await relay.ready;
      relay.signal('SIGTERM');
      const { code, signal } = await relay.ended;
      if (code !== 0) throw new Error(`asked to stop, the relay ended with ${signal ?? `exit code ${code}`}:\n${relay.output()}`);
      relay = await begin(options);
    },
    async end() {
      relay.signal('SIGKILL');
      await relay.ended;
    },
  };
}
