/** Webhooks as Narrative sends them, for the tests of the HTTP edge. */
import { secret, signatureOf, type RelayUnderTest } from './relay-under-test.ts';

export interface EventSketch {
  id?: string;
  jobId?: string;
  state?: string;
  updatedAt?: string;
  message?: string;
}

export function jobBody(sketch: EventSketch = {}): string {
  const { id = 'whe-1', jobId = 'job-1', state = 'failed', updatedAt = '2026-03-02T09:12:00.000001', message } = sketch;
  const failures = message === undefined ? [] : [{ message, timestamp: updatedAt }];
  const data = { job_id: jobId, state, type: 'materialize-view', input: { dataset_id: 10736 }, updated_at: updatedAt, failures };
  return JSON.stringify({ id, type: `job.${state}`, created_at: updatedAt, data });
}

export interface PostOptions {
  /** Default: the common address. */
  path?: string;
  /** Besides the content type. Default: a valid `X-Narrative-Signature`. */
  headers?: Record<string, string>;
}

export function post(
  relay: Pick<RelayUnderTest, 'url'>,
  body: string | Uint8Array,
  options: PostOptions = {},
): Promise<Response> {
  const { path = '/webhooks/narrative', headers = { 'x-narrative-signature': signatureOf(body, secret) } } = options;
  return fetch(relay.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}

/** Posts, and returns status and body. */
export async function answerTo(...request: Parameters<typeof post>): Promise<{ status: number; [field: string]: unknown }> {
  const response = await post(...request);
  const { status: said, ...rest } = (await response.json()) as Record<string, unknown>;
  return { ...rest, status: response.status, said };
}
