import { proofOf } from '../../src/simulator/signing.ts';

export const secret = 'runtime-test-webhook-secret-not-real';

export interface JobEvent {
  /** The webhook's; that of the job is made from it. */
  id: string;
  state: 'failed' | 'completed';
  /** Default 10736. */
  datasetId?: number;
  /** When it happened, minutes after nine. Default 0. */
  minute?: number;
  /** What a failure says. */
  message?: string;
}

/** A job that ended, as Narrative would tell of it. */
export function jobEvent({ id, state, datasetId = 10736, minute = 0, message = 'out of memory' }: JobEvent): Uint8Array {
  const at = `2026-01-05T09:${String(minute).padStart(2, '0')}:00.000000`;
  const data = {
    job_id: `job-${id}`,
    state,
    type: 'datasets_deliver_data',
    input: { dataset_id: datasetId },
    created_at: at,
    updated_at: at,
    failures: state === 'failed' ? [{ message, timestamp: at }] : [],
  };
  return new TextEncoder().encode(JSON.stringify({ id, type: `job.${state}`, created_at: at, data }));
}

/** A failed job with an id of its own. `message` is its failure's. */
export function failedJob(id: string, message?: string): Uint8Array {
  return jobEvent({ id, state: 'failed', ...(message === undefined ? {} : { message }) });
}

/** Posts a signed body to the relay at `url`. */
export function post(url: string, body: Uint8Array): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...proofOf({ scheme: 'hmac-sha256' }, secret, { id: '', body }, 0) };
  return fetch(`${url}/webhooks/narrative`, { method: 'POST', headers, body });
}
