/** The rules files as users write them. The descriptions are what an editor shows: see `json-schema.ts`. */
import { z } from 'zod';
import { isReservedHeader } from '../destination/reserved-headers.ts';
import { incidents, mute, owner, watch } from './schema-incidents.ts';
import { rule, unmatched } from './schema-rule.ts';
import { test } from './schema-test.ts';
import { duration, httpUrlText, literalOrSecret, pace, secret, slug, template } from './schema-values.ts';

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
  id: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'Its id at Narrative, as "relay subscriptions list" shows it: for "doctor", and to find events that never arrived.',
    ),
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
        incidents: incidents.exactOptional(),
      })
      .exactOptional()
      .describe('What holds for all alerts.'),
    owners: z
      .array(owner)
      .exactOptional()
      .describe('Who is told about what, and what helps them. All that match are added to an alert. Files add up.'),
    rules: z.array(rule).exactOptional().describe('Every rule that matches sends; one delivery per destination.'),
    unmatched: unmatched.exactOptional(),
    mutes: z.array(mute).exactOptional().describe('Events that are not alerted for a time. A recovery is told all the same.'),
    watch: watch.exactOptional(),
    tests: z.array(test).exactOptional().describe('Run by "relay check".'),
  })
  .meta({ title: 'narrative-relay rules' });

export type ParsedRules = z.infer<typeof rulesFile>;
export type ParsedDestination = NonNullable<ParsedRules['destinations']>[string];
export type ParsedSubscription = NonNullable<ParsedRules['subscriptions']>[string];
export type ParsedSecret = z.infer<typeof secret>;
