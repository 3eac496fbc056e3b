/**
 * Finds the rules that an event may match without looking at the others. Each rule is filed under one list of its
 * `match`, the one that it shares with the fewest rules; only rules without any list are looked at for every event.
 */
import { listKeys, type Facts } from './facts.ts';
import { literalPrefix, literalSuffix } from './glob.ts';
import type { Glob, ListCondition, Matcher } from './matcher.ts';

/** Positions in the array of rules, ascending, each once. Valid until the next call. */
export type FindCandidates = (facts: Facts) => readonly number[];

/** The rules filed under one list key. */
interface KeyIndex {
  keyIndex: number;
  exact: Map<string, number[]>;
  /** Globs by what they begin with, and those that begin with anything by what they end with. */
  byPrefix: AnchoredGlobs;
  bySuffix: AnchoredGlobs;
}

/** Globs by a literal text at one of their ends: only those whose text the value has are tested. */
interface AnchoredGlobs {
  filed: Map<string, FiledGlob[]>;
  /** Of the literal texts, each once. */
  lengths: number[];
}

interface FiledGlob {
  glob: Glob;
  rules: number[];
}

export function createRuleIndex(matchers: readonly Matcher[]): FindCandidates {
  const always: number[] = [];
  const anchored = (): AnchoredGlobs => ({ filed: new Map(), lengths: [] });
  const keys = listKeys.map((_, keyIndex): KeyIndex => ({
    keyIndex,
    exact: new Map(),
    byPrefix: anchored(),
    bySuffix: anchored(),
  }));
  const sharing = countSharing(matchers);
  for (const [rule, matcher] of matchers.entries()) {
    const condition = mostSelective(matcher.lists, sharing);
    if (condition) file(keys[condition.keyIndex]!, condition, rule);
    else always.push(rule);
  }
  const used = keys.filter(({ exact, byPrefix, bySuffix }) => exact.size + byPrefix.filed.size + bySuffix.filed.size > 0);

  const found: (readonly number[])[] = [];
  return (facts) => {
    found.length = 0;
    if (always.length > 0) found.push(always);
    for (const key of used) {
      const value = facts[key.keyIndex];
      if (value !== null && value !== undefined) lookUp(key, value, found);
    }
    return merged(found);
  };
}

function lookUp({ exact, byPrefix, bySuffix }: KeyIndex, value: string, found: (readonly number[])[]): void {
  const rules = exact.get(value);
  if (rules) found.push(rules);
  for (const length of byPrefix.lengths) {
    if (length <= value.length) testGlobs(byPrefix.filed.get(value.slice(0, length)), value, found);
  }
  for (const length of bySuffix.lengths) {
    if (length <= value.length) testGlobs(bySuffix.filed.get(value.slice(value.length - length)), value, found);
  }
}

function testGlobs(filed: readonly FiledGlob[] | undefined, value: string, found: (readonly number[])[]): void {
  if (filed) for (const { glob, rules } of filed) if (glob.matches(value)) found.push(rules);
}

/** How many rules name a value under a key: the fewer, the better it tells rules apart. */
function countSharing(matchers: readonly Matcher[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { lists } of matchers) {
    for (const condition of lists) {
      for (const name of namesIn(condition)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

function mostSelective(lists: readonly ListCondition[], sharing: Map<string, number>): ListCondition | null {
  let best: ListCondition | null = null;
  let least = Infinity;
  for (const condition of lists) {
    let most = 0;
    for (const name of namesIn(condition)) most = Math.max(most, sharing.get(name) ?? 0);
    // A glob with wildcards at both ends has to be tested on every event.
    if (condition.globs.some(({ text }) => literalPrefix(text) === '' && literalSuffix(text) === '')) most += 1;
    if (most < least) {
      best = condition;
      least = most;
    }
  }
  return best;
}

function* namesIn({ key, exact, globs }: ListCondition): Iterable<string> {
  for (const text of exact) yield `${key} ${text}`;
  for (const { text } of globs) yield `${key} ${text}`;
}

function file(index: KeyIndex, { exact, globs }: ListCondition, rule: number): void {
  for (const text of exact) {
    const rules = index.exact.get(text);
    if (rules) rules.push(rule);
    else index.exact.set(text, [rule]);
  }
  for (const glob of globs) {
    const prefix = literalPrefix(glob.text);
    if (prefix === '') fileGlob(index.bySuffix, literalSuffix(glob.text), glob, rule);
    else fileGlob(index.byPrefix, prefix, glob, rule);
  }
}

function fileGlob({ filed, lengths }: AnchoredGlobs, anchor: string, glob: Glob, rule: number): void {
  if (!lengths.includes(anchor.length)) lengths.push(anchor.length);
  const globs = filed.get(anchor) ?? [];
  filed.set(anchor, globs);
  const same = globs.find((each) => each.glob === glob);
  if (same) same.rules.push(rule);
  else globs.push({ glob, rules: [rule] });
}

/** One ascending list from several, without repetitions: a rule is found twice when two of its values fit. */
function merged(lists: readonly (readonly number[])[]): readonly number[] {
  if (lists.length <= 1) return lists[0] ?? [];
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}
