/** The lines of the relay's log that somebody who is editing its rules wants to see at once. */

/** A line about the rules, with what is wrong with them; null for all others. */
export function relayNews(line: string): string | null {
  const entry = parsed(line);
  if (!entry || typeof entry.msg !== 'string' || !/\brules\b/.test(entry.msg)) return null;
  const problems = Array.isArray(entry.problems) ? entry.problems.map(String) : [];
  return [`relay: ${entry.msg}`, ...problems].join('\n  ');
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
