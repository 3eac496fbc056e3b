/** Values that would match nothing, it seems. Warnings only: Narrative's sets are open. */
import { isGlob } from './glob.ts';
import { knownJobTypes, knownStates } from './facts.ts';
import type { Problem } from './problem.ts';
import { itemsOf, keyOf, valueAt } from './raw.ts';
import { sendersIn } from './references.ts';
import type { Source } from './source.ts';
import { nearest } from './suggest.ts';

export function* likelySlips(source: Source): Iterable<Problem> {
  for (const { path, sender } of sendersIn(source.value)) {
    const isRule = path[0] === 'rules';
    const blocks = isRule ? [['match'], ['match', 'not']] : [[]];
    for (const block of blocks) {
      const match = valueAt(sender, block);
      yield* slipsIn(source, [...path, ...block, 'states'], keyOf(match, 'states'), 'state', knownStates);
      yield* slipsIn(source, [...path, ...block, 'job_types'], keyOf(match, 'job_types'), 'job type', knownJobTypes);
    }
  }
}

function* slipsIn(source: Source, path: PropertyKey[], list: unknown, what: string, known: readonly string[]): Iterable<Problem> {
  for (const [i, value] of itemsOf(list).entries()) {
    if (typeof value !== 'string' || isGlob(value) || known.includes(value)) continue;
    const meant = nearest(value, known);
    if (meant === null) continue;
    yield {
      ...source.placeOf([...path, i]),
      message: `Narrative documents no ${what} "${value}"`,
      hint: `did you mean "${meant}"?`,
    };
  }
}
