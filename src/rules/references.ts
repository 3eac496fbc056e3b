/** Names across all files: each defined once, and each that is used defined. */
import { formatPlace, type Place, type Problem } from './problem.ts';
import { entriesOf, itemsOf, keyOf, valueAt } from './raw.ts';
import type { Source } from './source.ts';
import { didYouMean } from './suggest.ts';

/** Always there, even if the files define none of that name. */
export const builtInDestination = 'console';

type Kind = 'subscription' | 'destination' | 'rule' | 'mute';
type Path = (string | number)[];

interface Definition {
  place: Place;
  value: unknown;
}

type Definitions = Record<Kind, Map<string, Definition>>;

/** `complete`: all files could be read; otherwise a name that seems undefined may be in one of the others. */
export function checkReferences(sources: readonly Source[], complete: boolean): Problem[] {
  const definitions: Definitions = { subscription: new Map(), destination: new Map(), rule: new Map(), mute: new Map() };
  const problems = sources.flatMap((source) => [...define(source, definitions)]);
  problems.push(...definedOnce(sources), ...fallbackCircles(definitions.destination));
  if (complete) problems.push(...sources.flatMap((source) => [...undefinedNames(source, definitions)]));
  return problems;
}

function* define(source: Source, definitions: Definitions): Iterable<Problem> {
  for (const { kind, name, value, place } of definitionsIn(source)) {
    const earlier = definitions[kind].get(name);
    if (earlier) yield twice(`${kind} "${name}"`, place, earlier.place);
    else definitions[kind].set(name, { place, value });
  }
}

function* definitionsIn(source: Source): Iterable<Definition & { kind: Kind; name: string }> {
  for (const kind of ['subscription', 'destination'] as const) {
    for (const [name, value] of entriesOf(keyOf(source.value, `${kind}s`))) {
      yield { kind, name, value, place: source.placeOfKey([`${kind}s`, name]) };
    }
  }
  for (const kind of ['rule', 'mute'] as const) {
    for (const [i, value] of itemsOf(keyOf(source.value, `${kind}s`)).entries()) {
      const name = keyOf(value, 'name');
      if (typeof name === 'string') yield { kind, name, value, place: source.placeOf([`${kind}s`, i, 'name']) };
    }
  }
}

function definedOnce(sources: readonly Source[]): Problem[] {
  return [['unmatched'], ['watch'], ...['subject', 'links', 'incidents'].map((key) => ['defaults', key])].flatMap((path) => {
    const places = sources.filter(({ value }) => valueAt(value, path) !== undefined).map((source) => source.placeOfKey(path));
    return places.slice(1).map((place) => twice(path.join('.'), place, places[0]!));
  });
}

function twice(what: string, place: Place, earlier: Place): Problem {
  const hint = 'all files together are one configuration: rename or remove one of them';
  return { ...place, message: `${what} is defined twice, first at ${formatPlace(earlier)}`, hint };
}

function* undefinedNames(source: Source, definitions: Definitions): Iterable<Problem> {
  for (const { kind, name, path } of usesIn(source.value)) {
    if (typeof name !== 'string' || definitions[kind].has(name)) continue;
    if (kind === 'destination' && name === builtInDestination) continue;
    const known = [...definitions[kind].keys(), ...(kind === 'destination' ? [builtInDestination] : [])];
    yield { ...source.placeOf(path), message: `no ${kind} is called "${name}"`, ...didYouMean(name, known) };
  }
}

function* usesIn(value: unknown): Iterable<{ kind: Kind; name: unknown; path: Path }> {
  for (const [name, destination] of entriesOf(keyOf(value, 'destinations'))) {
    yield { kind: 'destination', name: keyOf(destination, 'fallback'), path: ['destinations', name, 'fallback'] };
  }
  for (const { path, send } of sendsIn(value)) yield { kind: 'destination', name: keyOf(send, 'to'), path: [...path, 'to'] };
  for (const [i, test] of itemsOf(keyOf(value, 'tests')).entries()) {
    const path = ['tests', i];
    yield { kind: 'subscription', name: keyOf(keyOf(test, 'event'), 'subscription'), path: [...path, 'event', 'subscription'] };
    for (const [kind, key] of [
      ['rule', 'rules'],
      ['destination', 'to'],
    ] as const) {
      const names = itemsOf(keyOf(keyOf(test, 'expect'), key));
      for (const [j, name] of names.entries()) yield { kind, name, path: [...path, 'expect', key, j] };
    }
  }
}

/** Each entry of each `send`, of rules and of `unmatched`. */
export function* sendsIn(value: unknown): Iterable<{ path: Path; send: unknown }> {
  for (const { path, sender } of sendersIn(value)) {
    for (const [i, send] of itemsOf(keyOf(sender, 'send')).entries()) yield { path: [...path, 'send', i], send };
  }
}

/** What has a `send`: the rules, and `unmatched`. */
export function* sendersIn(value: unknown): Iterable<{ path: Path; sender: unknown }> {
  for (const [i, sender] of itemsOf(keyOf(value, 'rules')).entries()) yield { path: ['rules', i], sender };
  const unmatched = keyOf(value, 'unmatched');
  if (unmatched !== undefined) yield { path: ['unmatched'], sender: unmatched };
}

/** A fallback that leads back to its start would send a dead letter round for ever. */
function fallbackCircles(destinations: Definitions['destination']): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  for (const start of destinations.keys()) {
    const way: string[] = [];
    let name: unknown = start;
    while (typeof name === 'string' && destinations.has(name) && !done.has(name) && !way.includes(name)) {
      way.push(name);
      name = keyOf(destinations.get(name)!.value, 'fallback');
    }
    if (typeof name === 'string' && way.includes(name)) {
      const circle = [...way.slice(way.indexOf(name)), name].join(' → ');
      problems.push({
        ...destinations.get(name)!.place,
        message: `fallback goes in a circle: ${circle}`,
        hint: 'let the last one have no fallback',
      });
    }
    for (const each of way) done.add(each);
  }
  return problems;
}
