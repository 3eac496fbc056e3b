/** What may be asked of the simulator itself. Unknown keys are errors: a word that is misspelled would do nothing. */
import { z } from 'zod';
import type { JsonObject } from '../event/json.ts';
import { isObject } from '../event/json.ts';
import { duration, durationMs } from '../rules/schema-values.ts';
import type { ApiFault } from './faults.ts';
import type { WebhookWish } from './timeline.ts';

const object = z.custom<JsonObject>(isObject, 'must be an object');
const ms = duration.transform(durationMs);
const id = z.union([z.string().min(1), z.int().nonnegative(), z.bigint()]).transform(String);

const webhook = z
  .strictObject({ delay: ms.default(0), again_after: ms.nullable().default(null), lost: z.boolean().default(false) })
  .prefault({})
  .transform(({ delay, again_after, lost }): WebhookWish => ({ delayMs: delay, againAfterMs: again_after, lost }));

/** So many happen at once. */
const times = z.int().min(1).max(1_000).default(1);
/** Whether the answer waits for the webhooks. */
const wait = z.boolean().default(true);

export const jobRequest = z.strictObject({
  times,
  wait,
  webhook,
  /** Of one on record: it comes to a state. Of any other, or without it: a new one. */
  job_id: z.string().min(1).optional(),
  state: z
    .string()
    .regex(/^[a-z_-]+$/, 'must be a state, such as failed')
    .optional(),
  /** Short for `input.dataset_id`. */
  dataset_id: z.union([z.int(), z.bigint()], 'must be a whole number').optional(),
  failures: z.array(z.union([z.string(), object], 'must be a text, or an object with a message')).optional(),
  type: z.string().min(1).optional(),
  input: object.optional(),
  result: object.nullable().optional(),
  request_source: object.optional(),
  executor: z.string().nullable().optional(),
  data_plane_id: z.string().nullable().optional(),
  idempotency_key: z.string().optional(),
});

export type JobRequest = z.infer<typeof jobRequest>;

export const appRequest = z.strictObject({
  times,
  wait,
  webhook,
  app_id: id,
  event_type: z
    .string()
    .regex(/^[^.]+\..+\.[^.]+$/, 'must be <connector>.<category>.<status>, such as s3.audience.delivery.failed'),
  dataset_id: z.int().nonnegative().default(10_736),
  connection_id: z.string().min(1).optional(),
  profile_id: z.string().min(1).optional(),
  payload: object.default({}),
});

export type AppRequest = z.infer<typeof appRequest>;

const common = {
  times,
  path: z.string().startsWith('/', 'must begin with a slash, such as /jobs').nullable().default(null),
};
const takes_effect = z.boolean().default(false);

/** One of `status`, `hang`, `reset` and `html`. */
export const faultRequest = z.union(
  [
    z
      .strictObject({ ...common, status: z.int().min(200).max(599), retry_after: z.int().nonnegative().nullable().default(null) })
      .transform(({ times, path, status, retry_after }): ApiFault => ({
        times,
        path,
        kind: 'status',
        status,
        retryAfterS: retry_after,
      })),
    z
      .strictObject({ ...common, hang: z.literal(true), takes_effect })
      .transform(({ times, path, takes_effect }): ApiFault => ({ times, path, kind: 'hang', takesEffect: takes_effect })),
    z
      .strictObject({ ...common, reset: z.literal(true), takes_effect })
      .transform(({ times, path, takes_effect }): ApiFault => ({ times, path, kind: 'reset', takesEffect: takes_effect })),
    z
      .strictObject({ ...common, html: z.literal(true) })
      .transform(({ times, path }): ApiFault => ({ times, path, kind: 'html' })),
  ],
  'must be {"status": 429, "retry_after": 2}, {"hang": true}, {"reset": true} or {"html": true}, with "times" and "path"; "takes_effect" with hang and reset',
);
