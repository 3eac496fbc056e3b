/** Which events the rules have any use for, and what to ask Narrative for so that those come and few others. */
import { isNone, less, none, union, type Choice } from './choice.ts';
import { knownJobTypes, knownStates } from './facts.ts';
import { globMatches, isGlob } from './glob.ts';

/** What the rules match and what ends it; more where Narrative can't be asked so precisely (dataset ids, `when`), never less. */
export interface Wanted {
  /** State → types of the jobs. `anyState` stands for every state, those in the map included. */
  jobs: ReadonlyMap<string, Choice>;
  /** Ids of connector apps; null: no app event is of use. */
  apps: Choice | null;
  /** Of these, those that rules are there for: they name the apps, or are about nothing else. Others match them by the way. */
  appsAsked: Choice;
}

/** What any of some subscriptions can bring, and no other: rules bound to the same ones together. */
export interface Demand {
  /** Names in the rules. `[]`: of the rules' subscriptions none can. */
  by: readonly string[];
  wanted: Wanted;
}

export const anyState = '*';

/** As `JobFilter` in src/narrative/api.ts, which nothing here may know. Null: all. */
export interface AskedFor {
  jobIds: readonly string[] | null;
  jobTypes: readonly string[] | null;
  states: readonly string[] | null;
}

export interface WantedFilters {
  /** One subscription for all that is wanted. */
  filter: AskedFor;
  /** What that asks for and no rule wants, each such as `completed of costs, forecast`. */
  surplus: readonly string[];
  /**
   * Several subscriptions that ask for the same without overlap, and without surplus but for what globs leave open: all types.
   * Where one state is wanted of all jobs and every state of some, states that Narrative may add are in none of them.
   */
  parts: readonly AskedFor[];
}

/** Null when no job event is wanted. */
export function filterOf({ jobs }: Wanted): WantedFilters | null {
  if (jobs.size === 0) return null;
  const types = union(jobs.values());
  const filter: AskedFor = { jobIds: null, jobTypes: askable(types), states: jobs.has(anyState) ? null : spelledOut(jobs) };
  return { filter, surplus: surplusOf(jobs, types), parts: partsOf(jobs) };
}

/**
 * What the rules need and none of the filters asks for, each such as `failed of datasets_deliver_data, models_*`; `[]`: nothing.
 * Goes by the types and states that Narrative documents. A filter of job ids covers nothing but those jobs, so nothing here.
 */
export function uncovered({ jobs }: Pick<Wanted, 'jobs'>, filters: readonly AskedFor[]): string[] {
  return sameTypes(spelledOut(jobs), (state) => {
    const asking = filters.filter((filter) => filter.jobIds === null && (filter.states?.includes(state) ?? true));
    if (asking.some(({ jobTypes }) => jobTypes === null)) return null;
    const asked = new Set(asking.flatMap(({ jobTypes }) => jobTypes ?? []));
    return typesLeft(typesOf(jobs, state), asked);
  });
}

function surplusOf(jobs: Wanted['jobs'], types: Choice): string[] {
  return sameTypes(spelledOut(jobs), (state) => {
    const wanted = typesOf(jobs, state);
    if (wanted === 'all') return null;
    if (askable(types) === null) return allBut(wanted);
    return namesIn(less(types, wanted));
  });
}

function partsOf(jobs: Wanted['jobs']): AskedFor[] {
  const ever = jobs.get(anyState);
  const always = ever === undefined ? null : askable(ever);
  if (ever !== undefined && always === null) return [{ jobIds: null, jobTypes: null, states: null }];
  const wanted = spelledOut(jobs).map((state) => ({ state, types: askable(typesOf(jobs, state)) }));
  // All types but some is nothing that can be asked for: then the states are, one by one.
  const separately = ever === undefined || wanted.some(({ types }) => types === null);
  const rest = wanted.map(({ state, types }) => ({
    state,
    types: separately ? types : (types ?? []).filter((type) => !always?.includes(type)),
  }));
  const groups = Map.groupBy(
    rest.filter(({ types }) => types?.length !== 0),
    ({ types }) => JSON.stringify(types),
  );
  return [
    ...(separately ? [] : [{ jobIds: null, jobTypes: always, states: null }]),
    ...[...groups.values()].map((group) => ({
      jobIds: null,
      jobTypes: group[0]!.types,
      states: group.map(({ state }) => state),
    })),
  ];
}

/** Every state that the map or Narrative has a name for, as far as jobs in it are wanted. */
function spelledOut(jobs: Wanted['jobs']): string[] {
  return [...new Set([...knownStates, ...jobs.keys()])].filter((state) => state !== anyState && !isNone(typesOf(jobs, state)));
}

function typesOf(jobs: Wanted['jobs'], state: string): Choice {
  return union([jobs.get(anyState) ?? none, jobs.get(state) ?? none]);
}

/** Narrative takes no globs, and a list leaves out what it adds later: then all types are asked for. Sorted. */
function askable(types: Choice): string[] | null {
  return types === 'all' || [...types].some(isGlob) ? null : [...types].toSorted();
}

/** In words; null: none. */
function typesLeft(wanted: Choice, asked: ReadonlySet<string>): string | null {
  const isAsked = (name: string) => {
    const meant = isGlob(name) ? knownJobTypes.filter((type) => globMatches(name, type)) : [name];
    return meant.length > 0 && meant.every((type) => asked.has(type));
  };
  if (wanted === 'all') return isAsked('*') ? null : allBut(asked);
  return namesIn(less(wanted, [...wanted].filter(isAsked)));
}

function allBut(types: ReadonlySet<string>): string {
  return types.size === 0 ? 'all jobs' : `all jobs but ${namesIn(types)}`;
}

function namesIn(types: Choice): string | null {
  return types === 'all' || types.size === 0 ? null : [...types].toSorted().join(', ');
}

/** States of which the same types are told of share an entry. */
function sameTypes(states: readonly string[], tell: (state: string) => string | null): string[] {
  const told = states.flatMap((state) => {
    const types = tell(state);
    return types === null ? [] : [{ state, types }];
  });
  return [...Map.groupBy(told, ({ types }) => types)].map(([types, group]) => {
    const names = group.map(({ state }) => state);
    return `${knownStates.every((state) => names.includes(state)) ? 'every state' : names.join(', ')} of ${types}`;
  });
}
