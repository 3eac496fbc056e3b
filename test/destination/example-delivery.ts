/** Deliveries for the destinations' tests, and the ports that those need. */
import { createHash, createHmac } from 'node:crypto';
import type { IncidentStatus, Outgoing } from '../../src/destination/destination.ts';
import type { RelayEvent, RelayFacts } from '../../src/event/event.ts';
import { parseBody } from '../../src/event/parse.ts';
import type { Hash } from '../../src/ports.ts';

export const nodeHash: Hash = {
  sha256: (text) => createHash('sha256').update(text).digest(),
  hmacSha256: (key, message) => createHmac('sha256', key).update(message).digest(),
};

/** 2026-03-02T09:12:05Z. */
export const nowMs = Date.UTC(2026, 2, 2, 9, 12, 5);
export const clock = { now: () => nowMs };
export const noSignal = new AbortController().signal;

/** A failed delivery of a dataset as Narrative sends it, `snapshot_id` beyond 2^53 and spacing that no serialiser would make. */
export const failedJobBody = `{"id":"whe-1", "type":"job.failed","created_at":"2026-03-02T09:12:00.000001",
  "data": {"job_id":"2a5b9ad7-dc8f-47bb-8e62-843a38f8054c","state":"failed","type":"datasets_deliver_data",
    "input":{"dataset_id":10736},"result":{"snapshot_id":1724919539450264600},"data_plane_id":"dp-1",
    "request_source":{"type":"api_user","company_id":1,"user_id":407},
    "created_at":"2026-03-02T09:00:00","updated_at":"2026-03-02T09:12:00.5",
    "failures":[{"message":"Access denied to bucket","timestamp":"2026-03-02T09:11:59"}]}}`;

export function delivery(changes: Partial<Outgoing> = {}): Outgoing {
  return {
    deliveryId: 'dlv_1',
    eventId: 'evt_1',
    attempt: 1,
    content: eventContent(failedJobBody),
    rule: 'deliveries-page',
    severity: 'critical',
    change: false,
    message: null,
    subject: 'datasets_deliver_data/10736',
    links: { job: 'https://example.com/jobs/{{ job.id }}' },
    note: null,
    broadcast: false,
    incident: null,
    root: null,
    owners: [],
    unsureSinceMs: null,
    ...changes,
  };
}

/** An open incident that began with the delivery's own failure, unless changed. */
export function incident(changes: Partial<IncidentStatus> = {}): IncidentStatus {
  return {
    act: 'open',
    sinceMs: Date.UTC(2026, 2, 2, 9, 12),
    lastMs: Date.UTC(2026, 2, 2, 9, 12),
    failures: 1,
    firstSaid: 'Access denied to bucket',
    lastSaid: 'Access denied to bucket',
    endedMs: null,
    ...changes,
  };
}

/** Three failures, over 42 minutes after the first. */
export function recovered(changes: Partial<IncidentStatus> = {}): IncidentStatus {
  return incident({
    act: 'recover',
    lastMs: Date.UTC(2026, 2, 2, 9, 40),
    failures: 3,
    lastSaid: 'Out of memory',
    endedMs: Date.UTC(2026, 2, 2, 9, 54),
    ...changes,
  });
}

/** The job's next run went well. */
export function completedContent(): Outgoing['content'] {
  const event = JSON.parse(failedJobBody) as { data: object };
  const data = { ...event.data, state: 'completed', failures: [], ended_at: '2026-03-02T09:54:00' };
  return eventContent(JSON.stringify({ ...event, type: 'job.completed', data }));
}

/** The relay about itself. */
export function relayContent(changes: Partial<RelayFacts> = {}): Outgoing['content'] {
  const relay: RelayFacts = {
    topic: 'destination-parked',
    state: 'failed',
    about: 'data-eng',
    detail: 'destination data-eng takes nothing: channel_not_found',
    ...changes,
  };
  const narrative: RelayEvent = {
    kind: 'relay',
    type: `relay.${relay.topic}`,
    narrative_id: null,
    subscription_id: null,
    company_id: null,
    created_at: '2026-03-02T09:12:00Z',
    relay,
  };
  const received = { id: 'evt_1', subscription: '', receivedAtMs: nowMs, narrative };
  return { kind: 'event', received, body: new TextEncoder().encode(JSON.stringify(relay)), contentType: 'application/json' };
}

export function eventContent(body: string, contentType = 'application/json'): Outgoing['content'] {
  const bytes = new TextEncoder().encode(body);
  const parsed = parseBody(bytes);
  if (parsed.kind !== 'event') throw new Error(`the example is no event: ${parsed.why}`);
  const received = { id: 'evt_1', subscription: 'production', receivedAtMs: nowMs, narrative: parsed.event };
  return { kind: 'event', received, body: bytes, contentType };
}

/** The failed job with these failures instead. */
export function failedWith(...messages: string[]): Outgoing['content'] {
  const body = JSON.parse(failedJobBody) as { data: { failures: unknown } };
  body.data.failures = messages.map((message) => ({ message, timestamp: '2026-03-02T09:11:59' }));
  return eventContent(JSON.stringify(body));
}

export const notice: Outgoing['content'] = {
  kind: 'notice',
  title: 'destination data-eng is broken',
  text: 'channel_not_found',
  occurredAtMs: nowMs,
};
