/** The form of scenario files. In an error text here, what follows a line break is the hint. */
import { z } from 'zod';
import { appTypeParts } from '../event/parse-app.ts';
import { timeOfDay } from '../rules/schema-values.ts';

const spanForms = 'such as 45s, 20m, 3h50m or 0s';

/** A stretch of story time, in one or several units, the larger ones first. */
export const span = z
  .string({ error: `a time is numbers with d, h, m or s\n${spanForms}` })
  .regex(/^(?=\d)(?:\d{1,3}d)?(?:\d{1,4}h)?(?:\d{1,5}m)?(?:\d{1,6}s)?$/, `a time is numbers with d, h, m or s\n${spanForms}`);

/** The smallest first. */
const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of what `span` accepted. */
export function spanMs(text: string): number {
  return [...text.matchAll(/(\d+)([dhms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit!]!, 0);
}

/** The inverse, for whole seconds. */
export function spanText(ms: number): string {
  let leftMs = ms;
  const parts = Object.entries(unitMs)
    .toReversed()
    .map(([unit, size]) => {
      const count = Math.floor(leftMs / size);
      leftMs -= count * size;
      return count === 0 ? '' : `${count}${unit}`;
    });
  return parts.join('') || '0s';
}

const oneLine = z.string().regex(/^\S(?:.{0,998}\S)?$/, 'must be one line of at most 1,000 characters');
/** An id of any form, or a number. */
const id = z.union([z.string().min(1), z.number()], { error: 'must be text or a number' }).transform(String);
const datasetId = z.int('must be a whole number').positive('must be a whole number over 0');
const list = <Item extends z.ZodType>(item: Item) => z.array(item).min(1, 'is empty: list at least one, or leave it out for all');

const secret = z.strictObject(
  {
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'env takes the name of an environment variable: letters, digits and _')
      .describe('Name of the environment variable that holds it (or NAME_FILE, the path of a file that does).'),
  },
  { error: 'must say where the secret is\nwrite { env: NAME } and set that variable' },
);

export const subscription = z.strictObject({
  name: oneLine.optional().describe('As Narrative lists it.'),
  url: z
    .string()
    .refine((text) => /^https?:\/\/[^\s/]/.test(text) && URL.canParse(text), 'must be an http(s) URL')
    .optional()
    .describe('Where it sends to. Default: `--webhook-url`.'),
  secret: secret
    .optional()
    .describe(
      '`{ env: NAME }`, the variable that holds it, or `NAME_FILE` the path of a file that does. Default: that of `--secret-env`, or `NARRATIVE_WEBHOOK_SECRET` where that is set, else made up and shown.',
    ),
  job_ids: list(id).optional().describe('Jobs that it asks for. Default: all.'),
  job_types: list(oneLine)
    .optional()
    .describe('Types of jobs, those that Narrative documents or that are in this file. Default: all.'),
  states: list(oneLine).optional().describe('States of jobs, those that Narrative documents. Default: all.'),
  app_id: id.optional().describe('It asks for the events of this connector, and not for jobs.'),
});

/** How one webhook goes wrong. */
const wish = z.strictObject({
  delay: span.optional().describe('Sent so much later than it happened.'),
  again_after: span.optional().describe('Sent once more, byte for byte, so much after the first time.'),
  lost: z.boolean().optional().describe('Never sent.'),
});

export const failure = z.strictObject({
  message: z.string().min(1, 'is empty').describe('What the job says of its failure.'),
  exception: oneLine.optional().describe('Class of the exception. Default: java.lang.RuntimeException.'),
  frames: z
    .int('must be a whole number')
    .min(0, 'must be 0 or more')
    .max(20_000, 'must be at most 20000')
    .optional()
    .describe('Length of the stack trace. Default: 12; 1100 make more than 64 KB. All jobs together: at most 1,000,000.'),
});

const failureForms = 'a name under "failures:", a message in quotes, or { message: … }';
const anyFailure = z.union([z.string().min(1), failure], { error: `must say what went wrong\nby ${failureForms}` });

const value: z.ZodType<unknown> = z.unknown();
const anyObject = z.record(z.string(), value, { error: 'must be a mapping (key: value)' });

export const job = z.strictObject({
  at: span.describe('When it is asked for, after the beginning of the story.'),
  type: oneLine.describe('Such as `materialize-view`.'),
  id: id.optional().describe('Its `job_id`. Default: made up.'),
  dataset_id: datasetId.optional().describe('The dataset of its input.'),
  data_plane_id: id.optional().describe('Where it runs.'),
  input: anyObject.optional().describe('More of its input, such as `nql`.'),
  by: z
    .union([oneLine, datasetId], { error: 'must be the name of a process, or the number of a user' })
    .optional()
    .describe('Who asks for it: the name of a process, or the number of a user. Default: `scheduler`.'),
  queued: span.optional().describe('From `pending` to `running`. Default: 1m.'),
  took: span.optional().describe('From `running` to its end. Default: 5m.'),
  fails: z
    .union([anyFailure, z.array(anyFailure).min(1, 'is empty')], { error: `must say what went wrong\nby ${failureForms}` })
    .optional()
    .describe(
      'It fails: a name of `failures`, a message of several words, `{ message: … }`, or a list of these. Default: it completes.',
    ),
  cancelled: z.boolean().optional().describe('It is cancelled half way.'),
  hangs: z.boolean().optional().describe('It begins to run, and is not heard of again.'),
  only: list(oneLine).optional().describe('Only these of its states happen in the story. Default: all.'),
  webhooks: z.record(z.string(), wish).optional().describe('By state, how its webhook goes wrong: see `webhook`.'),
  count: z
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(10_000, 'must be at most 10000')
    .optional()
    .describe('So many jobs of this kind; `dataset_id` counts up from one to the next. Default: 1.'),
  within: span.optional().describe('From the first of them to the last. Default: 0s.'),
  at_once: z.boolean().optional().describe('Their webhooks come all together, when the last of them is there.'),
  note: oneLine.optional().describe('For people who watch, about its end.'),
});

export const app = z.strictObject({
  at: span.describe('When it happens, after the beginning of the story.'),
  app_id: id.describe('Of the connector: 8 is Facebook.'),
  event: oneLine
    .refine(
      (type) => appTypeParts(type) !== null,
      'must be <connector>.<category>.<status>\nsuch as facebook.audience.delivery.failed',
    )
    .describe('Such as `facebook.audience.delivery.failed`.'),
  dataset_id: datasetId.describe('What was to be delivered.'),
  connection: id.optional().describe('Default: made up, the same for the same connector and dataset.'),
  profile: id.optional().describe('Default: made up, the same for the same connector.'),
  payload: anyObject.optional().describe('What the connector says, such as `{ error: … }`.'),
  webhook: wish.optional().describe('How its webhook goes wrong: `delay: 4m`, `again_after: 6m`, `lost: true`.'),
  note: oneLine.optional().describe('For people who watch.'),
});

export const stranger = z.strictObject({
  at: span.describe('When it comes, after the beginning of the story.'),
  body: anyObject.describe('What is sent. It gets an `id` if it has none.'),
  signed_with: z
    .string()
    .min(1)
    .optional()
    .describe("What a forger takes for the secret; he does not insist. Default: the subscription's own."),
  note: oneLine.optional().describe('For people who watch.'),
});

const wholeFile = z.strictObject({
  version: z.literal(1).describe('Of this format: 1.'),
  begins: timeOfDay.optional().describe('Time of day, UTC, at which the story begins. Default: it begins now.'),
  lasts: span.optional().describe('Of the story, at least until its last webhook. Default: until then.'),
  seed: z.int('must be a whole number').optional().describe('For the same number, what is made up is the same. Default: 1.'),
  subscriptions: z
    .array(subscription)
    .optional()
    .describe('Those there are when it begins. Default: one for all jobs at `--webhook-url`.'),
  failures: z.record(z.string(), failure).optional().describe('What goes wrong, by name.'),
  jobs: z.array(job).optional().describe('Each goes through its states.'),
  apps: z.array(app).optional().describe("Connectors' events."),
  strangers: z.array(stranger).optional().describe('What comes to a public URL besides events; once to each URL.'),
});

export const scenarioFile = wholeFile.refine(
  ({ jobs = [], apps = [], strangers = [] }) => jobs.length + apps.length + strangers.length > 0,
  'nothing happens in this scenario\nlist jobs, apps or strangers, such as jobs: [{ at: 5s, type: materialize-view, dataset_id: 10736 }]',
);

export type ParsedScenario = z.output<typeof scenarioFile>;
export type ParsedSubscription = NonNullable<ParsedScenario['subscriptions']>[number];
export type ParsedJob = NonNullable<ParsedScenario['jobs']>[number];
export type ParsedApp = NonNullable<ParsedScenario['apps']>[number];
export type ParsedStranger = NonNullable<ParsedScenario['strangers']>[number];
export type ParsedFailure = z.output<typeof failure>;
export type ParsedWish = z.output<typeof wish>;
