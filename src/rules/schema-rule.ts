/** A rule, what it sends, and what happens where none matches. */
import { z } from 'zod';
import { incidentKeys, timedKeys } from './schema-incidents.ts';
import { list, match } from './schema-match.ts';
import { oneLineName, severities, template } from './schema-values.ts';

const message = z
  .strictObject({
    title: template.exactOptional().describe('One line.'),
    text: template.exactOptional().describe('The body, in the markup of the destination.'),
    fields: z.record(z.string().min(1), template).exactOptional().describe('Facts: label → template. Replaces the default ones.'),
  })
  .describe('Liquid templates over event, job, app and relay. What is left out keeps its default wording. Values are escaped.');

const send = z.strictObject({
  to: z.string().describe('Name of a destination; console always exists.'),
  severity: z
    .enum(severities)
    .exactOptional()
    .describe('Default: error for failed, warning for cancelled, else info. The highest wins where rules meet.'),
  change: z.boolean().exactOptional().describe('PagerDuty: a change event on the timeline, which wakes nobody, not an incident.'),
  broadcast: z
    .boolean()
    .exactOptional()
    .describe('Slack with a bot token: a recovery is shown in the channel too, not only in the thread.'),
  message: message.exactOptional(),
});

const sends = z
  .array(send)
  .exactOptional()
  .describe('Where it goes. [] matches and sends nothing. Left out: console, if there are no destinations.');

export const rule = z.strictObject({
  name: oneLineName
    .refine((name) => name !== 'unmatched', 'the name "unmatched" is taken\nby what no rule matches')
    .describe('Unique in all files. Shown with each alert that it causes.'),
  match: match.exactOptional(),
  stop: z.boolean().exactOptional().describe('true: when it matches, the rules below it in this file are not looked at.'),
  ...incidentKeys,
  ...timedKeys,
  send: sends,
});

export const unmatched = z
  .strictObject({
    states: list('State or status. Default [failed].'),
    send: sends,
  })
  .describe('What no rule matches.');

export type ParsedRule = z.infer<typeof rule>;
export type ParsedSend = NonNullable<ParsedRule['send']>[number];
export type ParsedUnmatched = z.infer<typeof unmatched>;
