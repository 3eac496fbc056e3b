/** The small ports on Node. */
import { hash, randomBytes } from 'node:crypto';
import type { Alarm, Clock, Hash, Random } from '../ports.ts';

export const nodeClock: Clock = { now: () => Date.now() };

export const nodeRandom: Random = { fraction: () => Math.random(), bytes: (count) => randomBytes(count) };

export const nodeHash: Hash = {
  sha256: (input) => hash('sha256', input, 'buffer'),
  hmacSha256,
};

const blockBytes = 64;

/**
 * HMAC by its definition (RFC 2104 §2) over two one-shot digests: `createHmac` spends three times as long on wrapping the
 * key as on the digest of an event, and this runs for every request.
 */
function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = key.length > blockBytes ? hash('sha256', key, 'buffer') : key;
  const inner = Buffer.alloc(blockBytes + message.length, 0x36);
  const outer = Buffer.alloc(blockBytes + 32, 0x5c);
  for (let i = 0; i < block.length; i++) {
    inner[i] = block[i]! ^ 0x36;
    outer[i] = block[i]! ^ 0x5c;
  }
  inner.set(message, blockBytes);
  outer.set(hash('sha256', inner, 'buffer'), blockBytes);
  return hash('sha256', outer, 'buffer');
}

/** A timer can't be set further ahead than this, ms; a later wake-up is armed again when it rings. */
const longestTimerMs = 2 ** 31 - 1;

export function createNodeAlarm(clock: Clock, ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined;
  return {
    arm(atMs) {
      clearTimeout(timer);
      const delay = Math.max(0, atMs - clock.now());
      timer = delay > longestTimerMs ? setTimeout(() => this.arm(atMs), longestTimerMs) : setTimeout(ring, delay);
    },
    disarm() {
      clearTimeout(timer);
    },
  };
}
