/** "Did you mean": the known name that is a slip of the fingers away from what was written. */

/** The closest of `known`, or null when none is close: at most a third of its letters differ, and never more than three. */
export function nearest(written: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const name of known) {
    const limit = Math.min(3, Math.max(1, Math.floor(Math.max(name.length, written.length) / 3)));
    if (Math.abs(name.length - written.length) > limit) continue;
    const distance = editDistance(written.toLowerCase(), name.toLowerCase());
    if (distance <= limit && distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "match"?`, else the known names, else nothing. */
export function didYouMean(written: string, known: Iterable<string>): { hint?: string } {
  const names = [...known];
  const name = nearest(written, names);
  if (name !== null) return { hint: `did you mean "${name}"?` };
  if (names.length === 0) return {};
  const shown = names.slice(0, 15).join(', ');
  return { hint: `known: ${shown}${names.length > 15 ? `, … (${names.length} in all)` : ''}` };
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, beforePrevious[j - 2]! + 1);
      row.push(least);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length]!;
}
