/** Sends that could never do what they say. */
import type { Problem } from './problem.ts';
import { entriesOf, itemsOf, keyOf } from './raw.ts';
import { sendersIn, sendsIn } from './references.ts';
import type { Source } from './source.ts';

export function checkSends(sources: readonly Source[]): { problems: Problem[]; warnings: Problem[] } {
  const types = new Map<string, unknown>();
  for (const { value } of sources) {
    for (const [name, destination] of entriesOf(keyOf(value, 'destinations'))) types.set(name, keyOf(destination, 'type'));
  }
  const problems = sources.flatMap((source) => [...sendless(source, types.size), ...repeated(source)]);
  return { problems, warnings: sources.flatMap((source) => [...changesElsewhere(source, types)]) };
}

/** With no destinations there is the console alone, and `send` goes without saying. */
function* sendless(source: Source, destinations: number): Iterable<Problem> {
  if (destinations === 0) return;
  for (const { path, sender } of sendersIn(source.value)) {
    if (keyOf(sender, 'send') !== undefined) continue;
    const what = path[0] === 'unmatched' ? 'unmatched' : `rule "${String(keyOf(sender, 'name'))}"`;
    yield {
      ...source.placeOf(path),
      message: `${what} has no send`,
      hint: 'write send: [{ to: … }], or send: [] to send nothing on purpose',
    };
  }
}

function* repeated(source: Source): Iterable<Problem> {
  for (const { path, sender } of sendersIn(source.value)) {
    const seen = new Set<unknown>();
    for (const [i, send] of itemsOf(keyOf(sender, 'send')).entries()) {
      const to = keyOf(send, 'to');
      if (typeof to === 'string' && seen.has(to)) {
        const message = `sends to "${to}" twice`;
        yield {
          ...source.placeOf([...path, 'send', i, 'to']),
          message,
          hint: 'an event makes one delivery per destination: keep one entry',
        };
      }
      seen.add(to);
    }
  }
}

function* changesElsewhere(source: Source, types: ReadonlyMap<string, unknown>): Iterable<Problem> {
  for (const { path, send } of sendsIn(source.value)) {
    const to = keyOf(send, 'to');
    const type = typeof to === 'string' ? types.get(to) : undefined;
    if (keyOf(send, 'change') === true && type !== undefined && type !== 'pagerduty') {
      yield {
        ...source.placeOfKey([...path, 'change']),
        message: `change has an effect on PagerDuty only, and "${String(to)}" is ${String(type)}`,
      };
    }
  }
}
