/** One `match` block, compiled. The same code decides and says why not, so that an explanation can't disagree with the plan. */
import type { EventView, NarrativeEvent } from '../event/event.ts';
import { compileWhen, type When } from './expression.ts';
import { factsOf, listKeys, type Facts, type ListKey } from './facts.ts';
import { globMatches, isGlob } from './glob.ts';
import type { Routable } from './plan.ts';
import { routingView } from './routing-view.ts';
import type { ParsedMatch } from './schema-match.ts';

/** An event while rules look at it: what several rules ask for is worked out once. */
export interface Candidate {
  readonly kind: NarrativeEvent['kind'];
  readonly facts: Facts;
  /** Made on first use: most rules need none. */
  view(): EventView;
}

export interface Matcher {
  readonly kind: NarrativeEvent['kind'] | null;
  readonly lists: readonly ListCondition[];
  readonly when: { source: string; evaluate: When } | null;
  readonly not: Matcher | null;
}

export interface ListCondition {
  readonly key: ListKey;
  /** In `listKeys`, and so in `Facts`. */
  readonly keyIndex: number;
  readonly exact: ReadonlySet<string>;
  readonly globs: readonly Glob[];
  /** As in the file, for people. */
  readonly written: readonly string[];
}

export interface Glob {
  readonly text: string;
  matches(value: string): boolean;
}

/** Why an event does not match: the first condition that failed. */
export type Mismatch =
  | { kind: 'kind'; wanted: NarrativeEvent['kind'] }
  /** An event of the relay itself, and not asked for. */
  | { kind: 'about-itself' }
  | { kind: 'list'; condition: ListCondition }
  | { kind: 'when-false'; source: string }
  | { kind: 'when-error'; source: string; error: string }
  | { kind: 'excluded'; by: Matcher };

export function candidateOf(routable: Routable): Candidate {
  let view: EventView | null = null;
  return {
    kind: routable.narrative.kind,
    facts: factsOf(routable),
    view: () => (view ??= routingView(routable)),
  };
}

/** null: it matches. The cheap conditions come first. */
export function firstMismatch(matcher: Matcher, candidate: Candidate): Mismatch | null {
  // What the relay says about itself goes only where it is asked for: everything else was written for Narrative's events.
  if (candidate.kind === 'relay' && matcher.kind !== 'relay') return { kind: 'about-itself' };
  return mismatchIn(matcher, candidate);
}

function mismatchIn(matcher: Matcher, candidate: Candidate): Mismatch | null {
  if (matcher.kind !== null && matcher.kind !== candidate.kind) return { kind: 'kind', wanted: matcher.kind };
  for (const condition of matcher.lists) {
    if (!listHolds(condition, candidate.facts[condition.keyIndex]!)) return { kind: 'list', condition };
  }
  if (matcher.not && mismatchIn(matcher.not, candidate) === null) return { kind: 'excluded', by: matcher.not };
  if (matcher.when) {
    const { source, evaluate } = matcher.when;
    const outcome = evaluate(candidate.view());
    switch (outcome.kind) {
      case 'true':
        return null;
      case 'false':
        return { kind: 'when-false', source };
      case 'error':
        return { kind: 'when-error', source, error: outcome.error };
    }
  }
  return null;
}

export function listHolds({ exact, globs }: ListCondition, value: string | null): boolean {
  if (value === null) return false;
  if (exact.has(value)) return true;
  for (const glob of globs) if (glob.matches(value)) return true;
  return false;
}

/** The mismatch in words, such as `job_types: materialize-view is none of datasets_deliver_data, models_*`. */
export function describeMismatch(mismatch: Mismatch, candidate: Candidate): string {
  switch (mismatch.kind) {
    case 'kind':
      return `kind: this is ${kindInWords[candidate.kind]} event, the rule wants ${mismatch.wanted}`;
    case 'about-itself':
      return 'kind: this is an event of the relay itself, which only rules with kind: relay match';
    case 'list': {
      const { key, keyIndex, written } = mismatch.condition;
      const value = shown(candidate.facts[keyIndex]);
      const wanted = written.length === 1 ? written[0] : `none of ${written.join(', ')}`;
      if (value === null) return `${key}: the event has none, the rule wants ${written.join(', ')}`;
      return written.length === 1 ? `${key}: ${value} is not ${wanted}` : `${key}: ${value} is ${wanted}`;
    }
    case 'when-false':
      return `when: ${mismatch.source} is false`;
    case 'when-error':
      return `when: ${mismatch.source} could not be evaluated: ${mismatch.error}`;
    case 'excluded':
      return `not: excluded, ${describeMatch(mismatch.by, candidate)}`;
  }
}

function describeMatch({ kind, lists, when }: Matcher, candidate: Candidate): string {
  const parts = lists.map(({ key, keyIndex }) => `${key} is ${shown(candidate.facts[keyIndex])}`);
  if (kind !== null) parts.unshift(`it is ${kindInWords[kind]} event`);
  if (when) parts.push(`${when.source} is true`);
  return parts.join(' and ');
}

const kindInWords: Record<NarrativeEvent['kind'], string> = { job: 'a job', app: 'an app', relay: 'a relay' };

/** Names from events can be of any length. */
function shown(value: string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return value.length > 100 ? `${value.slice(0, 100)}…` : value;
}

/** Equal globs on equal keys become one, so that each is tested once for an event however many rules use it. */
export type InternGlob = (key: ListKey, text: string) => Glob;

export function createGlobs(): InternGlob {
  const known = new Map<string, Glob>();
  return (key, text) => {
    const name = `${key} ${text}`;
    let glob = known.get(name);
    if (!glob) known.set(name, (glob = createGlob(text)));
    return glob;
  };
}

function createGlob(text: string): Glob {
  let lastValue: string | null = null;
  let lastAnswer = false;
  return {
    text,
    matches(value) {
      if (value !== lastValue) {
        lastAnswer = globMatches(text, value);
        lastValue = value;
      }
      return lastAnswer;
    },
  };
}

export function compileMatch(match: ParsedMatch, glob: InternGlob): Matcher {
  const { kind, when, not } = match;
  return {
    kind: kind ?? null,
    lists: listKeys.flatMap((key, keyIndex) => (match[key] ? [compileList(key, keyIndex, match[key], glob)] : [])),
    when: when === undefined ? null : { source: when, evaluate: compiled(when) },
    not: not ? compileMatch(not, glob) : null,
  };
}

function compileList(key: ListKey, keyIndex: number, values: readonly (string | number)[], glob: InternGlob): ListCondition {
  const written = values.map(String);
  return {
    key,
    keyIndex,
    exact: new Set(written.filter((text) => !isGlob(text))),
    globs: [...new Set(written.filter(isGlob).map((text) => glob(key, text)))],
    written,
  };
}

function compiled(source: string): When {
  const result = compileWhen(source);
  if (!result.ok) throw new Error(`"when" was not checked before: ${result.faults[0]?.message}`);
  return result.when;
}
