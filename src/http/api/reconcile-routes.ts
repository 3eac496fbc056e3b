/** `/api/v1/reconciliations`: runs that look for events whose webhooks never came. Times are ISO 8601. */
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { MissedState, Reconciler, Run } from '../../narrative/reconciliation.ts';
import type { Clock, Log } from '../../ports.ts';
import { problem } from '../problem.ts';
import type { RequestReader } from '../read-request.ts';
import { json, parseStrictly, readJson, wrongFields } from './json.ts';
import { parseReconciliation } from './reconcile-request.ts';

export interface ReconcileRoutesOptions {
  reader: RequestReader;
  reconciler: Reconciler;
  clock: Clock;
  log: Log;
}

const path = '/reconciliations';
const maxListed = 50;
const maxMissed = 500;
/** After which some of the runs that wait may be over, seconds. */
const busyS = 60;

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most,
      `is no whole number from ${least} to ${most}`,
    )
    .transform(Number);

const missedQuery = z.strictObject({
  after: wholeNumber(0, 999_999_999).default(0),
  limit: wholeNumber(1, maxMissed).default(maxMissed),
});

export function addReconcileRoutes(api: Hono, { reader, reconciler, clock, log }: ReconcileRoutesOptions): void {
  api.get(path, () => json(200, { reconciliations: reconciler.list(maxListed).map(answerOf) }));

  api.post(path, async (context) => {
    const body = await readJson(reader, context);
    if (!body.ok) return body.refusal;
    const parsed = parseReconciliation(body.value, clock.now());
    if (!parsed.ok) return parsed.refusal;
    const { begins, ...request } = parsed.value;
    const asked = reconciler.request(request);
    switch (asked.kind) {
      case 'off':
        return problem(409, asked.detail);
      case 'busy':
        return problem(429, asked.detail, { 'retry-after': String(busyS) });
      case 'wrong':
        return wrongFields([`${asked.field === 'from' ? begins : asked.field}: ${asked.detail}`]);
      case 'started':
        return json(202, answerOf(asked.run), { location: `/api/v1${path}/${asked.run.id}` });
    }
  });

  api.get(`${path}/:id`, (context) => found(reconciler.find(idOf(context))));

  api.delete(`${path}/:id`, (context) => {
    const id = idOf(context);
    const wasRunning = reconciler.find(id)?.status === 'running';
    const run = reconciler.cancel(id);
    if (wasRunning) log.info({ run: id }, 'reconciliation cancelled by an operator');
    return found(run);
  });

  api.get(`${path}/:id/missed`, (context) => {
    const query = parseStrictly(missedQuery, context.req.query());
    if (!query.ok) return query.refusal;
    const id = idOf(context);
    if (reconciler.find(id) === null) return found(null);
    const { after, limit } = query.value;
    // One more than is shown tells whether there is more.
    const missed = reconciler.missed(id, after, limit + 1);
    const shown = missed.slice(0, limit);
    return json(200, {
      missed: shown.map(missedAnswerOf),
      next: missed.length > limit ? shown.at(-1)!.n : null,
    });
  });

  api.all(path, () => problem(405, 'Reconciliations are listed with GET and begun with POST.', { allow: 'GET, HEAD, POST' }));
  api.all(`${path}/:id`, () =>
    problem(405, 'A reconciliation is shown with GET and cancelled with DELETE.', { allow: 'GET, HEAD, DELETE' }),
  );
  api.all(`${path}/:id/missed`, () => problem(405, 'What was missed is read with GET.', { allow: 'GET, HEAD' }));
}

const idOf = (context: Context) => context.req.param('id') ?? '';

function found(run: Run | null): Response {
  return run === null
    ? problem(404, 'There is no reconciliation of this id. GET /api/v1/reconciliations lists the latest.')
    : json(200, answerOf(run));
}

function answerOf(run: Run) {
  const { id, trigger, apply, subscription, status, detail, jobs, missing, taken, unreadable } = run;
  return {
    id,
    trigger,
    apply,
    from: iso(run.fromMs),
    until: iso(run.untilMs),
    lookback_s: run.lookbackMs / 1000,
    subscription,
    status,
    detail,
    started_at: iso(run.startedMs),
    finished_at: run.finishedMs === null ? null : iso(run.finishedMs),
    jobs,
    jobs_in_all: run.jobsInAll,
    missing,
    taken,
    unreadable,
  };
}

function missedAnswerOf({ jobId, state, jobType, datasetId, atMs, subscription, eventId }: MissedState) {
  return {
    job_id: jobId,
    state,
    job_type: jobType,
    dataset_id: datasetId,
    updated_at: iso(atMs),
    subscription,
    event_id: eventId,
  };
}

const iso = (ms: number) => new Date(ms).toISOString();
