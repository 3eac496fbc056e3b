import type { NewEvent } from '../../src/store/events.ts';
import type { DeliverySpec, NewDelivery } from '../../src/store/deliveries.ts';
import { lifetimeMs, startMs } from '../outbox/examples.ts';

/** Rows as the ledger writes them. */
export function newEvent(changes: Partial<NewEvent> & { seq: number }): NewEvent {
  return {
    subscription: 'production',
    idempotencyKey: `key-${changes.seq}`,
    scheme: 'hmac-sha256',
    receivedAt: startMs,
    outcome: 'routed',
    reason: null,
    kind: 'job',
    type: 'job.failed',
    state: 'failed',
    jobId: `job-${changes.seq}`,
    jobType: 'materialize-view',
    datasetId: '10736',
    updatedAtUs: 1_772_442_720_000_000,
    subject: '10736',
    rules: [],
    rulesVersion: 'v1',
    contentType: 'application/json',
    body: new TextEncoder().encode('{}'),
    ...changes,
  };
}

export const spec: DeliverySpec = {
  rule: 'r',
  merged: [],
  severity: 'error',
  change: false,
  message: null,
  note: null,
  fallback: null,
};

export function newDelivery(changes: Partial<NewDelivery> & { eventSeq: number }): NewDelivery {
  return {
    n: 1,
    destination: 'chat',
    subject: 's',
    createdAt: startMs,
    expiresAt: (changes.createdAt ?? startMs) + lifetimeMs,
    spec,
    ...changes,
  };
}
