/** The rules files as users write them. The descriptions are what an editor shows: see `json-schema.ts`. */
import { z } from 'zod';
import { isReservedHeader } from '../destination/reserved-headers.ts';
import { knownJobTypes, knownStates } from './facts.ts';
import { duration, expression, httpUrlText, literalOrSecret, pace, secret, severities, slug, template } from './schema-values.ts';

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, 'a header name has letters, digits and "-"');
const header = headerName.exactOptional().describe('The header to read. Without it, the usual ones for the scheme.');

const verify = z
  .discriminatedUnion('scheme', [
    z.strictObject({
      scheme: z
        .literal('auto')
        .describe('Whichever of the other schemes the request shows. The log says which, so that it can be pinned.'),
    }),
    z.strictObject({
      scheme: z.literal('hmac-sha256').describe('HMAC-SHA256 of the raw body in a header.'),
      header,
      encoding: z.enum(['hex', 'base64']).exactOptional().describe('How the digest is written. Either, when left out.'),
    }),
    z.strictObject({
      scheme: z.literal('shared-secret').describe('The secret itself in a header, or as Authorization: Bearer.'),
      header,
    }),
    z.strictObject({
      scheme: z.literal('standard-webhooks').describe('webhook-id, webhook-timestamp and webhook-signature.'),
      tolerance: duration
        .exactOptional()
        .describe('How old a signature may be. Default 7d: a sender that retries keeps the first timestamp.'),
    }),
    z.strictObject({
      scheme: z.literal('url-token').describe('The secret is the last part of the URL: for a sender that signs nothing.'),
    }),
  ])
  .describe('How events of this subscription prove where they come from.');

const subscription = z.strictObject({
  verify: verify.exactOptional(),
  secrets: z
    .array(secret)
    .min(1, 'needs at least one secret')
    .describe('Any of them proves an event. Two while you rotate, else one.'),
});

const fallback = z
  .string()
  .exactOptional()
  .describe('Name of the destination that gets what this one rejects, and hears once when this one is broken.');
const shared = { fallback, pace: pace.exactOptional() };

const slack = z
  .strictObject({
    type: z.literal('slack').describe('A Slack channel, by bot token or incoming webhook.'),
    token: secret.exactOptional().describe('Bot token (xoxb-…). Needs channel.'),
    channel: z.string().min(1).exactOptional().describe('Channel id, such as C0123ABCD. Goes with token.'),
    webhook_url: secret.exactOptional().describe('URL of an incoming webhook, instead of token and channel. It is a secret.'),
    ...shared,
  })
  .superRefine(({ token, channel, webhook_url }, context) => {
    const wrong = (message: string, path: string[] = []) => context.addIssue({ code: 'custom', message, path });
    if (token && webhook_url)
      wrong('has both token and webhook_url\nkeep one: token (with channel) can do more', ['webhook_url']);
    else if (!token && !webhook_url) wrong('needs token and channel, or webhook_url');
    else if (token && channel === undefined) wrong('needs channel, since it has token\nan id such as C0123ABCD', ['token']);
    else if (webhook_url && channel !== undefined) {
      wrong('channel has no effect with webhook_url\nan incoming webhook posts to its own channel', ['channel']);
    }
  });

const pagerduty = z.strictObject({
  type: z.literal('pagerduty').describe('A PagerDuty service, by Events API v2.'),
  routing_key: secret.describe('Integration key of an "Events API v2" integration: 32 characters.'),
  region: z.enum(['us', 'eu']).exactOptional().describe('Service region of the PagerDuty account. Default us.'),
  ...shared,
});

const http = z.strictObject({
  type: z.literal('http').describe('Another system, by HTTP.'),
  url: literalOrSecret(httpUrlText, 'an http(s) URL').describe(
    'Gets the event as it came, byte by byte. Redirects are not followed.',
  ),
  secret: secret.exactOptional().describe('Signs each request as Standard Webhooks (whsec_… or any text).'),
  method: z.enum(['POST', 'PUT', 'PATCH']).exactOptional().describe('Default POST.'),
  headers: z
    .record(
      headerName.refine((name) => !isReservedHeader(name), 'the relay sets this header itself\nleave it out'),
      literalOrSecret(z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header can hold no such characters'), 'text'),
    )
    .exactOptional()
    .describe('More headers: text, or secrets such as { env: AIRFLOW_BASIC_AUTH }.'),
  ...shared,
});

const consoleDestination = z.strictObject({ type: z.literal('console').describe('Prints alerts to the standard output.') });

const destination = z.discriminatedUnion('type', [slack, pagerduty, http, consoleDestination]);

const listed = z.union([z.string().min(1), z.number()], { error: 'a list holds names (exact, or with * and ?) and numbers' });
const list = (what: string) =>
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
  event_types: list('Event type, such as job.failed or facebook.audience.delivery.failed.'),
  app_ids: list('Connector app id, such as 8 for Facebook.'),
  subscriptions: list('Name of the subscription in these files that the event came by.'),
  requested_by: list('Name of the user or process that started the job.'),
  kind: z.enum(['job', 'app']).exactOptional().describe('Only job events, or only app (connector) events.'),
  when: expression.exactOptional(),
};

