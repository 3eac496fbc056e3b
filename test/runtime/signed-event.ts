import { proofOf } from '../../src/demo/sender.ts';

export const secret = 'runtime-test-webhook-secret-not-real';

/** A failed job with an id of its own, as Narrative would tell of it. `message` is its failure's. */
export function failedJob(id: string, message = 'out of memory'): Uint8Array {
  const at = '2026-01-05T09:00:00.000000';
  const data = {
    job_id: `job-${id}`,
    state: 'failed',
    type: 'datasets_deliver_data',
    input: { dataset_id: 10736 },
    created_at: at,
    updated_at: at,
    failures: [{ message, timestamp: at }],
  };
  return new TextEncoder().encode(JSON.stringify({ id, type: 'job.failed', created_at: at, data }));
}

/** Posts a signed body to the relay at `url`. */
export function post(url: string, body: Uint8Array): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...proofOf('hmac-sha256', secret, { id: '', body }, 0) };
  return fetch(`${url}/webhooks/narrative`, { method: 'POST', headers, body });
}
