/** The `tests:` blocks: an event, and what the rules should make of it. */
import type { NarrativeEvent, RelayFacts } from '../event/event.ts';
import { relayEvent } from '../event/relay-event.ts';
import { isObject, type JsonObject, type JsonValue } from '../event/json.ts';
import { parseWire } from '../event/parse.ts';
import type { ParsedFile } from './parsed-file.ts';
import type { Routable } from './plan.ts';
import type { RuleSet, RuleTest } from './rule-set.ts';
import { exampleDetail } from './relay-events.ts';
import type { ParsedTest } from './schema-test.ts';

export type TestResult = { test: RuleTest } & (
  | { kind: 'passed' }
  /** One line for each expectation that does not hold. */
  | { kind: 'failed'; differences: string[] }
);

export function runTests(rules: RuleSet): TestResult[] {
  return rules.tests.map((test) => {
    const { rules: matched, deliveries } = rules.plan(test.routable);
    const differences = [
      ...difference('rules', test.expect.rules, matched),
      ...difference(
        'to',
        test.expect.to,
        deliveries.map(({ destination }) => destination),
      ),
    ];
    return differences.length === 0 ? { test, kind: 'passed' } : { test, kind: 'failed', differences };
  });
}

function difference(what: string, expected: readonly string[] | null, found: readonly string[]): string[] {
  if (expected === null) return [];
  const missing = expected.filter((name) => !found.includes(name));
  const extra = found.filter((name) => !expected.includes(name));
  if (missing.length + extra.length === 0) return [];
  const parts = [
    missing.length > 0 ? `missing ${missing.join(', ')}` : '',
    extra.length > 0 ? `unexpected ${extra.join(', ')}` : '',
  ];
  return [`${what}: ${parts.filter(Boolean).join('; ')} (expected ${list(expected)}, got ${list(found)})`];
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

export function buildTests(files: readonly ParsedFile[], firstSubscription: string): RuleTest[] {
  return files.flatMap(({ source, parsed }) =>
    (parsed.tests ?? []).map((test, i) => ({
      name: test.name ?? nameFor(test.event),
      place: source.placeOf(['tests', i]),
      routable: routableOf(test.event, firstSubscription),
      expect: { rules: test.expect.rules ?? null, to: test.expect.to ?? null },
    })),
  );
}

function nameFor({ state, type, event_type, relay }: ParsedTest['event']): string {
  return relay === undefined ? (event_type ?? `${type} ${state}`) : `relay ${relay} ${state}`;
}

export function routableOf(
  { subscription, reconciled = false, ...event }: ParsedTest['event'],
  firstSubscription: string,
): Routable {
  return { subscription: subscription ?? firstSubscription, reconciled, narrative: narrativeOf(event) };
}

/** Narrative's through the same parser as when they arrive, so that a test can't pass on an event that reads otherwise. */
function narrativeOf(event: Omit<ParsedTest['event'], 'subscription' | 'reconciled'>): NarrativeEvent {
  const { relay: topic, state, about = null, detail, created_at = null } = event;
  if (topic !== undefined) {
    const stateNow = state === 'completed' ? 'completed' : 'failed';
    const facts: RelayFacts = { topic, state: stateNow, about, detail: detail ?? exampleDetail(topic) };
    return relayEvent(facts, created_at);
  }
  const body = parseWire(event.event_type === undefined ? jobWire(event) : appWire(event));
  if (body.kind !== 'event') throw new Error(`a test's event could not be read: ${body.why}`);
  return body.event;
}

function jobWire(event: ParsedTest['event']): JsonObject {
  return { type: `job.${event.state}`, data: { job_id: 'test-job', ...(event as JsonObject) } };
}

function appWire({
  event_type,
  app_id,
  payload,
  created_at,
  profile_id,
  connection_id,
  dataset_id,
}: ParsedTest['event']): JsonObject {
  const context = present({ profile_id, connection_id, dataset_id });
  return present({ event_type, app_id, context, payload, created_at });
}

function present(parts: Record<string, unknown>): JsonObject {
  const kept = Object.entries(parts).filter(
    ([, value]) => value !== undefined && !(isObject(value) && Object.keys(value).length === 0),
  );
  return Object.fromEntries(kept) as Record<string, JsonValue>;
}
