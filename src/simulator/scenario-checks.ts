/** What is wrong with a scenario although each of its parts is well-formed: names that lead nowhere, and contradictions. */
import { knownJobTypes, knownStates } from '../rules/facts.ts';
import type { Problem } from '../rules/problem.ts';
import { itemsOf, keyOf } from '../rules/raw.ts';
import type { Source } from '../rules/source.ts';
import { didYouMean } from '../rules/suggest.ts';
import { scenarioApp, scenarioJobs, scenarioStranger } from './scenario-entries.ts';
import { jobProblems } from './scenario-job-checks.ts';
import { storyMs } from './scenario-length.ts';
import type { Placed, ScenarioParts } from './scenario-parts.ts';
import { spanMs, spanText, type ParsedSubscription } from './scenario-schema.ts';
import { readScenarioSecret, type Environment } from './scenario-secrets.ts';
import { wishProblems } from './scenario-wish-checks.ts';

/** Of the parts of `source` that are well-formed. */
export function scenarioProblems(parts: ScenarioParts, source: Source, env: Environment): Problem[] {
  return [
    ...parts.subscriptions.flatMap((placed) => [
      ...secretProblems(placed, source, env),
      ...filterProblems(placed, source),
      ...unknownProblems(placed, source),
    ]),
    ...jobProblems(parts, source),
    ...parts.apps.flatMap(([i, { webhook }]) => wishProblems(webhook, ['apps', i, 'webhook'], source)),
    ...lengthProblems(parts, source),
  ];
}

function secretProblems([i, { secret }]: Placed<ParsedSubscription>, source: Source, env: Environment): Problem[] {
  const read = secret && readScenarioSecret(secret.env, env);
  if (!secret || !read || read.ok) return [];
  const hint = `set ${secret.env} to what the relay has, or ${secret.env}_FILE to the path of a file that holds it, or leave secret out`;
  return [{ ...source.placeOf(['subscriptions', i, 'secret', 'env']), message: read.why, hint }];
}

function filterProblems([i, { app_id, job_ids, job_types, states }]: Placed<ParsedSubscription>, source: Source): Problem[] {
  if (app_id === undefined || [job_ids, job_types, states].every((list) => list === undefined)) return [];
  const message = "a subscription to an app's events has no filters for jobs";
  return [{ ...source.placeOfKey(['subscriptions', i, 'app_id']), message, hint: 'remove the filters, or app_id' }];
}

/** Narrative takes no others, but for the types that this scenario makes up. */
function unknownProblems([i, { job_types = [], states = [] }]: Placed<ParsedSubscription>, source: Source): Problem[] {
  const madeUp = itemsOf(keyOf(source.value, 'jobs')).map((job) => String(keyOf(job, 'type')));
  const unknown = (key: string, what: string, asked: readonly string[], known: readonly string[]): Problem[] =>
    asked.flatMap((value, n) => {
      if (known.includes(value)) return [];
      const message = `Narrative documents no ${what} "${value}"`;
      return [{ ...source.placeOf(['subscriptions', i, key, n]), message, ...didYouMean(value, known) }];
    });
  return [
    ...unknown('job_types', 'job type', job_types, [...new Set([...knownJobTypes, ...madeUp])]),
    ...unknown('states', 'state', states, knownStates),
  ];
}

function lengthProblems({ lasts, failures, jobs, apps, strangers }: ScenarioParts, source: Source): Problem[] {
  if (lasts === null) return [];
  const neededMs = storyMs({
    jobs: jobs.map(([, job]) => scenarioJobs(job, failures)),
    apps: apps.map(([, app]) => scenarioApp(app)),
    strangers: strangers.map(([, stranger]) => scenarioStranger(stranger)),
  });
  if (spanMs(lasts) >= neededMs) return [];
  const message = `the story is not over by then: its last webhook is sent after ${spanText(neededMs)}`;
  return [{ ...source.placeOf(['lasts']), message, hint: `make it ${spanText(neededMs)} or longer, or leave lasts out` }];
}
