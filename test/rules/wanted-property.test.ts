/** What is asked of Narrative, against what the rules do with the events: nothing is missed, and nothing is asked for in vain. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asksFor } from '../../src/narrative/identify.ts';
import { knownStates } from '../../src/rules/facts.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import { filterOf, uncovered, type AskedFor } from '../../src/rules/wanted.ts';
import { jobEvent, rulesOf } from './support.ts';

const types = ['costs', 'forecast', 'models_deliver_model', 'model_training_run', 'materialize-view'];
const typeGlobs = ['model*', '*s', '*', 'forecas?'];
const opens = ['failed'];
const closes = ['completed'];

interface Match {
  states?: string[];
  job_types?: string[];
  event_types?: string[];
  dataset_ids?: string[];
  subscriptions?: string[];
  kind?: 'job' | 'app';
}

interface Unmatched {
  states: string[];
  to: 'console' | 'hook';
}

interface Rule {
  match: Match;
  not: Match | null;
  timing: { late: Record<string, string> } | { expect: { state: string; by: string } } | { digest: { at: string } } | null;
  policy: Record<string, string | boolean | object>;
  /** To a person, to another system, or nowhere. */
  to: 'console' | 'hook' | null;
  stop: boolean;
}

const some = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const state = fc.constantFrom(...knownStates);
const eventTypes = [
  ...knownStates.map((each) => `job.${each}`),
  'job.c*',
  '*.failed',
  'job.*',
  'facebook.audience.delivery.failed',
];

const simple: fc.Arbitrary<Match> = fc.record(
  { states: some(...knownStates, 'pend*', '*ed'), job_types: some(...types, ...typeGlobs), kind: fc.constant('job' as const) },
  { requiredKeys: [] },
);
const matches: fc.Arbitrary<Match> = fc.record(
  {
    states: some(...knownStates, 'pend*', '*'),
    job_types: some(...types, ...typeGlobs),
    event_types: some(...eventTypes),
    dataset_ids: some('1', '2'),
    subscriptions: some('production', 'prod*', 'staging'),
    kind: fc.constantFrom('job' as const, 'app' as const),
  },
  { requiredKeys: [] },
);

const timing: fc.Arbitrary<Rule['timing']> = fc.oneof(
  fc.constantFrom('pending', 'running').map((each) => ({ late: { [each]: '20m' } })),
  state.map((each) => ({ expect: { state: each, by: '06:00' } })),
  fc.constant({ digest: { at: '08:30' } }),
);
const policy: fc.Arbitrary<Rule['policy']> = fc.constantFrom(
  {},
  { hold: '10m' },
  { repeat: '1h' },
  { recover: true },
  { group: {} },
);

const ruleOf = (match: fc.Arbitrary<Match>, not: fc.Arbitrary<Match | null>): fc.Arbitrary<Rule> =>
  fc
    .record({
      match,
      not,
      timing: fc.option(timing, { freq: 2 }),
      policy,
      to: fc.constantFrom('console', 'hook', null),
      stop: fc.boolean(),
    })
    .map(({ match: { states, kind, ...match }, timing, policy, ...rest }) => ({
      ...rest,
      timing,
      // Those that name their states themselves take none; what is timed has no policy.
      match: {
        ...match,
        ...(states && !(timing && ('late' in timing || 'expect' in timing)) ? { states } : {}),
        ...(kind && !(timing && 'late' in timing) ? { kind } : {}),
      },
      policy: timing ? {} : policy,
      to: timing === null ? rest.to : 'console',
    }));

const anyRule = ruleOf(
  matches,
  fc.option(
    matches.filter((not) => Object.keys(not).length > 0),
    { freq: 1 },
  ),
);
const simpleRule = ruleOf(simple, fc.constant(null));

function load(rules: readonly Rule[], unmatched: Unmatched | null): RuleSet {
  const written = rules.map(({ match, not, timing, policy, to, stop }, i) => ({
    name: `r${i}`,
    match: { ...match, ...(not ? { not } : {}) },
    ...timing,
    ...policy,
    stop,
    send: to === null ? [] : [{ to }],
  }));
  const rest = unmatched ? `\nunmatched: { states: [${unmatched.states.join(', ')}], send: [{ to: ${unmatched.to} }] }` : '';
  const destinations = 'destinations: { hook: { type: http, url: "https://hooks.example.com/" } }';
  return rulesOf(`${destinations}\nrules: ${JSON.stringify(written)}${rest}`);
}

