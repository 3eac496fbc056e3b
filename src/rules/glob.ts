/**
 * Globs over names from events: `*` stands for any run of characters, `?` for one, all else for itself, case-sensitive,
 * with no way to escape (Narrative's names hold neither). Matching takes at most pattern × value steps: a hostile value
 * can't make it explode, as it can a backtracking regular expression.
 */

export function isGlob(text: string): boolean {
  return text.includes('*') || text.includes('?');
}

/** What any matching value begins with. */
export function literalPrefix(glob: string): string {
  return glob.slice(0, glob.search(/[*?]/));
}

/** What any matching value ends with. */
export function literalSuffix(glob: string): string {
  return glob.slice(Math.max(glob.lastIndexOf('*'), glob.lastIndexOf('?')) + 1);
}

export function globMatches(glob: string, value: string): boolean {
  let g = 0;
  let v = 0;
  let star = -1;
  let resumeAt = 0;
  while (v < value.length) {
    if (glob[g] === '*') {
      star = g++;
      resumeAt = v;
    } else if (glob[g] === '?') {
      g++;
      v += characterLength(value, v);
    } else if (g < glob.length && glob[g] === value[v]) {
      g++;
      v++;
    } else if (star >= 0) {
      // Only the last star needs widening: what an earlier one matched is as good as any longer match of it.
      resumeAt += characterLength(value, resumeAt);
      v = resumeAt;
      g = star + 1;
    } else {
      return false;
    }
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}

function characterLength(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1;
}
