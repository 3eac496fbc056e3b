/** Reconciliations as operators are shown them. Times are ISO 8601. */
import { z } from 'zod';
import type { MissedState, Run } from '../../narrative/reconciliation.ts';
import { iso, isoOrNull } from '../../operate/text.ts';

export const runView = z
  .strictObject({
    id: z.string().meta({ examples: ['rec_1M7ZPRB9M00'] }),
    trigger: z.enum(['start', 'schedule', 'operator']).meta({ description: 'Who asked for it' }),
    apply: z.boolean(),
    from: z.string(),
    until: z.string(),
    lookback_s: z.number(),
    subscription: z.string().nullable().meta({ description: 'null: each' }),
    status: z.enum(['running', 'done', 'failed', 'cancelled']),
    detail: z.string().nullable().meta({ description: 'Why it failed, what it waits for, what may be missing from it' }),
    started_at: z.string(),
    finished_at: z.string().nullable(),
    jobs: z.number().meta({ description: 'Looked at so far' }),
    jobs_in_all: z.number().nullable().meta({ description: 'null: Narrative does not say' }),
    missing: z.number().meta({ description: 'States that never arrived' }),
    taken: z.number(),
    unreadable: z.number().meta({ description: "Records of Narrative's that could not be read" }),
  })
  .meta({ id: 'Reconciliation' });

export const runList = z.strictObject({ reconciliations: z.array(runView) }).meta({ id: 'ReconciliationList' });

const missedView = z
  .strictObject({
    job_id: z.string(),
    state: z.string(),
    job_type: z.string(),
    dataset_id: z.string().nullable(),
    updated_at: z.string(),
    subscription: z.string(),
    event_id: z.string().nullable().meta({ description: 'The event that it became' }),
  })
  .meta({ id: 'MissedState' });

export const missedPage = z
  .strictObject({
    missed: z.array(missedView),
    next: z.number().nullable().meta({ description: 'For `after` of the next page; null: there is nothing more so far' }),
  })
  .meta({ id: 'MissedPage' });

export function runViewOf(run: Run): z.input<typeof runView> {
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
    finished_at: isoOrNull(run.finishedMs),
    jobs,
    jobs_in_all: run.jobsInAll,
    missing,
    taken,
    unreadable,
  };
}

export function missedViewOf(missed: MissedState): z.input<typeof missedView> {
  const { jobId, state, jobType, datasetId, atMs, subscription, eventId } = missed;
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
