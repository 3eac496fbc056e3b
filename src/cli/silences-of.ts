/** The silences that a command has to know of: those of the rules, and those in a store. */
import { compileSilences, longestCovering } from '../incident/covering.ts';
import type { Silences } from '../incident/covering.ts';
import type { Sql } from '../ports.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { createSilenceStore } from '../store/silences.ts';

/** `sql: null`: there is no store. What can't be read is not in force; the relay's log says so. */
export function silencesOf({ mutes }: RuleSet, sql: Sql | null, now: number): Silences {
  const stored = sql ? compileSilences(createSilenceStore(sql).endingAfter(now), () => {}) : [];
  return { covering: (routable, at) => longestCovering([mutes, stored], routable, at) };
}
