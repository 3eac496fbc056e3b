/** Keeps secrets out of whatever is written: not by where they stand but by what they are. */

import type { Destination } from '../destination/destination.ts';

/** Shorter values would blot out ordinary words; a secret this short is none. */
const leastLength = 6;

/** Returns a function that replaces each of the secrets, as it stands or as JSON escapes it, by `[redacted]`. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const long = secrets.filter((secret) => secret.length >= leastLength);
  const forms = new Set(long.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]));
  // The longest first: one that is part of another would leave the rest of that one standing.
  const values = [...forms].toSorted((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const value of values) if (clean.includes(value)) clean = clean.replaceAll(value, '[redacted]');
    return clean;
  };
}

/**
 * The destination with its outcomes' details cleaned. They can quote what the other side answered, which can quote what it
 * was sent, and they go further than the log: into the store, to `/readyz` and, with a fallback, into somebody's channel.
 */
export function quotingNoSecrets(destination: Destination, clean: (text: string) => string): Destination {
  return {
    ...destination,
    async send(outgoing, signal) {
      try {
        const outcome = await destination.send(outgoing, signal);
        return { ...outcome, detail: clean(outcome.detail) };
      } catch (error) {
        throw new Error(clean(error instanceof Error ? error.message : String(error)), { cause: error });
      }
    },
  };
}
