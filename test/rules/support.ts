/** Rules and events for tests, made the way the relay makes them. */
import type { RelayFacts } from '../../src/event/event.ts';
import type { JsonObject } from '../../src/event/json.ts';
import { parseWire } from '../../src/event/parse.ts';
import { loadRules } from '../../src/rules/load.ts';
import type { Routable } from '../../src/rules/plan.ts';
import { formatPlace, type Problem } from '../../src/rules/problem.ts';
import { relayEvent } from '../../src/event/relay-event.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';

export const head = 'version: 1\nsubscriptions: { production: { secrets: [{ env: FAKE_SECRET }] } }\n';

/** A URL, so that it fits wherever a secret does. */
export const anySecret = () => 'https://example.com/obviously-fake-secret';

/** Loads `head` and `body` as one file; throws with the problems where there are any. */
export function rulesOf(body: string): RuleSet {
  const loaded = loadRules([{ path: 'rules/a.yaml', text: head + body }], anySecret);
  if (!loaded.ok) throw new Error(loaded.problems.map((each) => `${formatPlace(each)} ${each.message}`).join('\n'));
  return loaded.rules;
}

/** The problems of `head` and `body` as one file, as `line:col message`. The body starts at line 3. */
export function problemsOf(body: string): string[] {
  const loaded = loadRules([{ path: 'rules/a.yaml', text: head + body }], anySecret);
  return loaded.ok ? [] : loaded.problems.map(lineOf);
}

/** The warnings of `head` and `body`, which has no problems, as `line:col message`. */
export function warningsOf(body: string, nowMs?: number): string[] {
  const loaded = loadRules([{ path: 'rules/a.yaml', text: head + body }], anySecret, nowMs === undefined ? {} : { nowMs });
  if (!loaded.ok) throw new Error(loaded.problems.map(lineOf).join('\n'));
  return loaded.warnings.map(lineOf);
}

export function lineOf({ line, col, message }: Problem): string {
  return `${line}:${col} ${message}`;
}

export function jobEvent(fields: JsonObject = {}, subscription = 'production'): Routable {
  const wire = { data: { job_id: 'job-1', type: 'materialize-view', state: 'failed', ...fields } };
  return routable(wire, subscription);
}

export function appEvent(event_type = 'facebook.audience.delivery.failed', context: JsonObject = {}): Routable {
  return routable({ event_type, context }, 'production');
}

export function relayEventFor(facts: Partial<RelayFacts> = {}): Routable {
  const relay = { topic: 'backlog', state: 'failed', about: null, detail: 'example', ...facts } as const;
  return { subscription: 'production', narrative: relayEvent(relay, '2026-01-05T09:00:00Z') };
}

function routable(wire: JsonObject, subscription: string): Routable {
  const body = parseWire(wire);
  if (body.kind !== 'event') throw new Error(body.kind);
  return { subscription, narrative: body.event };
}

/** Which of the rules match: each rule sends nowhere, so only its `match` counts. */
export function matching(matches: Record<string, string>, event: Routable): string[] {
  const rules = Object.entries(matches).map(([name, match]) => `  - { name: ${name}, match: ${match}, send: [] }`);
  return rulesOf(`rules:\n${rules.join('\n')}\n`).plan(event).rules;
}
