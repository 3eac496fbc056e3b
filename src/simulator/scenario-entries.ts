/** The entries of a scenario, with every default filled in. */
import type { JsonObject } from '../event/json.ts';
import type { Failure } from './scenario-failures.ts';
import type { JobEnd, JobPlan } from './scenario-jobs.ts';
import {
  spanMs,
  type ParsedApp,
  type ParsedFailure,
  type ParsedJob,
  type ParsedStranger,
  type ParsedWish,
} from './scenario-schema.ts';
import type { WebhookWish } from './timeline.ts';

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

/** Those that are described under a name; null: that one is malformed. */
export type NamedFailures = ReadonlyMap<string, ParsedFailure | null>;

const defaultDataPlane = 'f79cbdae-4848-47ca-95e8-69588364d185';

export function scenarioJobs(job: ParsedJob, named: NamedFailures): ScenarioJobs {
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
      end: endOf(job, named),
    },
    count,
    withinMs: spanMs(within),
    atOnce: job.at_once ?? false,
    only: only ?? null,
    wishes: new Map(Object.entries(webhooks).map(([state, wish]) => [state, wishOf(wish)])),
    note: note ?? null,
  };
}

function endOf(job: ParsedJob, named: NamedFailures): JobEnd {
  const { cancelled = false, hangs = false } = job;
  if (job.fails !== undefined) return { state: 'failed', failures: failuresOf(job, named) };
  if (cancelled) return { state: 'cancelled' };
  return { state: hangs ? 'running' : 'completed' };
}

function failuresOf({ fails = [] }: ParsedJob, named: NamedFailures): Failure[] {
  return [fails].flat().map((each) => failureOf(typeof each === 'string' ? (named.get(each) ?? { message: each }) : each));
}

function failureOf({ message, exception = 'java.lang.RuntimeException', frames = 12 }: ParsedFailure): Failure {
  return { message, exception, frames };
}

export function scenarioApp({
  at,
  app_id,
  event,
  dataset_id,
  connection,
  profile,
  payload,
  webhook,
  note,
}: ParsedApp): ScenarioApp {
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

export function scenarioStranger({ at, body, signed_with, note }: ParsedStranger): ScenarioStranger {
  return { atMs: spanMs(at), body: body as JsonObject, signedWith: signed_with ?? null, note: note ?? null };
}

function wishOf({ delay, again_after, lost = false }: ParsedWish): WebhookWish {
  return {
    delayMs: delay === undefined ? 0 : spanMs(delay),
    againAfterMs: again_after === undefined ? null : spanMs(again_after),
    lost,
  };
}
