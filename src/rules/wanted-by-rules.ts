/** From compiled rules to the events that they have any use for: all in all, and by which subscriptions these can come. */
import { connectorId } from '../event/connectors.ts';
import { both, isNone, less, meet, none, union, type Choice } from './choice.ts';
import { knownStates } from './facts.ts';
import { globMatches, isGlob, literalPrefix } from './glob.ts';
import { listHolds, type ListCondition, type Matcher } from './matcher.ts';
import type { CompiledRule, CompiledRules, CompiledUnmatched } from './planner.ts';
import type { RuleSummary } from './rule.ts';
import { anyState, type Demand, type Wanted } from './wanted.ts';

export interface RulesToAsk extends Pick<CompiledRules, 'rules' | 'unmatched' | 'opens' | 'closes'> {
  /** The template of `defaults.subject`; null for the built-in one. */
  subject: string | null;
  /** The destination gets events, not alerts (http): no silence keeps anything from it. */
  forwards: (destination: string) => boolean;
}

/** `subscription`: only events that come by this one; null: by any. */
export function createWanted(compiled: RulesToAsk): (subscription: string | null) => Wanted {
  const uses = usesOf(compiled);
  return (subscription) => gathered(uses.filter(({ matcher }) => subscription === null || comesBy(matcher, subscription)));
}

/** `names`: of all subscriptions. */
export function createDemands(compiled: RulesToAsk, names: readonly string[]): () => Demand[] {
  const uses = usesOf(compiled).map((use) => ({ use, by: names.filter((name) => comesBy(use.matcher, name)) }));
  const demands = [...Map.groupBy(uses, ({ by }) => by.join(' ')).values()];
  return () => demands.map((same) => ({ by: same[0]!.by, wanted: gathered(same.map(({ use }) => use)) }));
}

/** What one rule has a use for. */
interface Use {
  /** Null: `unmatched`, which takes what comes by any subscription. */
  matcher: Matcher | null;
  jobs: readonly Wish[];
  apps: Choice;
  /** It is about apps alone, or names them. */
  asksForApps: boolean;
}

/** Events of jobs of these types that come to these states. */
interface Wish {
  states: Choice;
  types: Choice;
}

function usesOf(compiled: RulesToAsk): Use[] {
  const useful = compiled.rules.filter(({ send, matcher }) => send.length > 0 && matcher.kind !== 'relay');
  const uses = useful.map((rule) => useOf(rule, compiled));
  const { unmatched } = compiled;
  return unmatched && unmatched.rule.send.length > 0 ? [...uses, useOfUnmatched(unmatched, compiled)] : uses;
}

function gathered(uses: readonly Use[]): Wanted {
  const jobs = new Map<string, Choice>();
  for (const { states, types } of uses.flatMap((use) => use.jobs)) {
    if (isNone(types)) continue;
    for (const state of states === 'all' ? [anyState] : states) jobs.set(state, union([jobs.get(state) ?? none, types]));
  }
  const apps = union(uses.map((use) => use.apps));
  const appsAsked = union(uses.map((use) => (use.asksForApps ? use.apps : none)));
  return { jobs, apps: isNone(apps) ? null : apps, appsAsked };
}

function useOf(rule: CompiledRule, compiled: RulesToAsk): Use {
  const { matcher } = rule;
  const own = jobsOf(rule);
  const apps = appsOf(rule);
  const asksForApps = apps !== 'all' || isNone(own.states) || isNone(own.types);
  const appStates = isNone(apps) ? none : appStatesOf(matcher);
  return { matcher, jobs: [own, ...endsOf(rule, own, appStates, compiled)], apps, asksForApps };
}

function useOfUnmatched({ states: list, rule }: CompiledUnmatched, compiled: RulesToAsk): Use {
  const own: Wish = { states: statesIn(list), types: 'all' };
  const apps = mayBeOfApp(own.states) ? 'all' : none;
  return { matcher: null, jobs: [own, ...endsOf(rule, own, own.states, compiled)], apps, asksForApps: false };
}

function jobsOf({ matcher, trigger }: CompiledRule): Wish {
  if (matcher.kind === 'app' || excludes(matcher, 'job') || listOf(matcher, 'app_ids')) return { states: none, types: none };
  const types = less(typesIn(listOf(matcher, 'job_types')), alone(matcher, 'job_types'));
  // Whatever a job comes to ends the wait, also where the rule matches only some of it.
  if (trigger.kind === 'late') return { states: 'all', types };
  return { states: withoutStates(statesOf([listOf(matcher, 'states'), listOf(matcher, 'event_types')]), matcher), types };
}

/**
 * What ends the incidents that a rule tells of. Not only rules that follow incidents (hold, repeat, recover, group) have a use for it:
 * what a silence or a mute kept back is told at its end "if it still fails", and without the end it would always still fail.
 */
function endsOf(rule: RuleSummary, own: Wish, appStates: Choice, { opens, closes, subject, forwards }: RulesToAsk): Wish[] {
  const waits = rule.incident !== null || rule.send.some(({ to }) => !forwards(to));
  if (rule.trigger.kind !== 'event' || !waits) return [];
  const types: Choice[] = [];
  if (meet(own.states, opens)) types.push(isOfOneType(subject) || isNone(own.types) ? own.types : 'all');
  if (meet(appStates, opens) && isOfJobsAndApps(subject)) types.push('all');
  return [{ states: closes, types: union(types) }];
}

/**
 * Whether jobs of different types never share a subject, so that only one of the same type ends an incident. Certain only where the
 * type is printed as it is: a filter such as `default` may leave it out, and so may a tag. (As may 500 characters before it, with which
 * a subject ends.)
 */
function isOfOneType(subject: string | null): boolean {
  return subject === null || (!subject.includes('{%') && /\{\{-?\s*job\.type\s*-?\}\}/.test(subject));
}

/**
 * Whether a job can end the incident of an app. It takes a template that prints something for both; with the job's type in it they
 * differ, since an app has none. The other way round nothing has to be asked for: apps are subscribed to as a whole, so that what ends
 * comes with what fails; and where none is, an incident of jobs is ended by jobs.
 */
function isOfJobsAndApps(subject: string | null): boolean {
  const prints = (variable: string) => new RegExp(`\\b${variable}\\b`).test(subject ?? '');
  return !isOfOneType(subject) && (prints('event') || (prints('job') && prints('app')));
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
  if (matcher.kind === 'job' || excludes(matcher, 'app') || ofJobs || !mayBeOfApp(appStatesOf(matcher))) return none;
  const ids = listOf(matcher, 'app_ids');
  const types = listOf(matcher, 'event_types');
  const asked = !ids || ids.globs.length > 0 ? 'all' : ids.exact;
  return less(types ? both(asked, union(types.written.map(appOfType))) : asked, alone(matcher, 'app_ids'));
}

/** As far as the rule says: of an event type the last part would be one, too. */
function appStatesOf(matcher: Matcher): Choice {
  const states = listOf(matcher, 'states');
  return states ? statesIn(states) : 'all';
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

function comesBy(matcher: Matcher | null, subscription: string): boolean {
  if (matcher === null) return true;
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
