/** What makes things happen at the simulated Narrative, for people who develop rules: `/simulator/…`. */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { z } from 'zod';
import { hasEnded } from '../event/event.ts';
import type { JsonObject } from '../event/json.ts';
import { appRequest, faultRequest, jobRequest, type AppRequest, type JobRequest } from './control-requests.ts';
import type { Faults } from './faults.ts';
import type { JobsOnRecord } from './jobs.ts';
import { json, readJson, refusal } from './json.ts';
import { failure, newJob, nextState } from './make-job.ts';
import { zoneless } from './stamps.ts';
import { describeIssues } from './subscription-wire.ts';
import type { SentWebhook } from './tell.ts';
import type { Happening } from './timeline.ts';
import { sentAnswer } from './words.ts';

/** Webhooks that are remembered. */
const remembered = 1_000;

export interface ControlOptions {
  jobs: JobsOnRecord;
  faults: Faults;
  happen(happening: Happening): Promise<SentWebhook[]>;
  /** µs. */
  stamp(): number;
  onSent(listener: (sent: SentWebhook) => void): void;
}

type Made = { ok: true; happenings: Happening[]; jobs?: JsonObject[] } | { ok: false; status: 400 | 409; message: string };

export function controlApi({ jobs, faults, happen, stamp, onSent }: ControlOptions): Hono {
  const sent: JsonObject[] = [];
  onSent((one) => {
    sent.push(sentAnswer(one));
    if (sent.length > remembered) sent.shift();
  });

  async function answer(made: Made, wait: boolean): Promise<Response> {
    if (!made.ok) return refusal(made.status, made.message);
    const happened = Promise.all(made.happenings.map((happening) => happen(happening)));
    const which = made.jobs && { jobs: made.jobs };
    if (wait) return json(200, { ...which, webhooks: (await happened).flat().map(sentAnswer) });
    happened.catch(() => undefined); // Nobody waits any more; what became of them is in `/simulator/sent`.
    return json(202, { ...which });
  }

  const control = new Hono();
  control.post('/jobs', (context) => read(context, jobRequest, (asked) => answer(jobHappenings(asked, jobs, stamp), asked.wait)));
  control.post('/apps', (context) => read(context, appRequest, (asked) => answer(appHappenings(asked), asked.wait)));
  control.post('/faults', (context) =>
    read(context, faultRequest, (fault) => {
      faults.add(fault);
      return new Response(null, { status: 204 });
    }),
  );
  control.delete('/faults', () => {
    faults.clear();
    return new Response(null, { status: 204 });
  });
  control.get('/sent', () => json(200, sent));
  return control;
}

async function read<S extends z.ZodType>(
  context: Parameters<typeof readJson>[0],
  schema: S,
  then: (asked: z.output<S>) => Response | Promise<Response>,
): Promise<Response> {
  const body = await readJson(context);
  if (!body.ok) return refusal(400, body.message);
  const asked = schema.safeParse(body.value);
  return asked.success ? then(asked.data) : refusal(400, describeIssues(asked.error));
}

function jobHappenings(asked: JobRequest, onRecord: JobsOnRecord, stamp: () => number): Made {
  const { times, webhook, state, job_id, dataset_id, failures } = asked;
  const nowUs = stamp();
  const given: JsonObject = {
    ...fieldsOf(asked),
    ...(dataset_id !== undefined && { input: { ...asked.input, dataset_id } }),
    ...(failures && {
      failures: failures.map((one) => (typeof one === 'string' ? failure(one, zoneless(nowUs)) : one)),
    }),
  };
  const known = job_id === undefined ? undefined : onRecord.find(job_id);
  if (job_id !== undefined && times > 1) return { ok: false, status: 400, message: 'times: one job comes to a state once' };
  if (known && state === undefined) return { ok: false, status: 400, message: `state: say what state job ${job_id} comes to` };
  if (known && hasEnded(String(known.state))) {
    const message = `job ${job_id} is ${String(known.state)}, and what has ended changes no more: leave job_id out for a new job`;
    return { ok: false, status: 409, message };
  }
  const made = known
    ? [nextState(known, state ?? '', nowUs, given)]
    : Array.from({ length: times }, () => newJob(state ?? 'pending', nowUs, given));
  return { ok: true, jobs: made, happenings: made.map((job) => ({ ...unplanned, kind: 'job', job, webhook })) };
}

/** Those that are a job's as they stand. */
function fieldsOf({ job_id, type, input, result, request_source, executor, data_plane_id, idempotency_key }: JobRequest) {
  const fields = { job_id, type, input, result, request_source, executor, data_plane_id, idempotency_key };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function appHappenings({ times, webhook, ...asked }: AppRequest): Made {
  const happening: Happening = {
    ...unplanned,
    kind: 'app',
    appId: asked.app_id,
    eventType: asked.event_type,
    datasetId: asked.dataset_id,
    connectionId: asked.connection_id ?? randomUUID(),
    profileId: asked.profile_id ?? randomUUID(),
    payload: asked.payload,
    webhook,
  };
  return { ok: true, happenings: Array.from({ length: times }, () => happening) };
}

const unplanned = { atMs: 0, burst: null, note: null };
