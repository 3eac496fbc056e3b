/**
 * Searching newest first through more rows than one request may look at. The walk goes in strides: what is found soon costs little,
 * and what is not found ends at a row that says where the next request goes on.
 */

/** Rows between two looks at whether enough was found. */
const stride = 5_000;

export interface Walk {
  /** The key of the last of so many rows, from under `below` on downwards, none of them under `from`; null: there are fewer. */
  floor(from: number, below: number, rows: number): number | null;
  /** Keys of up to `limit` rows that match, from `from` (inclusive) to `below` (exclusive), the highest first. */
  matching(from: number, below: number, limit: number): number[];
}

export interface Stretch {
  /** Inclusive. */
  from: number;
  /** Exclusive. */
  below: number;
  /** How many to find. */
  limit: number;
  /** How many to look at, at most; whole strides. */
  budget: number;
}

export interface Walked {
  /** The highest first. */
  keys: number[];
  /** The key of the last row that was looked at, from where to go on; null: there is nothing more. */
  next: number | null;
  /** It found fewer than it was to, because it had looked at as many as it may. */
  ranOut: boolean;
}

export function walkDown({ floor, matching }: Walk, { from, below, limit, budget }: Stretch): Walked {
  const keys: number[] = [];
  let at = below;
  for (let looked = 0; looked < budget; looked += stride) {
    const bottom = floor(from, at, Math.min(stride, budget - looked));
    // One more than asked for tells whether there is another page.
    keys.push(...matching(bottom ?? from, at, limit + 1 - keys.length));
    if (keys.length > limit) return { keys: keys.slice(0, limit), next: keys[limit - 1]!, ranOut: false };
    if (bottom === null) return { keys, next: null, ranOut: false };
    at = bottom;
  }
  return { keys, next: at, ranOut: keys.length < limit };
}
