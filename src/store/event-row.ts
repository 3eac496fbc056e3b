/** From an event and what the rules plan for it to its row in the store. */
import { datasetOf, hasEnded, stateOf, type Job, type NarrativeEvent } from '../event/event.ts';
import { believableEnd } from '../event/happened.ts';
import { timestampUs } from '../event/time.ts';
import type { Plan } from '../rules/plan.ts';
import type { NewEvent } from './events.ts';

interface Told extends Pick<NewEvent, 'subscription' | 'idempotencyKey' | 'scheme' | 'contentType' | 'body' | 'replayOf'> {
  event: NarrativeEvent | null;
  why: string | null;
}

/** `plan: null`: it goes into quarantine. */
export function eventRow(told: Told, seq: number, now: number, rulesVersion: string, plan: Plan | null): NewEvent {
  const { event } = told;
  const job = event?.kind === 'job' ? event.job : null;
  return {
    seq,
    subscription: told.subscription,
    idempotencyKey: told.idempotencyKey,
    scheme: told.scheme,
    receivedAt: now,
    outcome: plan === null ? 'quarantined' : plan.deliveries.length > 0 ? 'routed' : 'unrouted',
    reason: plan === null ? (told.why ?? 'the rules failed on it: see the log') : null,
    kind: event?.kind ?? null,
    type: event?.type ?? null,
    state: event ? stateOf(event) : null,
    jobId: job?.id ?? null,
    jobType: job?.type ?? null,
    datasetId: event ? datasetOf(event) : null,
    updatedAtUs: job?.updated_at ? timestampUs(job.updated_at) : null,
    subject: plan?.subject ?? null,
    rules: plan?.rules ?? [],
    rulesVersion,
    contentType: told.contentType,
    body: told.body,
    replayOf: told.replayOf ?? null,
  };
}

/**
 * When a job came to its state at the earliest, µs; null: not said. An end that does not say its time is no older than the go that it
 * ended; its last change says nothing of it, for the job may have been touched since.
 */
export function earliestUs(job: Job): number | null {
  const said = hasEnded(job.state) ? (believableEnd(job) ?? job.dequeued_at ?? job.created_at) : job.updated_at;
  return said === null ? null : timestampUs(said);
}
