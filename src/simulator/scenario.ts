/** Scenario files: read, checked, and with every default filled in. Their reference is docs/simulator.md. */
import { jsonSchemaOf } from '../rules/json-schema.ts';
import { inReadingOrder, type Problem } from '../rules/problem.ts';
import { schemaProblems } from '../rules/schema-problems.ts';
import { readSource } from '../rules/source.ts';
import { scenarioProblems } from './scenario-checks.ts';
import { timeOfDayMs } from './scenario-clock.ts';
import { scenarioApp, scenarioJobs, scenarioStranger } from './scenario-entries.ts';
import { storyMs, type Entries } from './scenario-length.ts';
import { wellFormedParts } from './scenario-parts.ts';
import { scenarioFile, spanMs, type ParsedScenario, type ParsedSubscription } from './scenario-schema.ts';
import { readScenarioSecret, type Environment } from './scenario-secrets.ts';
import type { SeedSubscription } from './timeline.ts';

export interface Scenario extends Entries {
  /** ms after midnight, UTC, at which the story begins; null: it begins when it is played. */
  beginsMs: number | null;
  /** ms; at least until its last webhook. */
  lastsMs: number;
  seed: number;
  /** `url` is null where it is left to whoever plays the scenario. */
  subscriptions: readonly PlannedSubscription[];
}

export type PlannedSubscription = Omit<SeedSubscription, 'url'> & { url: string | null };

export type ScenarioResult = { ok: true; scenario: Scenario } | { ok: false; problems: Problem[] };

/** `path` is how problems name the file; `env` holds the secrets that it refers to, or the paths of their files. */
export function readScenario(text: string, path: string, env: Environment): ScenarioResult {
  const { source, problems } = readSource({ path, text });
  if (source === null) return { ok: false, problems: inReadingOrder(problems) };
  const parsed = scenarioFile.safeParse(source.value);
  const ofForm = parsed.success ? [] : schemaProblems(parsed.error.issues, source, jsonSchemaOf(scenarioFile));
  const found = [...problems, ...ofForm, ...scenarioProblems(wellFormedParts(source.value), source, env)];
  if (!parsed.success || found.length > 0) return { ok: false, problems: inReadingOrder(found) };
  return { ok: true, scenario: scenarioOf(parsed.data, env) };
}

/** The subscriptions of a scenario, those that name no URL with this one. */
export function seedSubscriptions({ subscriptions }: Scenario, url: string): SeedSubscription[] {
  return subscriptions.map((seed) => ({ ...seed, url: seed.url ?? url }));
}

function scenarioOf(parsed: ParsedScenario, env: Environment): Scenario {
  const { begins, lasts, seed = 1, subscriptions = [], failures = {}, jobs = [], apps = [], strangers = [] } = parsed;
  const named = new Map(Object.entries(failures));
  const entries: Entries = {
    jobs: jobs.map((job) => scenarioJobs(job, named)),
    apps: apps.map(scenarioApp),
    strangers: strangers.map(scenarioStranger),
  };
  return {
    beginsMs: begins === undefined ? null : timeOfDayMs(begins),
    lastsMs: lasts === undefined ? storyMs(entries) : spanMs(lasts),
    seed,
    subscriptions: subscriptions.map((each) => plannedSubscription(each, env)),
    ...entries,
  };
}

function plannedSubscription(parsed: ParsedSubscription, env: Environment): PlannedSubscription {
  const { name, url, secret, job_ids, job_types, states, app_id } = parsed;
  const read = secret && readScenarioSecret(secret.env, env);
  return {
    name: name ?? null,
    url: url ?? null,
    secret: read?.ok ? read.secret : null,
    kind: app_id === undefined ? 'jobs' : 'app',
    jobIds: job_ids ?? null,
    jobTypes: job_types ?? null,
    states: states ?? null,
    appId: app_id ?? null,
  };
}
