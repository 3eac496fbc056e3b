/** One number, told by several who share no code. */

/** One number, as each witness has it; null where that one can't know. */
export interface WitnessRow {
  label: string;
  counts: readonly (number | null)[];
  /** In words; null: it adds up. */
  differs: string | null;
}

/** The row of a number on which all who know it have to agree. */
export function agreed(label: string, names: readonly string[], counts: readonly (number | null)[]): WitnessRow {
  const known = counts.flatMap((count, i) => (count === null ? [] : [`${names[i]} ${count}`]));
  const same = new Set(counts.filter((count) => count !== null)).size <= 1;
  return { label, counts, differs: same ? null : known.join(', ') };
}
