/** What keeps alerts few: incidents, timed rules, owners, mutes, and the relay's watch over itself. */
import { z } from 'zod';
import { hasEnded } from '../event/event.ts';
import { match } from './schema-match.ts';
import {
  dayRange,
  duration,
  durationMs,
  instant,
  instantMs,
  linkUrl,
  mention,
  oneLineName,
  stateName,
  timeOfDay,
  timezone,
  variable,
} from './schema-values.ts';

const durationUpTo = (most: string, why: string) =>
  // What is no duration has been told of already.
  duration.refine((text) => !(durationMs(text) > durationMs(most)), `is longer than ${most}\n${why}`);

const endable = stateName.refine(
  (state) => !hasEnded(state),
  'a job that has ended stays as it is\nname states that a job should leave: pending, running',
);

const calendar = {
  timezone: timezone.exactOptional().describe('IANA name, such as America/New_York: follows summer time. Default UTC.'),
  days: z
    .array(dayRange, { error: 'must be a list\nsuch as [mon-fri] or [mon, wed, sun]' })
    .min(1, 'names no day\nleave days out for every day')
    .exactOptional()
    .describe('Days and ranges of days: [mon-fri], [mon, thu], [fri-mon]. Default every day.'),
};

const group = z
  .strictObject({
    by: z
      .array(variable, { error: 'must be a list\nsuch as [job.type]' })
      .exactOptional()
      .describe('Variables, such as [job.type]: one message for each of their values. Default []: one for the rule.'),
    wait: durationUpTo('1h', 'the first of them waits for so long: what comes after is told with the next message')
      .exactOptional()
      .describe('From the first alert to the message that tells all so far. Default 30s, at most 1h.'),
    every: durationUpTo('24h', 'for a list once a day there is digest')
      .exactOptional()
      .describe('From one message to the next while more come. Default 5m, at most 24h.'),
  })
  .describe('Alerts of this rule that come together become one message. {} takes the defaults. Sends to http are not grouped.');

const late = z
  .record(endable, duration, { error: 'must say how long is too long\nsuch as { pending: 20m, running: 90m }' })
  .refine((states) => Object.keys(states).length > 0, 'names no state\nsuch as { pending: 20m, running: 90m }')
  .describe('Sends when a job has been in a state for too long: state → duration, such as { pending: 20m, running: 90m }.');

const expectation = z
  .strictObject({
    state: stateName.exactOptional().describe('What should happen. Default completed.'),
    by: timeOfDay.describe('The time of day by which it should have happened: "06:00".'),
    from: timeOfDay
      .exactOptional()
      .describe('What happened before this time of day does not count. Default: by, of the day before.'),
    ...calendar,
  })
  .describe('Sends when something has not happened by a time of day: each of the dataset_ids of match, else any one event.');

const digest = z
  .strictObject({ at: timeOfDay.describe('The time of day at which it is sent: "08:30".'), ...calendar })
  .describe('Collects what matches, and sends one message about all of it at a time of day. Nothing collected, nothing sent.');

export const incidentKeys = {
  hold: durationUpTo('7d', 'an alert that late helps nobody')
    .exactOptional()
    .describe('The first alert waits so long, and is not sent if the subject completes meanwhile. At most 7d.'),
  repeat: duration
    .exactOptional()
    .describe('While the subject keeps failing, at most one reminder in this time, with a count; and only if it failed again.'),
  recover: z
    .boolean()
    .exactOptional()
    .describe('true: those who were alerted hear when the subject completes. PagerDuty: resolves.'),
  group: group.exactOptional(),
};

export const timedKeys = { late: late.exactOptional(), expect: expectation.exactOptional(), digest: digest.exactOptional() };

const states = (default_: string) =>
  z
    .array(stateName, { error: `must be a list\nsuch as [${default_}]` })
    .min(1, `names no state\nleave it out for [${default_}]`)
    .exactOptional();

export const incidentDefaults = { open: ['failed'], close: ['completed'] };

export const incidents = z
  .strictObject({
    open: states('failed').describe('A subject in one of these states is broken. Default [failed].'),
    close: states('completed').describe('In one of these it works again. Default [completed]. Other states change nothing.'),
  })
  .superRefine(({ open = incidentDefaults.open, close = incidentDefaults.close }, context) => {
    const both = open.filter((state) => close.includes(state));
    if (both.length === 0) return;
    const message = `${both.join(', ')} both opens and closes an incident\nleave it in one of open (default failed) and close (default completed)`;
    context.addIssue({ code: 'custom', message });
  })
  .describe('Which states begin and end the incident of a subject.');

export const owner = z
  .strictObject({
    match: match.exactOptional(),
    mention: mention.exactOptional().describe('Who is notified in Slack: <!subteam^S0ABC>, <@U0ABC>, <!here>.'),
    runbook: linkUrl.exactOptional().describe('URL of what helps. A link in each alert.'),
  })
  .refine(({ mention, runbook }) => mention !== undefined || runbook !== undefined, 'needs mention, runbook or both');

export const mute = z
  .strictObject({
    name: oneLineName
      .refine((name) => !name.startsWith('sil_'), 'names that begin with "sil_" are those of silences made at run time')
      .describe('Unique in all files. Shown with each event that it keeps quiet.'),
    match: match.describe('What is kept quiet, as in a rule. {} is everything but kind: relay.'),
    from: instant.exactOptional().describe('ISO 8601: 2026-03-01T18:00:00Z, or with another zone. Default: since ever.'),
    until: instant.exactOptional().describe('When it ends. Default: never.'),
    reason: z.string().trim().min(1, 'is empty\nsay why, for those who wonder where their alert is').describe('Why, for people.'),
    author: z.string().min(1).exactOptional().describe('Whom to ask.'),
  })
  .superRefine(({ from, until }, context) => {
    if (from === undefined && until === undefined) {
      const message = 'needs from, until or both\nwhat should never be sent is better left out of the rules';
      context.addIssue({ code: 'custom', message });
    } else if (from !== undefined && until !== undefined && (instantMs(until) ?? Infinity) <= (instantMs(from) ?? -Infinity)) {
      context.addIssue({ code: 'custom', message: 'is not after from\nswap them', path: ['until'] });
    }
  });

export const watch = z
  .strictObject({
    no_events: duration.exactOptional().describe('relay.no-events: no event for so long. Default: never told.'),
    backlog: duration.exactOptional().describe('relay.backlog: a delivery due for so long. Default 10m.'),
    unverified: z
      .string({ error: 'a rate is a whole number a minute\nsuch as 20/m' })
      .regex(/^[1-9]\d{0,5}\/m$/, 'a rate is a whole number a minute\nsuch as 20/m')
      .exactOptional()
      .describe('relay.unverified: so many requests without a valid proof in a minute. Default 20/m.'),
  })
  .describe('When the relay speaks up about itself. Rules with kind: relay say where to.');

export type ParsedOwner = z.infer<typeof owner>;
export type ParsedMute = z.infer<typeof mute>;
export type ParsedWatch = z.infer<typeof watch>;
