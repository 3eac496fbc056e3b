/** Events, and what destinations answer, for the tests of the store and the outbox. */
import type { AttemptOutcome } from '../../src/destination/destination.ts';
import { parseBody } from '../../src/event/parse.ts';
import type { Plan } from '../../src/rules/plan.ts';
import type { RuleSummary } from '../../src/rules/rule.ts';
import type { Arrival, Router } from '../../src/store/arrival.ts';

/** 2026-03-02T09:12:05Z. */
export const startMs = Date.UTC(2026, 2, 2, 9, 12, 5);
export const lifetimeMs = 24 * 3_600_000;

export const delivered: AttemptOutcome = { kind: 'delivered', detail: '200 OK' };
export const refused: AttemptOutcome = { kind: 'rejected', reason: 'payload', detail: 'invalid_blocks' };
export const broken: AttemptOutcome = { kind: 'destination-broken', reason: 'channel', detail: 'channel_not_found' };
export const unanswered: AttemptOutcome = { kind: 'ambiguous', reason: 'timeout', detail: 'no answer in 10 s' };
export const unknownAnswer: AttemptOutcome = { kind: 'retry', reason: 'unknown-answer', detail: 'status 418' };
export const rateLimited = (afterMs: number): AttemptOutcome => ({
  kind: 'retry',
  reason: 'rate-limited',
  detail: '429',
  afterMs,
});
export const unreachable: AttemptOutcome = { kind: 'retry', reason: 'network', detail: 'ECONNREFUSED' };

export interface ArrivalSketch {
  to: string[];
  subject?: string;
  key?: string;
  jobId?: string;
  state?: string;
  updatedAt?: string;
}

let made = 0;

/** An event whose own input says where the router below sends it. */
export function arrivalOf(sketch: ArrivalSketch): Arrival {
  const { to, subject = '10736', jobId = `job-${++made}`, state = 'failed', updatedAt = '2026-03-02T09:12:00.5' } = sketch;
  const job = { job_id: jobId, state, type: 'materialize-view', updated_at: updatedAt, input: { to, dataset_id: subject } };
  const body = new TextEncoder().encode(JSON.stringify({ type: `job.${state}`, data: job }));
  const parsed = parseBody(body);
  if (parsed.kind !== 'event') throw new Error(`the example is no event: ${parsed.why}`);
  return {
    subscription: 'production',
    scheme: 'hmac-sha256',
    idempotencyKey: sketch.key ?? `key-${++made}`,
    event: parsed.event,
    why: null,
    contentType: 'application/json',
    body,
  };
}

/** A rule that sends each event as it comes. */
export function ruleSending(name: string, to: string[]): RuleSummary {
  const place = { file: 'rules.yaml', line: 1, col: 1 };
  const send = to.map((each) => ({ to: each, severity: null, change: false, broadcast: false, message: null }));
  return { name, place, stop: false, trigger: { kind: 'event' }, incident: null, send };
}

/** Sends each event where its `job.input.to` says; the subject is its dataset. */
export function planByInput({ narrative }: Parameters<Router['plan']>[0]): Plan {
  const to = narrative.kind === 'job' ? (narrative.job.input.to as string[]) : [];
  const subject = (narrative.kind === 'job' ? narrative.job.dataset_id : null) ?? '';
  const deliveries = to.map((destination) => ({
    destination,
    rule: 'by-input',
    merged: [],
    severity: 'error' as const,
    change: false,
    broadcast: false,
    message: null,
    act: null,
  }));
  const part = partOf(narrative);
  const matched = [ruleSending('by-input', to)];
  return {
    rules: ['by-input'],
    subject,
    subjectFellBack: false,
    part,
    deliveries,
    matched,
    timed: [],
    usual: 'error',
    owners: [],
  };
}

function partOf(narrative: Parameters<Router['plan']>[0]['narrative']): Plan['part'] {
  const state = narrative.kind === 'job' ? narrative.job.state : '';
  if (state === 'failed') return 'opens';
  return state === 'completed' ? 'closes' : null;
}