const match = z
  .strictObject({
    ...conditions,
    not: z
      .strictObject(conditions)
      .exactOptional()
      .describe('Excludes events that meet all of these. To exclude more, write a rule with stop: true above.'),
  })
  .describe('All keys must match. Without match, every event does.');

const message = z
  .strictObject({
    title: template.exactOptional().describe('One line.'),
    text: template.exactOptional().describe('The body, in the markup of the destination.'),
    fields: z.record(z.string().min(1), template).exactOptional().describe('Facts: label → template. Replaces the default ones.'),
  })
  .describe('Liquid templates over event, job and app. What is left out keeps its default wording. Values are escaped.');

const send = z.strictObject({
  to: z.string().describe('Name of a destination; console always exists.'),
  severity: z
    .enum(severities)
    .exactOptional()
    .describe('Default: error for failed, warning for cancelled, else info. The highest wins where rules meet.'),
  change: z.boolean().exactOptional().describe('PagerDuty: a change event on the timeline, which wakes nobody, not an incident.'),
  message: message.exactOptional(),
});

const sends = z
  .array(send)
  .exactOptional()
  .describe('Where it goes. [] matches and sends nothing. Left out: console, if there are no destinations.');

const rule = z.strictObject({
  name: z
    .string()
    .regex(/^\S(?:.{0,98}\S)?$/, 'a name is one line of at most 100 characters')
    .refine((name) => name !== 'unmatched', 'the name "unmatched" is taken\nby what no rule matches')
    .describe('Unique in all files. Shown with each alert that it causes.'),
  match: match.exactOptional(),
  stop: z.boolean().exactOptional().describe('true: when it matches, the rules below it in this file are not looked at.'),
  send: sends,
});

const unmatched = z
  .strictObject({
    states: list('State or status. Default [failed].'),
    send: sends,
  })
  .describe('What no rule matches.');

const open = z.record(z.string(), z.unknown()).exactOptional();
const id = z.union([z.string(), z.number()], { error: 'must be text or a number' }).exactOptional();
const text = z.string().exactOptional();

const testEvent = z
  .strictObject({
    subscription: text.describe('Name of the subscription it comes by. Default: the first.'),
    state: text.describe('Job event: its state.'),
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
    event_type: text.describe('App event: its type, such as facebook.audience.delivery.failed.'),
    app_id: id.describe('App event: the connector app, where its name does not tell.'),
    profile_id: id.describe('App event: the profile.'),
    connection_id: id.describe('App event: the connection.'),
    dataset_id: id.describe('App event: the dataset. For a job write input: { dataset_id: … }.'),
    payload: z.unknown().exactOptional().describe('App event: its payload.'),
  })
  .superRefine(({ state, type, event_type, dataset_id }, context) => {
    const isJob = state !== undefined && type !== undefined;
    if (!isJob && event_type === undefined) {
      context.addIssue({ code: 'custom', message: 'needs state and type (a job event) or event_type (an app event)' });
    }
    if (event_type !== undefined && !/^[^.]+\..+\.[^.]+$/.test(event_type)) {
      const message = 'must be connector.category.status\nsuch as facebook.audience.delivery.failed';
      context.addIssue({ code: 'custom', message, path: ['event_type'] });
    }
    for (const [key, value] of Object.entries({ state, type, event_type })) {
      if (value === '') context.addIssue({ code: 'custom', message: 'is empty', path: [key] });
    }
    if (event_type === undefined && dataset_id !== undefined) {
      const message = 'a job has its dataset in its input\nwrite input: { dataset_id: … }';
      context.addIssue({ code: 'custom', message, path: ['dataset_id'] });
    }
  });

const test = z.strictObject({
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

export const rulesFile = z
  .strictObject({
    version: z.literal(1).describe('Of this format: 1.'),
    subscriptions: z.record(slug, subscription).exactOptional().describe('Who may send events here, and how they prove it.'),
    destinations: z.record(slug, destination).exactOptional().describe('Where alerts go.'),
    defaults: z
      .strictObject({
        subject: template
          .exactOptional()
          .describe('"The thing that is broken", by which alerts belong together. Default: job type and dataset, else the job.'),
        links: z.record(z.string().min(1), template).exactOptional().describe('Links in each alert: label → template of a URL.'),
      })
      .exactOptional()
      .describe('What holds for all alerts.'),
    rules: z.array(rule).exactOptional().describe('Every rule that matches sends; one delivery per destination.'),
    unmatched: unmatched.exactOptional(),
    tests: z.array(test).exactOptional().describe('Run by "relay check".'),
  })
  .meta({ title: 'narrative-relay rules' });

export type ParsedRules = z.infer<typeof rulesFile>;
export type ParsedRule = NonNullable<ParsedRules['rules']>[number];
export type ParsedMatch = NonNullable<ParsedRule['match']>;
export type ParsedSend = NonNullable<ParsedRule['send']>[number];
export type ParsedTest = NonNullable<ParsedRules['tests']>[number];
export type ParsedDestination = NonNullable<ParsedRules['destinations']>[string];
export type ParsedSubscription = NonNullable<ParsedRules['subscriptions']>[string];
export type ParsedSecret = z.infer<typeof secret>;
