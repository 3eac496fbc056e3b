/** Mutes that keep nothing quiet any more. */
import type { Problem } from './problem.ts';
import { itemsOf, keyOf } from './raw.ts';
import { instantMs } from './schema-values.ts';
import type { Source } from './source.ts';

export function* expiredMutes(source: Source, nowMs: number): Iterable<Problem> {
  for (const [i, mute] of itemsOf(keyOf(source.value, 'mutes')).entries()) {
    const until = keyOf(mute, 'until');
    const untilMs = typeof until === 'string' ? instantMs(until) : null;
    if (untilMs === null || untilMs > nowMs) continue;
    const message = `mute "${String(keyOf(mute, 'name'))}" is over since ${until}`;
    yield { ...source.placeOf(['mutes', i, 'until']), message, hint: 'remove it, or give it another end' };
  }
}
