/** What is wrong with the jobs of a scenario although each is well-formed. */
import type { Problem } from '../rules/problem.ts';
import type { Source } from '../rules/source.ts';
import { didYouMean } from '../rules/suggest.ts';
import { scenarioJobs } from './scenario-entries.ts';
import { statesUntil } from './scenario-jobs.ts';
import type { Placed, ScenarioParts } from './scenario-parts.ts';
import type { ParsedJob } from './scenario-schema.ts';
import { wishProblems } from './scenario-wish-checks.ts';

/** Of the stack traces of all jobs: some 90 MB, which are all in memory. */
const maxFrames = 1_000_000;

export function jobProblems(parts: ScenarioParts, source: Source): Problem[] {
  const names = [...parts.failures.keys()];
  return [
    ...parts.jobs.flatMap((placed) => [
      ...endProblems(placed, source),
      ...nameProblems(placed, names, source),
      ...stateProblems(placed, source),
      ...countProblems(placed, source),
      ...webhookProblems(placed, source),
    ]),
    ...idProblems(parts.jobs, source),
    ...frameProblems(parts, source),
  ];
}

/** A job has one end. */
function endProblems([i, { fails, cancelled, hangs }]: Placed<ParsedJob>, source: Source): Problem[] {
  const ends = [fails !== undefined && 'fails', cancelled && 'cancelled', hangs && 'hangs'].filter(
    (key) => typeof key === 'string',
  );
  const [first, second] = ends;
  if (second === undefined) return [];
  const message = `a job ends in one way, and this one has ${ends.join(' and ')}`;
  return [{ ...source.placeOfKey(['jobs', i, second]), message, hint: `remove ${first} or ${second}` }];
}

/** One word is a name; what has several is the message itself. */
function nameProblems([i, { fails }]: Placed<ParsedJob>, names: readonly string[], source: Source): Problem[] {
  return [fails ?? []].flat().flatMap((each, n) => {
    if (typeof each !== 'string' || /\s/.test(each) || names.includes(each)) return [];
    const path = ['jobs', i, 'fails', ...(Array.isArray(fails) ? [n] : [])];
    const message = `no failure is named "${each}"`;
    const hint = names.length === 0 ? 'describe it under "failures:", or write { message: … } here' : undefined;
    return [{ ...source.placeOf(path), message, ...(hint === undefined ? didYouMean(each, names) : { hint }) }];
  });
}

/** What is said of a state that the job never comes to would be overlooked. */
function stateProblems([i, job]: Placed<ParsedJob>, source: Source): Problem[] {
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

function countProblems([i, { count = 1, id, within, at_once }]: Placed<ParsedJob>, source: Source): Problem[] {
  if (count > 1) {
    if (id === undefined) return [];
    const message = `${count} jobs can't have one id`;
    return [{ ...source.placeOfKey(['jobs', i, 'id']), message, hint: 'leave id out: then each gets its own' }];
  }
  const idle = within !== undefined ? 'within' : at_once ? 'at_once' : null;
  if (idle === null) return [];
  const message = `${idle} says nothing about a single job`;
  return [{ ...source.placeOfKey(['jobs', i, idle]), message, hint: 'add count, or remove it' }];
}

function webhookProblems([i, { webhooks = {} }]: Placed<ParsedJob>, source: Source): Problem[] {
  return Object.entries(webhooks).flatMap(([state, wish]) => wishProblems(wish, ['jobs', i, 'webhooks', state], source));
}

/** Two entries are two jobs. */
function idProblems(jobs: readonly Placed<ParsedJob>[], source: Source): Problem[] {
  const first = new Map<string, number>();
  return jobs.flatMap(([i, { id }]) => {
    if (id === undefined) return [];
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, i);
      return [];
    }
    const message = `jobs[${earlier}] has the id "${id}" already`;
    return [{ ...source.placeOf(['jobs', i, 'id']), message, hint: 'give another, or leave id out: then it gets its own' }];
  });
}

/** At the job by which they are too many. */
function frameProblems({ jobs, failures }: ScenarioParts, source: Source): Problem[] {
  let frames = 0;
  for (const [i, job] of jobs) {
    const { count, plan } = scenarioJobs(job, failures);
    if (plan.end.state !== 'failed') continue;
    frames += count * plan.end.failures.reduce((sum, failure) => sum + failure.frames, 0);
    if (frames <= maxFrames) continue;
    const [all, most] = [frames, maxFrames].map((each) => each.toLocaleString('en'));
    const message = `with this job, the stack traces have ${all} frames together, and ${most} are the most`;
    return [{ ...source.placeOfKey(['jobs', i, 'fails']), message, hint: 'lower its count, or the frames of its failure' }];
  }
  return [];
}
