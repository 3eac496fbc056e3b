/** Sets of names that may be open: `all` holds the names that Narrative adds later, too. Names may be globs with * and ?. */
export type Choice = 'all' | ReadonlySet<string>;

export const none: ReadonlySet<string> = new Set();

export function isNone(choice: Choice): boolean {
  return choice !== 'all' && choice.size === 0;
}

export function union(choices: Iterable<Choice>): Choice {
  const names = new Set<string>();
  for (const choice of choices) {
    if (choice === 'all') return 'all';
    for (const name of choice) names.add(name);
  }
  return names;
}

/** Compares names as they are written: a glob is a name like any other. */
export function both(one: Choice, other: Choice): Choice {
  if (one === 'all') return other;
  return other === 'all' ? one : new Set([...one].filter((name) => other.has(name)));
}

/** Whether the two have a name in common, as far as can be told of `all`. */
export function meet(one: Choice, other: Choice): boolean {
  return !isNone(both(one, other));
}

/** All but some has no list: it stays all. */
export function less(choice: Choice, excluded: Iterable<string>): Choice {
  if (choice === 'all') return 'all';
  const gone = new Set(excluded);
  return new Set([...choice].filter((name) => !gone.has(name)));
}
