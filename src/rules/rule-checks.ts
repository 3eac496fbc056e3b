/** Keys of a rule that contradict each other, or that could never do what they say. */
import { isGlob, globMatches } from './glob.ts';
import type { Problem } from './problem.ts';
import { itemsOf, keyOf, valueAt } from './raw.ts';
import { incidentDefaults } from './schema-incidents.ts';
import { destinationsIn } from './send-checks.ts';
import type { Source } from './source.ts';

const timedKeys = ['late', 'expect', 'digest'] as const;

/** One rule as it is written, valid or not. */
interface WrittenRule {
  source: Source;
  path: (string | number)[];
  name: string;
  rule: unknown;
  /** Those of its keys that say when it sends. */
  timed: (typeof timedKeys)[number][];
}

export function checkRuleKeys(sources: readonly Source[]): { problems: Problem[]; warnings: Problem[] } {
  const destinations = destinationsIn(sources);
  const opening = openingStates(sources);
  const rules = sources.flatMap(rulesIn);
  return {
    problems: rules.flatMap((rule) => [
      ...severalTimes(rule),
      ...policiesOfTimed(rule),
      ...statesTwice(rule),
      ...nothingToSend(rule),
      ...digestsElsewhere(rule, destinations),
    ]),
    warnings: rules.flatMap((rule) => [
      ...withoutIncident(rule, opening),
      ...mixedDatasets(rule),
      ...neverResolved(rule, destinations),
      ...unusedWords(rule),
    ]),
  };
}

function rulesIn(source: Source): WrittenRule[] {
  return itemsOf(keyOf(source.value, 'rules')).map((rule, i) => ({
    source,
    path: ['rules', i],
    name: String(keyOf(rule, 'name')),
    rule,
    timed: timedKeys.filter((key) => keyOf(rule, key) !== undefined),
  }));
}

function* severalTimes({ source, path, name, timed }: WrittenRule): Iterable<Problem> {
  for (const key of timed.slice(1)) {
    yield {
      ...source.placeOfKey([...path, key]),
      message: `rule "${name}" has ${timed[0]} and ${key}`,
      hint: 'a rule has one of late, expect and digest: make it two rules',
    };
  }
}

function* policiesOfTimed({ source, path, rule, timed }: WrittenRule): Iterable<Problem> {
  const [key] = timed;
  if (!key) return;
  for (const policy of ['hold', 'repeat', 'group']) {
    if (keyOf(rule, policy) === undefined) continue;
    const hint = `${key} says itself when it sends: leave ${policy} out, or make it two rules`;
    yield { ...source.placeOfKey([...path, policy]), message: `${policy} does not go with ${key}`, hint };
  }
  if (key === 'digest' && keyOf(rule, 'recover') === true) {
    const hint = 'a digest tells what came, and nothing of it recovers: leave recover out';
    yield { ...source.placeOfKey([...path, 'recover']), message: 'recover does not go with digest', hint };
  }
}

function* statesTwice({ source, path, rule, timed }: WrittenRule): Iterable<Problem> {
  const [key] = timed;
  if (key !== 'late' && key !== 'expect') return;
  if (valueAt(rule, ['match', 'states']) !== undefined) {
    const hint =
      key === 'late' ? 'write it as late: { pending: 20m }' : 'write it as expect: { state: … } (completed, if left out)';
    const message = `match.states does not go with ${key}, which names the states itself`;
    yield { ...source.placeOfKey([...path, 'match', 'states']), message, hint };
  }
  const kind = valueAt(rule, ['match', 'kind']);
  if (key === 'late' && (kind === 'app' || kind === 'relay')) {
    const hint = 'only jobs stay in a state: leave kind out';
    yield { ...source.placeOf([...path, 'match', 'kind']), message: `late is about jobs, and kind is ${kind}`, hint };
  }
}

function* nothingToSend({ source, path, rule, name, timed }: WrittenRule): Iterable<Problem> {
  const [key] = timed;
  const send = keyOf(rule, 'send');
  if (!key || !Array.isArray(send) || send.length > 0) return;
  const hint = `write send: [{ to: … }], or leave ${key} out`;
  yield { ...source.placeOfKey([...path, 'send']), message: `rule "${name}" has ${key} and sends nothing`, hint };
}

