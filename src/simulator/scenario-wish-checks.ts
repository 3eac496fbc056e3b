/** What can't be wished for a webhook. */
import type { Problem } from '../rules/problem.ts';
import type { Source } from '../rules/source.ts';
import type { ParsedWish } from './scenario-schema.ts';

export function wishProblems(wish: ParsedWish = {}, path: readonly PropertyKey[], source: Source): Problem[] {
  const { lost, delay, again_after } = wish;
  const idle = delay !== undefined ? 'delay' : again_after !== undefined ? 'again_after' : null;
  if (!lost || idle === null) return [];
  const message = `${idle} says nothing about a webhook that is lost: it is never sent`;
  return [{ ...source.placeOfKey([...path, idle]), message, hint: `remove ${idle} or lost` }];
}
