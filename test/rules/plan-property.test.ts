import { expect, test } from 'vitest';
import fc from 'fast-check';
import { datasetOf, stateOf } from '../../src/event/event.ts';
import type { Routable } from '../../src/rules/plan.ts';
import { appEvent, jobEvent, rulesOf } from './support.ts';

/** Few values, so that rules and events meet. */
const words = ['a', 'ab', 'ba', 'abc', 'x1', 'x2'];
const globs = ['a*', '*b', 'x?', '*', 'a?c', '*a*', 'x*2'];

const values = fc.array(fc.constantFrom(...words, ...globs), { minLength: 1, maxLength: 3 });
const listKeys = [
  'states',
  'job_types',
  'job_ids',
  'dataset_ids',
  'data_plane_ids',
  'event_types',
  'subscriptions',
  'requested_by',
];

type Lists = { kind?: 'job' | 'app' } & Record<string, string[] | string>;

/** Up to three keys: with more, hardly anything would match. */
const lists: fc.Arbitrary<Lists> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom(...listKeys), values), { selector: ([key]) => key, maxLength: 3 }),
    fc.option(fc.constantFrom('job' as const, 'app' as const), { freq: 4 }),
  )
  .map(([keys, kind]) => ({ ...Object.fromEntries(keys), ...(kind ? { kind } : {}) }));

/** Some rules are not for sending at once; those of `late` and `expect` name their state themselves. */
type Timing = { late: Record<string, string> } | { expect: { state: string; by: string } } | { digest: { at: string } };
const timing: fc.Arbitrary<Timing> = fc.oneof(
  fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }).map((states) => ({
    late: Object.fromEntries(states.map((state) => [state, '20m'])),
  })),
  fc.constantFrom(...words).map((state) => ({ expect: { state, by: '06:00' } })),
  fc.constant({ digest: { at: '08:30' } }),
);

/** `not` needs one. */
const conditions = lists.filter((written) => Object.keys(written).length > 0);

interface Rule {
  match: Lists;
  not: Lists | null;
  stop: boolean;
  timing: Timing | null;
}

const rule: fc.Arbitrary<Rule> = fc
  .record({ match: lists, not: fc.option(conditions, { freq: 4 }), stop: fc.boolean(), timing: fc.option(timing, { freq: 2 }) })
  .map(({ match: { states, kind, ...match }, timing, ...rest }) => ({
    ...rest,
    timing,
    match: {
      ...match,
      ...(states && !(timing && ('late' in timing || 'expect' in timing)) ? { states } : {}),
      ...(kind && !(timing && 'late' in timing) ? { kind } : {}),
    } as Lists,
  }));

const word = fc.constantFrom(...words);
const event: fc.Arbitrary<Routable> = fc.oneof(
  fc
    .record({ state: word, type: word, job_id: word, dataset_id: word, data_plane_id: word, name: word, subscription: word })
    .map(({ dataset_id, name, subscription, ...job }) =>
      jobEvent({ ...job, input: { dataset_id }, request_source: { type: 'process', name } }, subscription),
    ),
  fc.tuple(word, word, word).map(([connector, status, dataset_id]) => appEvent(`${connector}.x.${status}`, { dataset_id })),
);

test('the indexed plan is the plan of looking at each rule in turn', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), fc.array(event, { minLength: 1, maxLength: 8 }), (rules, events) => {
      const written = rules.map(({ match, not, stop, timing }, i) => ({
        name: `r${i}`,
        match: { ...match, ...(not ? { not } : {}) },
        stop,
        ...timing,
      }));
      const set = rulesOf(`rules: ${JSON.stringify(written)}`);
      for (const each of events) {
        const expected = oneByOne(rules, each);
        expect(set.plan(each).rules).toEqual(expected);
        const explained = set.explain(each);
        expect(explained.rules.flatMap(({ kind, name }) => (kind === 'matched' ? [name] : []))).toEqual(expected);
        expect(explained.plan).toEqual(set.plan(each));
      }
    }),
    { numRuns: 300 },
  );
});

/** Written from the contract, with regular expressions for globs and no index. */
function oneByOne(rules: Rule[], routable: Routable): string[] {
  const names: string[] = [];
  const state = stateOf(routable.narrative);
  for (const [i, { match, not, stop, timing }] of rules.entries()) {
    if (timing && 'late' in timing && (routable.narrative.kind !== 'job' || !(state in timing.late))) continue;
    if (timing && 'expect' in timing && state !== timing.expect.state) continue;
    if (!holds(match, routable) || (not !== null && holds(not, routable))) continue;
    names.push(`r${i}`);
    if (stop) break;
  }
  return names;
}

function holds({ kind, ...match }: Lists, { subscription, narrative }: Routable): boolean {
  if (kind !== undefined && kind !== narrative.kind) return false;
  const job = narrative.kind === 'job' ? narrative.job : null;
  const actual: Record<string, string | null | undefined> = {
    states: stateOf(narrative),
    job_types: job?.type,
    job_ids: job?.id,
    dataset_ids: datasetOf(narrative),
    data_plane_ids: job?.data_plane_id,
    event_types: narrative.type,
    subscriptions: subscription,
    requested_by: job?.requested_by,
  };
  return Object.entries(match).every(([key, wanted]) => {
    const value = actual[key];
    if (value === null || value === undefined) return false;
    return [wanted].flat().some((glob) => new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(value));
  });
}
