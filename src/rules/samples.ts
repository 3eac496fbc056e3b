/** One event of each kind that Narrative documents and that the relay makes itself, for rendering templates before a real event does. */
import type { NarrativeEvent, RelayTopic } from '../event/event.ts';
import { relayEvent } from '../event/relay-event.ts';
import type { JsonObject } from '../event/json.ts';
import { parseWire } from '../event/parse.ts';
import { knownStates } from './facts.ts';
import { exampleDetail, relayTopics } from './relay-events.ts';

export interface Sample {
  /** Such as `a failed job without dataset`. */
  label: string;
  narrative: NarrativeEvent;
  /** Found by reconciliation. Default: false. */
  reconciled?: boolean;
}

/** Jobs in every state, with all that a job can carry and with as little as it can; app events; those of the relay itself. */
export function sampleEvents(): Sample[] {
  const jobs = knownStates.flatMap((state) => [
    { label: `a ${state} job`, wire: fullJob(state) },
    { label: `a ${state} job without dataset, times or failures`, wire: { job_id: 'sample', type: 'costs', state } },
  ]);
  const apps = ['completed', 'failed'].flatMap((status) => [
    { label: `a ${status} app event`, wire: fullApp(status) },
    { label: `a ${status} app event without ids`, wire: { event_type: `facebook.audience.delivery.${status}` } },
  ]);
  const narrative = [...jobs, ...apps].flatMap(({ label, wire }) => {
    const body = parseWire(wire);
    return body.kind === 'event' ? [{ label, narrative: body.event }] : [];
  });
  return [...narrative, ...narrative.flatMap(foundLater), ...relaySamples()];
}

function foundLater({ label, narrative }: Sample): Sample[] {
  const found = narrative.kind === 'job' && narrative.job.state === 'failed';
  return found ? [{ label: `${label}, found by reconciliation`, narrative, reconciled: true }] : [];
}

/** Topics that are about the relay as a whole. */
const aboutAll: ReadonlySet<RelayTopic> = new Set(['backlog', 'no-events', 'reconcile']);

function relaySamples(): Sample[] {
  return relayTopics.flatMap((topic) =>
    (['failed', 'completed'] as const).map((state) => {
      const about = aboutAll.has(topic) ? null : 'sample';
      const narrative = relayEvent({ topic, state, about, detail: exampleDetail(topic) }, '2026-01-05T09:12:00Z');
      return { label: `a relay event "${topic}" that is ${state === 'failed' ? 'on' : 'over'}`, narrative };
    }),
  );
}

function fullJob(state: string): JsonObject {
  const started = state !== 'pending';
  const ended = ['completed', 'failed', 'cancelled'].includes(state);
  return {
    id: 'sample-webhook-event',
    type: `job.${state}`,
    created_at: '2026-01-05T09:12:00.123456',
    data: {
      job_id: '00000000-0000-4000-8000-000000000001',
      type: 'materialize-view',
      state,
      created_at: '2026-01-05T08:59:00.000001',
      updated_at: '2026-01-05T09:12:00.000001',
      dequeued_at: started ? '2026-01-05T09:00:00.000001' : null,
      ended_at: ended ? '2026-01-05T09:12:00.000001' : null,
      executor: 'job-executor-sample',
      data_plane_id: '00000000-0000-4000-8000-000000000002',
      idempotency_key: 'sample-job-key',
      input: { dataset_id: 10736, nql: 'SELECT "value" FROM "company_data"."10674"', stats_enabled: true },
      request_source: { type: 'api_user', company_id: 1, user_id: 407, user_name: 'Sample User' },
      result: state === 'completed' ? { dataset_id: 10736, snapshot_id: 1724919539450264600n } : null,
      failures:
        state === 'failed'
          ? [{ message: 'out of memory', timestamp: '2026-01-05T09:11:59', value: { trace: 'at a\nat b' } }]
          : [],
    },
  };
}

function fullApp(status: string): JsonObject {
  return {
    event_type: `facebook.audience.delivery.${status}`,
    event_timestamp: '2026-01-05T09:12:00Z',
    context: { company_id: 1, connection_id: 'connection-1', dataset_id: 10736, profile_id: 'profile-1' },
    payload: { message: 'sample' },
  };
}
