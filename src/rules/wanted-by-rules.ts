/** From compiled rules to the events that they have any use for: `Wanted`. */
import { connectorId } from '../event/connectors.ts';
import { both, isNone, less, none, union, type Choice } from './choice.ts';
import { knownStates } from './facts.ts';
import { globMatches, isGlob, literalPrefix } from './glob.ts';
import { listHolds, type ListCondition, type Matcher } from './matcher.ts';
import type { CompiledRule, CompiledRules } from './planner.ts';
import { anyState, type Wanted } from './wanted.ts';

/** `subject`: the template of `defaults.subject`; null for the built-in one. */
type Rules = Pick<CompiledRules, 'rules' | 'unmatched' | 'opens' | 'closes'> & { subject: string | null };

/** `subscription`: only events that come by this one; null: by any. */
export function createWanted(compiled: Rules): (subscription: string | null) => Wanted {
  const { rules, unmatched } = compiled;
  return (subscription) => {
    const useful = rules.filter(
      ({ send, matcher }) => send.length > 0 && matcher.kind !== 'relay' && comesBy(matcher, subscription),
    );
    const wishes: Wish[] = useful.flatMap((rule) => jobsOf(rule, compiled));
    const apps: Choice[] = useful.map(appsOf);
    if (unmatched && unmatched.rule.send.length > 0) {
      const states = statesOf([unmatched.states]);
      wishes.push({ states, types: 'all' });
      if (mayBeOfApp(states)) apps.push('all');
    }
    const wantedApps = union(apps);
    return { jobs: gathered(wishes), apps: wantedApps === 'all' || wantedApps.size > 0 ? wantedApps : null };
  };
}

/** Events of jobs of these types that come to these states. */
interface Wish {
  states: Choice;
  types: Choice;
}

function gathered(wishes: readonly Wish[]): Wanted['jobs'] {
  const jobs = new Map<string, Choice>();
  for (const { states, types } of wishes) {
    if (types !== 'all' && types.size === 0) continue;
    for (const state of states === 'all' ? [anyState] : states) jobs.set(state, union([jobs.get(state) ?? none, types]));
  }
  return jobs;
}

function jobsOf({ matcher, trigger, incident }: CompiledRule, { opens, closes, subject }: Rules): Wish[] {
  if (matcher.kind === 'app' || excludes(matcher, 'job') || listOf(matcher, 'app_ids')) return [];
  const types = less(typesIn(listOf(matcher, 'job_types')), alone(matcher, 'job_types'));
  // Whatever a job comes to ends the wait, also where the rule matches only some of it.
  if (trigger.kind === 'late') return [{ states: 'all', types }];
  const states = withoutStates(statesOf([listOf(matcher, 'states'), listOf(matcher, 'event_types')]), matcher);
  const own = { states, types };
  const follows =
    trigger.kind === 'event' && incident !== null && [...opens].some((state) => states === 'all' || states.has(state));
  if (!follows || isNone(types)) return [own];
  // Where the subject says nothing of types, a job of another one may end the incident.
  return [own, { states: closes, types: subject === null || /\bjob\.type\b/.test(subject) ? types : 'all' }];
}

function typesIn(list: ListCondition | undefined): Choice {
  return !list || list.globs.some(({ text }) => isEverything(text)) ? 'all' : new Set(list.written);
}

/** Globs mean the states that Narrative documents: unlike types, these hardly change. */
function statesOf(lists: readonly (ListCondition | undefined)[]): Choice {
  let states: Choice = 'all';
  for (const list of lists) if (list) states = both(states, list.key === 'event_types' ? statesOfTypes(list) : statesIn(list));
  return states;
}

function statesIn({ written, exact, globs }: ListCondition): Choice {
  if (written.some(isEverything)) return 'all';
  return new Set([...exact, ...knownStates.filter((state) => globs.some((glob) => glob.matches(state)))]);
}

const ofJob = 'job.';

/** A job event's type is `job.` and its state. */
function statesOfTypes({ exact, globs }: ListCondition): Choice {
  if (globs.some(({ text }) => isEverything(text) || (text.startsWith(ofJob) && isEverything(text.slice(ofJob.length)))))
    return 'all';
  const named = [...exact].filter((type) => type.startsWith(ofJob)).map((type) => type.slice(ofJob.length));
  return new Set([...named, ...knownStates.filter((state) => globs.some((glob) => glob.matches(ofJob + state)))]);
}

/** Of every state but some only those can be asked for that have a name. */
function withoutStates(states: Choice, matcher: Matcher): Choice {
  const types = alone(matcher, 'event_types').filter((type) => type.startsWith(ofJob));
  const excluded = [...alone(matcher, 'states'), ...types.map((type) => type.slice(ofJob.length))];
  return excluded.length === 0 ? states : less(states === 'all' ? new Set(knownStates) : states, excluded);
}

function appsOf({ matcher }: CompiledRule): Choice {
  const ofJobs = (['job_ids', 'job_types', 'data_plane_ids', 'requested_by'] as const).some((key) => listOf(matcher, key));
  if (matcher.kind === 'job' || excludes(matcher, 'app') || ofJobs) return none;
  const states = listOf(matcher, 'states');
  if (states && !mayBeOfApp(statesIn(states))) return none;
  const ids = listOf(matcher, 'app_ids');
  const types = listOf(matcher, 'event_types');
  const asked = !ids || ids.globs.length > 0 ? 'all' : ids.exact;
  return less(types ? both(asked, union(types.written.map(appOfType))) : asked, alone(matcher, 'app_ids'));
}

/** An app event comes to an end, or to what Narrative may add. */
function mayBeOfApp(states: Choice): boolean {
  const others = knownStates.filter((state) => state !== 'completed' && state !== 'failed');
  return states === 'all' || !isNone(less(states, others));
}

/** Of an event type or a glob: the app of its connector, which is its first part; all, where that is open or not known to us. */
function appOfType(type: string): Choice {
  const begin = isGlob(type) ? literalPrefix(type) : type;
  if (begin.startsWith(ofJob)) return none;
  const dot = begin.indexOf('.');
  const id = dot === -1 ? null : connectorId(begin.slice(0, dot));
  return id === null ? 'all' : new Set([String(id)]);
}

function comesBy(matcher: Matcher, subscription: string | null): boolean {
  if (subscription === null) return true;
  const list = listOf(matcher, 'subscriptions');
  const excluded = alone(matcher, 'subscriptions').includes(subscription);
  return !excluded && (!list || listHolds(list, subscription));
}

function listOf({ lists }: Matcher, key: ListCondition['key']): ListCondition | undefined {
  return lists.find((list) => list.key === key);
}

/** The exact values that `not` excludes by this list and by nothing else: together with another condition it only excludes some. */
function alone({ not }: Matcher, key: ListCondition['key']): string[] {
  if (!not || not.kind !== null || not.when !== null || not.lists.length !== 1) return [];
  return [...(listOf(not, key)?.exact ?? [])];
}

function excludes({ not }: Matcher, kind: 'job' | 'app'): boolean {
  return not !== null && not.kind === kind && not.when === null && not.lists.length === 0;
}

const isEverything = (text: string) => globMatches(text, '') && text !== '';
