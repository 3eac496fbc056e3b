/** `match`: which events a rule, an owner or a mute is about. */
import { z } from 'zod';
import { knownJobTypes, knownStates } from './facts.ts';
import { expression } from './schema-values.ts';

const listed = z.union([z.string().min(1), z.number()], { error: 'a list holds names (exact, or with * and ?) and numbers' });
export const list = (what: string) =>
  z
    .array(listed, { error: 'must be a list\nsuch as [a, "b_*"]' })
    .min(1, 'an empty list matches nothing\nleave the key out to match everything')
    .exactOptional()
    .describe(`${what} Any of these: exact, or globs with * and ?. Case counts.`);

const conditions = {
  states: list(`Job state (${knownStates.join(', ')}) or app status.`),
  job_types: list(`Job type, such as ${knownJobTypes.slice(0, 4).join(', ')}.`),
  job_ids: list('Job id.'),
  dataset_ids: list('Dataset id, of jobs and of app events.'),
  data_plane_ids: list('Data plane id.'),
  event_types: list('Event type, such as job.failed, facebook.audience.delivery.failed or relay.backlog.'),
  app_ids: list('Connector app id, such as 8 for Facebook.'),
  subscriptions: list('Name of the subscription in these files that the event came by.'),
  requested_by: list('Name of the user or process that started the job.'),
  kind: z
    .enum(['job', 'app', 'relay'])
    .exactOptional()
    .describe(
      'Only job events, or only app (connector) events. relay: what the relay says about itself, which nothing else matches.',
    ),
  when: expression.exactOptional(),
};

export const match = z
  .strictObject({
    ...conditions,
    not: z
      .strictObject(conditions)
      .refine((not) => Object.keys(not).length > 0, {
        error: 'has no condition, so it excludes every event\nname what it excludes, or leave not out',
        // A key that is wrong is left out here, and has been told of already.
        when: ({ issues }) => issues.length === 0,
      })
      .meta({ minProperties: 1 })
      .exactOptional()
      .describe('Excludes events that meet all of these. To exclude more, write a rule with stop: true above.'),
  })
  .describe('All keys must match. Without match, every event does, but for those of kind: relay.');

export type ParsedMatch = z.infer<typeof match>;