function* digestsElsewhere(written: WrittenRule, destinations: ReadonlyMap<string, unknown>): Iterable<Problem> {
  if (!written.timed.includes('digest')) return;
  for (const { path, send, to } of sendsOf(written)) {
    const place = written.source.placeOf([...path, 'to']);
    const type = keyOf(destinations.get(to), 'type');
    if (type === 'http') {
      const message = `a digest is for people to read, and "${to}" is http`;
      const hint = 'http gets each event as it came: send it there by another rule, without digest';
      yield { ...place, message, hint };
    } else if (type === 'pagerduty' && keyOf(send, 'change') !== true) {
      const message = `a digest would page, and nothing would resolve it: "${to}" is pagerduty`;
      const hint = 'send it to Slack, or write change: true for a line on the timeline, which wakes nobody';
      yield { ...place, message, hint };
    }
  }
}

/** Each entry of its `send`. */
function sendsOf({ path, rule }: WrittenRule): { path: (string | number)[]; send: unknown; to: string }[] {
  return itemsOf(keyOf(rule, 'send')).map((send, i) => ({
    path: [...path, 'send', i],
    send,
    to: String(keyOf(send, 'to')),
  }));
}

function openingStates(sources: readonly Source[]): string[] {
  const written = sources
    .map(({ value }) => valueAt(value, ['defaults', 'incidents', 'open']))
    .find((open) => open !== undefined);
  return written === undefined ? incidentDefaults.open : itemsOf(written).map(String);
}

function* withoutIncident({ source, path, rule, timed }: WrittenRule, opening: readonly string[]): Iterable<Problem> {
  // The files say which of Narrative's states open an incident; those of the relay's own events are fixed.
  if (valueAt(rule, ['match', 'kind']) === 'relay') return;
  const states = itemsOf(valueAt(rule, ['match', 'states'])).map(String);
  if (timed.length > 0 || states.length === 0) return;
  if (states.some((state) => opening.some((open) => globMatches(state, open)))) return;
  for (const key of ['hold', 'repeat', 'recover']) {
    const value = keyOf(rule, key);
    if (value === undefined || value === false) continue;
    const message = `${key} has no effect: this rule matches no state that opens an incident (${opening.join(', ')})`;
    const hint = `leave ${key} out, or name such a state in match.states; defaults.incidents says which they are`;
    yield { ...source.placeOfKey([...path, key]), message, hint };
  }
}

function* mixedDatasets({ source, path, rule, timed }: WrittenRule): Iterable<Problem> {
  const ids = itemsOf(valueAt(rule, ['match', 'dataset_ids'])).map(String);
  if (timed[0] !== 'expect' || !ids.some(isGlob) || ids.every(isGlob)) return;
  const message = 'with a glob among dataset_ids, any one event meets this expectation';
  const hint = 'list exact ids to expect each of them, and the glob in a rule of its own';
  yield { ...source.placeOfKey([...path, 'match', 'dataset_ids']), message, hint };
}

/** Each is an alert of its own in PagerDuty, so no later trigger takes its place either. */
function* neverResolved(written: WrittenRule, destinations: ReadonlyMap<string, unknown>): Iterable<Problem> {
  const { source, rule, timed } = written;
  const [key] = timed;
  if ((key !== 'late' && key !== 'expect') || keyOf(rule, 'recover') === true) return;
  for (const { path, send, to } of sendsOf(written)) {
    if (keyOf(destinations.get(to), 'type') !== 'pagerduty' || keyOf(send, 'change') === true) continue;
    const message = `nothing resolves what ${key} opens in "${to}"`;
    const hint = 'write recover: true in the rule, or change: true here for a line on the timeline';
    yield { ...source.placeOf([...path, 'to']), message, hint };
  }
}

/** A `message` is about one event. */
function* unusedWords(written: WrittenRule): Iterable<Problem> {
  const { source, rule, timed } = written;
  const [key] = timed;
  const tellsOfNone = key === 'expect' || key === 'digest';
  if (!tellsOfNone && keyOf(rule, 'group') === undefined) return;
  for (const { path, send } of sendsOf(written)) {
    if (keyOf(send, 'message') === undefined) continue;
    const place = source.placeOfKey([...path, 'message']);
    yield tellsOfNone
      ? { ...place, message: `message has no effect: ${key} has words of its own`, hint: 'leave message out' }
      : {
          ...place,
          message: 'message is used only where one alert comes alone: a group has words of its own',
          hint: 'leave message out, unless that is what you want',
        };
  }
}
