/** Sends that could never do what they say. */
import type { Problem } from './problem.ts';
import { entriesOf, itemsOf, keyOf, valueAt } from './raw.ts';
import { sendersIn, sendsIn } from './references.ts';
import type { Source } from './source.ts';

export function checkSends(sources: readonly Source[]): { problems: Problem[]; warnings: Problem[] } {
  const destinations = destinationsIn(sources);
  const problems = sources.flatMap((source) => [...sendless(source, destinations.size), ...repeated(source)]);
  const warnings = sources.flatMap((source) => [
    ...changesElsewhere(source, destinations),
    ...broadcastsElsewhere(source, destinations),
  ]);
  return { problems, warnings };
}

/** By name, as they are written. */
export function destinationsIn(sources: readonly Source[]): ReadonlyMap<string, unknown> {
  return new Map(sources.flatMap(({ value }) => entriesOf(keyOf(value, 'destinations'))));
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

function* changesElsewhere(source: Source, destinations: ReadonlyMap<string, unknown>): Iterable<Problem> {
  for (const { path, send } of sendsIn(source.value)) {
    const to = keyOf(send, 'to');
    const type = typeof to === 'string' ? keyOf(destinations.get(to), 'type') : undefined;
    if (keyOf(send, 'change') === true && type !== undefined && type !== 'pagerduty') {
      yield {
        ...source.placeOfKey([...path, 'change']),
        message: `change has an effect on PagerDuty only, and "${String(to)}" is ${String(type)}`,
      };
    }
  }
}

function* broadcastsElsewhere(source: Source, destinations: ReadonlyMap<string, unknown>): Iterable<Problem> {
  for (const { path, send } of sendsIn(source.value)) {
    if (keyOf(send, 'broadcast') !== true) continue;
    const place = source.placeOfKey([...path, 'broadcast']);
    const to = String(keyOf(send, 'to'));
    const destination = destinations.get(to);
    if (valueAt(source.value, [...path.slice(0, -2), 'recover']) !== true) {
      yield {
        ...place,
        message: 'broadcast has no effect: nothing here tells a recovery',
        hint: 'write recover: true in the rule, or leave broadcast out',
      };
    } else if (destination !== undefined && keyOf(destination, 'token') === undefined) {
      const message = `broadcast has an effect on Slack with a bot token only, and "${to}" is ${writtenType(destination)}`;
      yield { ...place, message, hint: 'elsewhere a recovery is a message of its own anyway: leave broadcast out' };
    }
  }
}

function writtenType(destination: unknown): string {
  const type = String(keyOf(destination, 'type'));
  return type === 'slack' ? 'an incoming webhook' : type;
}
