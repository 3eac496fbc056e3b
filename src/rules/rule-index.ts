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
  byPrefix: AnchorTree;
  bySuffix: AnchorTree;
}

/**
 * Globs by the literal text at one of their ends, a UTF-16 unit at a time from that end: a walk along a value meets only
 * those whose text it has, and is over where no glob goes on.
 */
interface AnchorTree {
  globs: FiledGlob[];
  next: Map<number, AnchorTree>;
}

interface FiledGlob {
  glob: Glob;
  rules: number[];
}

export function createRuleIndex(matchers: readonly Matcher[]): FindCandidates {
  const always: number[] = [];
  const keys = listKeys.map((_, keyIndex): KeyIndex => ({
    keyIndex,
    exact: new Map(),
    byPrefix: emptyTree(),
    bySuffix: emptyTree(),
  }));
  const sharing = countSharing(matchers);
  for (const [rule, matcher] of matchers.entries()) {
    const condition = mostSelective(matcher.lists, sharing);
    if (condition) file(keys[condition.keyIndex]!, condition, rule);
    else always.push(rule);
  }
  const used = keys.filter(({ exact, byPrefix, bySuffix }) => exact.size > 0 || !isEmpty(byPrefix) || !isEmpty(bySuffix));

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
  testAnchored(byPrefix, value, 'start', found);
  testAnchored(bySuffix, value, 'end', found);
}

type End = 'start' | 'end';

function testAnchored(tree: AnchorTree, value: string, end: End, found: (readonly number[])[]): void {
  let node: AnchorTree | undefined = tree;
  for (let i = 0; node; i++) {
    for (const { glob, rules } of node.globs) if (glob.matches(value)) found.push(rules);
    node = i < value.length ? node.next.get(unitAt(value, end, i)) : undefined;
  }
}

/** The i-th UTF-16 unit of a text, counted from one of its ends. */
function unitAt(text: string, end: End, i: number): number {
  return text.charCodeAt(end === 'start' ? i : text.length - 1 - i);
}

function emptyTree(): AnchorTree {
  return { globs: [], next: new Map() };
}

function isEmpty({ globs, next }: AnchorTree): boolean {
  return globs.length === 0 && next.size === 0;
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
    if (prefix === '') fileGlob(index.bySuffix, literalSuffix(glob.text), 'end', glob, rule);
    else fileGlob(index.byPrefix, prefix, 'start', glob, rule);
  }
}

function fileGlob(tree: AnchorTree, anchor: string, end: End, glob: Glob, rule: number): void {
  let node = tree;
  for (let i = 0; i < anchor.length; i++) {
    const unit = unitAt(anchor, end, i);
    const next = node.next.get(unit) ?? emptyTree();
    node.next.set(unit, next);
    node = next;
  }
  const same = node.globs.find((each) => each.glob === glob);
  if (same) same.rules.push(rule);
  else node.globs.push({ glob, rules: [rule] });
}

/** One ascending list from several, without repetitions: a rule is found twice when two of its values fit. */
function merged(lists: readonly (readonly number[])[]): readonly number[] {
  if (lists.length <= 1) return lists[0] ?? [];
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}
