/** `tests`: events as Narrative would send them, and what the rules should make of them. */
import { z } from 'zod';
import { appTypeParts } from '../event/parse-app.ts';
import { relayTopics } from './relay-events.ts';

const open = z.record(z.string(), z.unknown()).exactOptional();
const id = z.union([z.string(), z.number()], { error: 'must be text or a number' }).exactOptional();
const text = z.string().exactOptional();

const testEvent = z
  .strictObject({
    subscription: text.describe('Name of the subscription it comes by. Default: the first.'),
    state: text.describe('Job event: its state. Event of the relay: failed or completed.'),
    type: text.describe('Job event: the job type.'),
    job_id: id.describe('Job event: the job.'),
    input: open.describe('Job event: what the job was given, such as { dataset_id: 10736 }.'),
    result: z.unknown().exactOptional().describe('Job event: what came of it.'),
    failures: z.array(z.unknown()).exactOptional().describe('Job event: such as [{ message: out of memory }].'),
    request_source: open.describe('Job event: such as { type: api_user, user_name: Example }.'),
    data_plane_id: id.describe('Job event: where it ran.'),
    executor: text.describe('Job event: what ran it.'),
    idempotency_key: text.describe('Job event: the key of the job.'),
    created_at: text.describe('When it was created. ISO 8601; UTC without a zone.'),
    updated_at: text.describe('Job event: when it last changed.'),
    dequeued_at: text.describe('Job event: when it started.'),
    ended_at: text.describe('Job event: when it ended. job.duration_s runs from its start to this.'),
    reconciled: z
      .boolean()
      .exactOptional()
      .describe('Job event: true for one whose webhook never came, found in Narrative’s job list.'),
    event_type: text.describe('App event: its type, such as facebook.audience.delivery.failed.'),
    app_id: id.describe('App event: the connector app, where its name does not tell.'),
    profile_id: id.describe('App event: the profile.'),
    connection_id: id.describe('App event: the connection.'),
    dataset_id: id.describe('App event: the dataset. For a job write input: { dataset_id: … }.'),
    payload: z.unknown().exactOptional().describe('App event: its payload.'),
    relay: z.enum(relayTopics).exactOptional().describe('Event of the relay about itself: its topic.'),
    about: text.describe('Event of the relay: what it is about, such as the name of a destination.'),
    detail: text.describe('Event of the relay: what it says.'),
  })
  .superRefine((event, context) => {
    for (const { message, path } of faultsOf(event)) context.addIssue({ code: 'custom', message, path });
  });

type Written = {
  [Key in 'state' | 'type' | 'event_type' | 'dataset_id' | 'reconciled' | 'relay' | 'about' | 'detail']?: unknown;
};

/** Which of the three kinds of event it is, and what is wrong with it as such. */
function* faultsOf(event: Written): Iterable<{ message: string; path: string[] }> {
  const { state, type, event_type, dataset_id, reconciled, relay } = event;
  const has = (key: keyof Written) => event[key] !== undefined;
  if (relay !== undefined) {
    for (const key of ['type', 'event_type'] as const) {
      if (has(key)) yield { message: `an event of the relay has no ${key}\nkeep one of relay and ${key}`, path: [key] };
    }
    if (state !== 'failed' && state !== 'completed') {
      yield {
        message: 'an event of the relay is failed (the trouble begins) or completed (it is over)\nwrite one of them',
        path: ['state'],
      };
    }
  } else {
    if ((state === undefined || type === undefined) && event_type === undefined) {
      yield {
        message: 'needs state and type (a job event), event_type (an app event), or relay and state (the relay itself)',
        path: [],
      };
    }
    for (const key of ['about', 'detail'] as const) {
      if (has(key))
        yield {
          message: `belongs to events of the relay\nwrite relay: ${relayTopics.join(', ')}, or leave ${key} out`,
          path: [key],
        };
    }
  }
  if (typeof event_type === 'string' && appTypeParts(event_type) === null) {
    yield { message: 'must be connector.category.status\nsuch as facebook.audience.delivery.failed', path: ['event_type'] };
  }
  if (reconciled === true && (event_type !== undefined || relay !== undefined)) {
    yield { message: 'only jobs are in the list that reconciliation reads\nleave it out', path: ['reconciled'] };
  }
  for (const [key, value] of Object.entries({ state, type, event_type })) {
    if (value === '') yield { message: 'is empty', path: [key] };
  }
  if (event_type === undefined && dataset_id !== undefined) {
    yield { message: 'a job has its dataset in its input\nwrite input: { dataset_id: … }', path: ['dataset_id'] };
  }
}

export const test = z.strictObject({
  name: text.describe('What it shows.'),
  event: testEvent.describe('The event: Narrative’s own names, no more of them than matter.'),
  expect: z
    .strictObject({
      rules: z.array(z.string()).exactOptional().describe('Names of exactly the rules that match, in any order.'),
      to: z.array(z.string()).exactOptional().describe('Names of exactly the destinations that get it, in any order.'),
    })
    .refine(({ rules, to }) => rules !== undefined || to !== undefined, 'needs rules, to or both')
    .describe('What the rules should make of it. What is left out is not looked at.'),
});

export type ParsedTest = z.infer<typeof test>;
