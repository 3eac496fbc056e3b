/** Scenario files: read, checked, and with every default filled in. Their reference is docs/simulator.md. */
import { jsonSchemaOf } from '../rules/json-schema.ts';
import { inReadingOrder, type Problem } from '../rules/problem.ts';
import { schemaProblems } from '../rules/schema-problems.ts';
import { readSource } from '../rules/source.ts';
import type { JsonObject } from '../event/json.ts';
import { scenarioProblems } from './scenario-checks.ts';
import { timeOfDayMs } from './scenario-clock.ts';
import type { Failure } from './scenario-failures.ts';
import type { JobEnd, JobPlan } from './scenario-jobs.ts';
import {
  scenarioFile,
  spanMs,
  type ParsedApp,
  type ParsedFailure,
  type ParsedJob,
  type ParsedScenario,
  type ParsedWish,
} from './scenario-schema.ts';
import type { SeedSubscription, WebhookWish } from './timeline.ts';

export interface Scenario {
  /** ms after midnight, UTC, at which the story begins; null: it begins when it is played. */
  beginsMs: number | null;
  /** ms; null: until its last webhook. */
  lastsMs: number | null;
  seed: number;
  /** `url` is null where it is left to whoever plays the scenario. */
  subscriptions: readonly (Omit<SeedSubscription, 'url'> & { url: string | null })[];
  jobs: readonly ScenarioJobs[];
  apps: readonly ScenarioApp[];
  strangers: readonly ScenarioStranger[];
}

/** One entry of `jobs`: one job, or several of a kind. */
export interface ScenarioJobs {
  plan: JobPlan;
  count: number;
  /** ms from the first to the last. */
  withinMs: number;
  atOnce: boolean;
  /** States that happen in the story; null: all. */
  only: readonly string[] | null;
  wishes: ReadonlyMap<string, WebhookWish>;
  note: string | null;
}

export interface ScenarioApp {
  atMs: number;
  appId: string;
  eventType: string;
  datasetId: number;
  /** Null: made up. */
  connectionId: string | null;
  profileId: string | null;
  payload: JsonObject;
  webhook: WebhookWish;
  note: string | null;
}

export interface ScenarioStranger {
  atMs: number;
  body: JsonObject;
  signedWith: string | null;
  note: string | null;
}

export type ScenarioResult = { ok: true; scenario: Scenario } | { ok: false; problems: Problem[] };

/** `path` is how problems name the file; `env` holds the secrets that it refers to. */
export function readScenario(text: string, path: string, env: Readonly<Record<string, string | undefined>>): ScenarioResult {
  const { source, problems } = readSource({ path, text });
  if (source === null) return { ok: false, problems: inReadingOrder(problems) };
  const parsed = scenarioFile.safeParse(source.value);
  if (!parsed.success) {
    const found = schemaProblems(parsed.error.issues, source, jsonSchemaOf(scenarioFile));
    return { ok: false, problems: inReadingOrder([...problems, ...found]) };
  }
  const found = [...problems, ...scenarioProblems(parsed.data, source, env)];
  return found.length > 0 ? { ok: false, problems: inReadingOrder(found) } : { ok: true, scenario: scenarioOf(parsed.data, env) };
}

/** The subscriptions of a scenario, those that name no URL with this one. */
export function seedSubscriptions({ subscriptions }: Scenario, url: string): SeedSubscription[] {
  return subscriptions.map((seed) => ({ ...seed, url: seed.url ?? url }));
}

const defaultDataPlane = 'f79cbdae-4848-47ca-95e8-69588364d185';

function scenarioOf(parsed: ParsedScenario, env: Readonly<Record<string, string | undefined>>): Scenario {
  const { begins, lasts, seed = 1, subscriptions = [], failures = {}, jobs = [], apps = [], strangers = [] } = parsed;
  return {
    beginsMs: begins === undefined ? null : timeOfDayMs(begins),
    lastsMs: lasts === undefined ? null : spanMs(lasts),
    seed,
    subscriptions: subscriptions.map(({ name, url, secret, job_ids, job_types, states, app_id }) => ({
      name: name ?? null,
      url: url ?? null,
      secret: secret === undefined ? null : (env[secret.env] ?? null),
      kind: app_id === undefined ? 'jobs' : 'app',
      jobIds: job_ids ?? null,
      jobTypes: job_types ?? null,
      states: states ?? null,
      appId: app_id ?? null,
    })),
    jobs: jobs.map((job) => scenarioJobs(job, failures)),
    apps: apps.map(scenarioApp),
    strangers: strangers.map(({ at, body, signed_with, note }) => ({
      atMs: spanMs(at),
      body: body as JsonObject,
      signedWith: signed_with ?? null,
      note: note ?? null,
    })),
  };
}

function scenarioJobs(job: ParsedJob, failures: Readonly<Record<string, ParsedFailure>>): ScenarioJobs {
  const { at, queued = '1m', took = '5m', within = '0s' } = job;
  const { type, id, dataset_id, data_plane_id, input, by, only, webhooks = {}, count = 1, note } = job;
  return {
    plan: {
      id: id ?? null,
      type,
      datasetId: dataset_id ?? null,
      dataPlaneId: data_plane_id ?? defaultDataPlane,
      input: (input ?? {}) as JsonObject,
      by: by ?? 'scheduler',
      atMs: spanMs(at),
      queuedMs: spanMs(queued),
      tookMs: spanMs(took),
      end: endOf(job, failures),
    },
    count,
    withinMs: spanMs(within),
    atOnce: job.at_once ?? false,
    only: only ?? null,
    wishes: new Map(Object.entries(webhooks).map(([state, wish]) => [state, wishOf(wish)])),
    note: note ?? null,
  };
}

function endOf({ fails, cancelled = false, hangs = false }: ParsedJob, named: Readonly<Record<string, ParsedFailure>>): JobEnd {
  if (fails !== undefined) {
    const failures = [fails]
      .flat()
      .map((each) => failureOf(typeof each === 'string' ? (named[each] ?? { message: each }) : each));
    return { state: 'failed', failures };
  }
  if (cancelled) return { state: 'cancelled' };
  return { state: hangs ? 'running' : 'completed' };
}

function failureOf({ message, exception = 'java.lang.RuntimeException', frames = 12 }: ParsedFailure): Failure {
  return { message, exception, frames };
}

function scenarioApp({ at, app_id, event, dataset_id, connection, profile, payload, webhook, note }: ParsedApp): ScenarioApp {
  return {
    atMs: spanMs(at),
    appId: app_id,
    eventType: event,
    datasetId: dataset_id,
    connectionId: connection ?? null,
    profileId: profile ?? null,
    payload: (payload ?? {}) as JsonObject,
    webhook: wishOf(webhook ?? {}),
    note: note ?? null,
  };
}

function wishOf({ delay, again_after, lost = false }: ParsedWish): WebhookWish {
  return {
    delayMs: delay === undefined ? 0 : spanMs(delay),
    againAfterMs: again_after === undefined ? null : spanMs(again_after),
    lost,
  };
}
