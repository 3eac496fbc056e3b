/** Keeps secrets out of whatever is written: not by where they stand but by what they are. */

/** Shorter values would blot out ordinary words; a secret this short is none. */
const leastLength = 6;

/** Returns a function that replaces each of the secrets, as it stands or as JSON escapes it, by `[redacted]`. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const values = new Set(
    secrets.filter((secret) => secret.length >= leastLength).flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]),
  );
  return (text) => {
    let clean = text;
    for (const value of values) if (clean.includes(value)) clean = clean.replaceAll(value, '[redacted]');
    return clean;
  };
}
