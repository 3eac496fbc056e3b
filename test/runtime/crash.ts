/** Ends a relay without warning, at a moment where it hurts. */
import type { Dice } from '../../src/simulator/dice.ts';
import type { Load } from './load.ts';
import type { RelayChild } from './relay-child.ts';
import type { Witness } from './witness.ts';

export type CrashPoint =
  /** In the moment in which the n-th acknowledgement from now on has come. */
  | { kind: 'acknowledgement'; n: number }
  /** In the moment in which the n-th request from now on has arrived at a destination: it is not answered any more. */
  | { kind: 'arrival'; n: number }
  /** So long from now, ms: while it starts, recovers or works. */
  | { kind: 'time'; ms: number };

export function nextCrashPoint(dice: Dice): CrashPoint {
  switch (dice.between(1, 5)) {
    case 1:
    case 2:
      return { kind: 'acknowledgement', n: dice.between(1, 150) };
    case 3:
    case 4:
      return { kind: 'arrival', n: dice.between(1, 400) };
    default:
      return { kind: 'time', ms: dice.between(200, 1_500) };
  }
}

/** Resolves when the process is gone. Rejects when it went by itself before that. */
export async function crashAt(point: CrashPoint, relay: RelayChild, load: Load, witness: Witness): Promise<void> {
  let stopWaiting = () => {};
  const kill = () => relay.signal('SIGKILL');
  switch (point.kind) {
    case 'acknowledgement':
      stopWaiting = load.onAcknowledged(countdown(point.n, kill));
      break;
    case 'arrival':
      stopWaiting = witness.onArrival(countdown(point.n, kill));
      break;
    case 'time': {
      const timer = setTimeout(kill, point.ms);
      stopWaiting = () => clearTimeout(timer);
      break;
    }
  }
  const { code, signal } = await relay.ended;
  stopWaiting();
  if (signal !== 'SIGKILL') throw new Error(`the relay ended by itself (${signal ?? `exit code ${code}`}):\n${relay.output()}`);
}

function countdown(n: number, act: () => void): () => void {
  let left = n;
  return () => {
    left -= 1;
    if (left === 0) act();
  };
}
