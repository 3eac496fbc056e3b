/** Values that would match nothing, it seems. Warnings only: Narrative's sets are open. */
import { globMatches, isGlob } from './glob.ts';
import { knownJobTypes, knownStates } from './facts.ts';
import type { Problem } from './problem.ts';
import { entriesOf, itemsOf, keyOf, valueAt } from './raw.ts';
import { absentFromRelay, relayStates, relayTopics } from './relay-events.ts';
import type { Source } from './source.ts';
import { didYouMean, nearest } from './suggest.ts';

export function* likelySlips(source: Source): Iterable<Problem> {
  for (const path of matchesIn(source.value)) {
    const ofRelay = valueAt(source.value, [...path, 'kind']) === 'relay';
    yield* ofRelay ? absentIn(source, path) : unknownIn(source, path);
    yield* unknownIn(source, [...path, 'not']);
    yield* relayTypesIn(source, path);
  }
  yield* slipsIn(source, ['unmatched', 'states'], 'state', knownStates);
  for (const key of ['open', 'close']) yield* slipsIn(source, ['defaults', 'incidents', key], 'state', knownStates);
  for (const [i, rule] of itemsOf(keyOf(source.value, 'rules')).entries()) {
    for (const [state] of entriesOf(keyOf(rule, 'late'))) {
      yield* slip(source.placeOfKey(['rules', i, 'late', state]), state, 'state', knownStates);
    }
    const path = ['rules', i, 'expect', 'state'];
    yield* slip(source.placeOf(path), valueAt(source.value, path), 'state', knownStates);
  }
}

/** Of rules, owners and mutes. */
function* matchesIn(value: unknown): Iterable<PropertyKey[]> {
  for (const section of ['rules', 'owners', 'mutes']) {
    for (const i of itemsOf(keyOf(value, section)).keys()) yield [section, i, 'match'];
  }
}

function* slipsIn(source: Source, path: PropertyKey[], what: string, known: readonly string[]): Iterable<Problem> {
  for (const [i, value] of itemsOf(valueAt(source.value, path)).entries()) {
    yield* slip(source.placeOf([...path, i]), value, what, known);
  }
}

function* slip(place: ReturnType<Source['placeOf']>, value: unknown, what: string, known: readonly string[]): Iterable<Problem> {
  if (typeof value !== 'string' || isGlob(value) || known.includes(value)) return;
  const meant = nearest(value, known);
  if (meant === null) return;
  yield { ...place, message: `Narrative documents no ${what} "${value}"`, hint: `did you mean "${meant}"?` };
}

function* unknownIn(source: Source, match: PropertyKey[]): Iterable<Problem> {
  yield* slipsIn(source, [...match, 'states'], 'state', knownStates);
  yield* slipsIn(source, [...match, 'job_types'], 'job type', knownJobTypes);
}

/** What a `match` of kind relay asks for in vain. */
function* absentIn(source: Source, match: PropertyKey[]): Iterable<Problem> {
  for (const key of absentFromRelay) {
    const path = [...match, key];
    if (valueAt(source.value, path) === undefined) continue;
    const message = `${key} with kind: relay matches nothing: events of the relay have none`;
    yield { ...source.placeOfKey(path), message, hint: `leave ${key} out; when can ask for relay.topic and relay.about` };
  }
  const path = [...match, 'states'];
  for (const [i, value] of itemsOf(valueAt(source.value, path)).entries()) {
    const state = String(value);
    if (relayStates.some((known) => globMatches(state, known))) continue;
    const message = `state "${state}" with kind: relay matches nothing: events of the relay are failed or completed`;
    yield { ...source.placeOf([...path, i]), message, ...didYouMean(state, relayStates) };
  }
}

/** Events of the relay are matched only where they are asked for, and have few types. */
function* relayTypesIn(source: Source, match: PropertyKey[]): Iterable<Problem> {
  const path = [...match, 'event_types'];
  for (const [i, type] of itemsOf(valueAt(source.value, path)).entries()) {
    if (typeof type !== 'string' || !type.startsWith('relay.')) continue;
    const place = source.placeOf([...path, i]);
    if (valueAt(source.value, [...match, 'kind']) !== 'relay') {
      yield { ...place, message: `"${type}" is matched only together with kind: relay`, hint: 'add kind: relay to this match' };
    } else if (!isGlob(type) && !relayTopics.some((topic) => type === `relay.${topic}`)) {
      const known = relayTopics.map((topic) => `relay.${topic}`);
      const meant = nearest(type, known);
      const hint = meant === null ? `known: ${known.join(', ')}` : `did you mean "${meant}"?`;
      yield { ...place, message: `the relay has no event "${type}"`, hint };
    }
  }
}
