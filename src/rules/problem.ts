/** What is wrong with the rules files, and where. */

export interface Place {
  /** As the file was named to us. Empty for what concerns the folder as a whole. */
  file: string;
  /** From 1; 0 when the problem has no place in the file. */
  line: number;
  col: number;
}

export interface Problem extends Place {
  /** What is wrong. Never holds a secret, nor text that may be one. */
  message: string;
  /** What to do about it, or the name that was probably meant. */
  hint?: string;
}

/** `rules/relay.yaml:12:5`. */
export function formatPlace({ file, line, col }: Place): string {
  return line === 0 ? file : `${file}:${line}:${col}`;
}

/** `rules/relay.yaml:12:5 unknown key "sned" (did you mean "send"?)`, on one line. */
export function formatProblem(problem: Problem): string {
  const { message, hint } = problem;
  return [formatPlace(problem), message, hint === undefined ? '' : `(${hint})`].filter((part) => part !== '').join(' ');
}

/** In reading order: by file, line and column, without repetitions. */
export function inReadingOrder(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line || a.col - b.col);
  const seen = new Set<string>();
  return sorted.filter((problem) => {
    const text = `${formatPlace(problem)} ${problem.message}`;
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/** By code unit, so that the order is the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