const unmatched: fc.Arbitrary<Unmatched | null> = fc.option(
  fc.record({ states: some(...knownStates), to: fc.constantFrom('console', 'hook') }),
);

interface Job {
  state: string;
  type: string;
  dataset: string;
}

function planOf(set: RuleSet, { state, type, dataset }: Job) {
  return set.plan(jobEvent({ state, type, input: { dataset_id: dataset } }));
}

/** Whether anything hangs on the event: a rule sends, collects or waits, or it ends what another event of the same job began. */
function matters(set: RuleSet, job: Job): boolean {
  const { matched, timed } = planOf(set, job);
  if ([...matched, ...timed].some(({ send }) => send.length > 0)) return true;
  const endsIncident = closes.includes(job.state) && opens.some((open) => follows(planOf(set, { ...job, state: open })));
  const endsWait = knownStates.some((before) => {
    const { rules, timed } = planOf(set, { ...job, state: before });
    return timed.some(({ name, trigger }) => trigger.kind === 'late' && rules.includes(name));
  });
  return endsIncident || endsWait;
}

const follows = ({ matched }: ReturnType<typeof planOf>) =>
  matched.some(({ incident, send }) => send.some(({ to }) => incident !== null || to === 'console'));

const asked = (filters: readonly AskedFor[], job: Job) =>
  filters.filter((filter) => asksFor(filter, { id: 'job-1', ...job })).length;

test('what a rule has any use for is asked for, and told once', () => {
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 4 }), unmatched, (rules, unmatched) => {
      const set = load(rules, unmatched);
      const wanted = set.wanted('production');
      const filters = filterOf(wanted);
      for (const state of knownStates) {
        for (const type of types) {
          for (const dataset of ['1', '3']) {
            const job = { state, type, dataset };
            if (!matters(set, job)) continue;
            expect(filters && asked([filters.filter], job), 'by the one').toBe(1);
            expect(filters && asked(filters.parts, job), 'by the parts').toBe(1);
          }
        }
      }
      if (filters) expect([uncovered(wanted, [filters.filter]), uncovered(wanted, filters.parts)]).toEqual([[], []]);
    }),
    { numRuns: 300 },
  );
});

test('what the parts ask for is what some rule wants, and never twice', () => {
  fc.assert(
    fc.property(fc.array(simpleRule, { maxLength: 4 }), unmatched, (rules, unmatched) => {
      const parts = filterOf(load(rules, unmatched).wanted(null))?.parts ?? [];
      for (const state of knownStates) {
        const asking = parts.filter(({ states }) => states === null || states.includes(state));
        const reasons = [
          ...rules.flatMap((rule) => wantsIn(rule, state)),
          ...(unmatched && wantsUnmatched(unmatched, state) ? ['*'] : []),
        ];
        for (const { jobTypes } of asking) {
          if (jobTypes === null) expect(reasons.some((type) => /[*?]/.test(type))).toBe(true);
          else expect(reasons).toEqual(expect.arrayContaining([...jobTypes]));
        }
        for (const type of [...types, 'of-tomorrow']) expect(asked(parts, { state, type, dataset: '1' })).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 300 },
  );
});

/** The types, as they are written, that a rule wants of jobs in a state: from the contract. */
function wantsIn({ match: { states, job_types = ['*'] }, timing, policy, to }: Rule, state: string): string[] {
  if (to === null) return [];
  const named = (wanted: string) => states?.some((each) => new RegExp(`^${each.replaceAll('*', '.*')}$`).test(wanted)) ?? true;
  const waits = timing === null && (Object.keys(policy).length > 0 || to === 'console');
  const ends = waits && closes.includes(state) && opens.some(named);
  const own = timing && 'expect' in timing ? timing.expect.state === state : timing && 'late' in timing ? true : named(state);
  return own || ends ? job_types : [];
}

function wantsUnmatched({ states, to }: Unmatched, state: string): boolean {
  return states.includes(state) || (to === 'console' && closes.includes(state) && opens.some((open) => states.includes(open)));
}
