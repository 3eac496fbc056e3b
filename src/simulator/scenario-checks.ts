/** What is wrong with a scenario although each of its parts is well-formed: names that lead nowhere, and contradictions. */
import type { Problem } from '../rules/problem.ts';
import type { Source } from '../rules/source.ts';
import { didYouMean } from '../rules/suggest.ts';
import { statesUntil } from './scenario-jobs.ts';
import type { ParsedJob, ParsedScenario } from './scenario-schema.ts';

type Path = readonly PropertyKey[];

export function scenarioProblems(
  scenario: ParsedScenario,
  source: Source,
  env: Readonly<Record<string, string | undefined>>,
): Problem[] {
  const names = Object.keys(scenario.failures ?? {});
  return [
    ...(scenario.subscriptions ?? []).flatMap((subscription, i) => subscriptionProblems(subscription, i, source, env)),
    ...(scenario.jobs ?? []).flatMap((job, i) => [
      ...endProblems(job, i, source),
      ...nameProblems(job, i, names, source),
      ...stateProblems(job, i, source),
      ...countProblems(job, i, source),
    ]),
    ...emptyProblems(scenario, source),
  ];
}

type ParsedSubscription = NonNullable<ParsedScenario['subscriptions']>[number];

function subscriptionProblems(
  { secret, app_id, job_ids, job_types, states }: ParsedSubscription,
  i: number,
  source: Source,
  env: Readonly<Record<string, string | undefined>>,
): Problem[] {
  const problems: Problem[] = [];
  if (secret !== undefined && !env[secret.env]) {
    const message = `environment variable ${secret.env} ${env[secret.env] === undefined ? 'is not set' : 'is empty'}`;
    const hint = 'set it to what the relay has, or leave secret out';
    problems.push({ ...source.placeOf(['subscriptions', i, 'secret', 'env']), message, hint });
  }
  if (app_id !== undefined && [job_ids, job_types, states].some((list) => list !== undefined)) {
    const hint = 'remove the filters, or app_id';
    problems.push({
      ...source.placeOfKey(['subscriptions', i, 'app_id']),
      message: "a subscription to an app's events has no filters for jobs",
      hint,
    });
  }
  return problems;
}

/** A job has one end. */
function endProblems({ fails, cancelled, hangs }: ParsedJob, i: number, source: Source): Problem[] {
  const ends = [fails !== undefined && 'fails', cancelled && 'cancelled', hangs && 'hangs'].filter(
    (key) => typeof key === 'string',
  );
  const [first, second] = ends;
  if (second === undefined) return [];
  const message = `a job ends in one way, and this one has ${ends.join(' and ')}`;
  return [{ ...source.placeOfKey(['jobs', i, second]), message, hint: `remove ${first} or ${second}` }];
}

/** One word is a name; what has several is the message itself. */
function nameProblems({ fails }: ParsedJob, i: number, names: readonly string[], source: Source): Problem[] {
  return [fails ?? []].flat().flatMap((each, n) => {
    if (typeof each !== 'string' || /\s/.test(each) || names.includes(each)) return [];
    const path: Path = ['jobs', i, 'fails', ...(Array.isArray(fails) ? [n] : [])];
    const message = `no failure is named "${each}"`;
    const hint = names.length === 0 ? 'describe it under "failures:", or write { message: … } here' : undefined;
    return [{ ...source.placeOf(path), message, ...(hint === undefined ? didYouMean(each, names) : { hint }) }];
  });
}

/** What is said of a state that the job never comes to would be overlooked. */
function stateProblems(job: ParsedJob, i: number, source: Source): Problem[] {
  const states = statesUntil(endOf(job));
  const problem = (state: string, place: ReturnType<Source['placeOf']>): Problem => ({
    ...place,
    message: `this job never comes to the state "${state}"`,
    hint: `its states are ${states.join(', ')}`,
  });
  const only = job.only ?? states;
  return [
    ...only.flatMap((state, n) => (states.includes(state) ? [] : [problem(state, source.placeOf(['jobs', i, 'only', n]))])),
    ...Object.keys(job.webhooks ?? {}).flatMap((state) =>
      states.includes(state) ? [] : [problem(state, source.placeOfKey(['jobs', i, 'webhooks', state]))],
    ),
  ];
}

function endOf({ fails, cancelled, hangs }: ParsedJob): Parameters<typeof statesUntil>[0] {
  if (fails !== undefined) return 'failed';
  if (cancelled) return 'cancelled';
  return hangs ? 'running' : 'completed';
}

function countProblems({ count = 1, id, within, at_once }: ParsedJob, i: number, source: Source): Problem[] {
  if (count > 1) {
    if (id === undefined) return [];
    const message = `${count} jobs can't have one id`;
    return [{ ...source.placeOfKey(['jobs', i, 'id']), message, hint: 'leave id out: then each gets its own' }];
  }
  const idle = within !== undefined ? 'within' : at_once ? 'at_once' : null;
  if (idle === null) return [];
  return [
    {
      ...source.placeOfKey(['jobs', i, idle]),
      message: `${idle} says nothing about a single job`,
      hint: 'add count, or remove it',
    },
  ];
}

function emptyProblems({ jobs = [], apps = [], strangers = [] }: ParsedScenario, source: Source): Problem[] {
  if (jobs.length + apps.length + strangers.length > 0) return [];
  const hint = 'list jobs, apps or strangers, such as jobs: [{ at: 5s, type: materialize-view, dataset_id: 10736 }]';
  return [{ ...source.placeOf([]), message: 'nothing happens in this scenario', hint }];
}
