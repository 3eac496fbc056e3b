/**
 * What operators are shown, in one shape for all who show it: the API answers with it, the console draws it, the commands read it.
 * Times are ISO 8601 in UTC; null where there is nothing to say.
 */
import { z } from 'zod';
import { deliveryStatuses, eventKinds, eventOutcomes, incidentKinds } from './query.ts';

const time = z.string().meta({ description: 'ISO 8601, UTC', examples: ['2026-03-01T18:00:00.000Z'] });
const names = z.array(z.string());
const next = z.string().nullable().meta({ description: 'For `before` of the next page; null: there is nothing more' });

export const eventSummary = z
  .strictObject({
    id: z.string().meta({ examples: ['evt_1M7ZPRB9M00'] }),
    received_at: time,
    subscription: z.string(),
    scheme: z.string().meta({ description: 'What proved it; reconcile, replay, relay: it came by no webhook' }),
    outcome: z.enum(eventOutcomes),
    reason: z.string().nullable().meta({ description: 'Why nothing was sent, in words' }),
    kind: z.enum(eventKinds).nullable().meta({ description: 'null: in quarantine' }),
    type: z
      .string()
      .nullable()
      .meta({ examples: ['job.failed'] }),
    state: z.string().nullable(),
    job_id: z.string().nullable(),
    job_type: z.string().nullable(),
    dataset_id: z.string().nullable(),
    updated_at: time.nullable().meta({ description: "Of the job's last change, by Narrative's clock" }),
    subject: z.string().nullable(),
    rules: names.meta({ description: 'That matched, as the rules were then' }),
    duplicate_of: z.string().nullable(),
    replay_of: z.string().nullable(),
  })
  .meta({ id: 'EventSummary' });

export const eventPage = z
  .strictObject({
    events: z.array(eventSummary),
    next,
    searched_to: time.nullable().meta({
      description:
        'One request searches a bounded number of events. Where fewer were found than asked for and `next` is set, the search got this far back: go on',
    }),
  })
  .meta({ id: 'EventPage' });

export const decision = z
  .strictObject({
    rule: z.string(),
    kind: z.string().meta({ description: 'held, repeat, silenced, grouped, collected, late, itself, replay or cancelled' }),
    until: time.nullable(),
    detail: z.string(),
  })
  .meta({ id: 'Decision', description: 'Why a rule that matched did not simply send' });

export const preview = z
  .strictObject({
    format: z.enum(['slack', 'pagerduty', 'http', 'console']),
    body: z.unknown().meta({
      description:
        'The request as it goes out, secrets masked; of an event that is forwarded, without its body, which the event has',
    }),
    reply: z
      .unknown()
      .exactOptional()
      .meta({ description: 'Slack, where `body` edits the message of an incident: what is told in the thread below it' }),
    problems: names.meta({ description: 'Template errors that made a part fall back to the default wording' }),
  })
  .meta({ id: 'Preview' });

export const attempt = z
  .strictObject({
    attempt: z.number(),
    started_at: time,
    ended_at: time,
    took_ms: z.number(),
    outcome: z.string(),
    reason: z.string().nullable(),
    detail: z.string(),
  })
  .meta({ id: 'Attempt' });

export const previewMoments = ['sent', 'now', 'nothing'] as const;

export const deliverySummary = z
  .strictObject({
    id: z.string().meta({ examples: ['dlv_1M7ZPRB9M00_1'] }),
    event_id: z.string().nullable().meta({ description: "null: in the relay's own words, of no one event" }),
    destination: z.string(),
    type: z.enum(['slack', 'pagerduty', 'http', 'console']).nullable().meta({ description: 'null: no longer in the rules' }),
    subject: z.string(),
    title: z.string().nullable().meta({ description: "Of the relay's own words" }),
    status: z.enum(deliveryStatuses),
    rule: z.string().nullable(),
    merged: names,
    severity: z.string(),
    act: z.string().nullable().meta({ description: 'In the life of an incident: open, remind, count or recover' }),
    incident_id: z.string().nullable(),
    created_at: time,
    due_at: time.nullable(),
    expires_at: time,
    finished_at: time.nullable(),
    attempts: z.number(),
    reason: z.string().nullable(),
    detail: z.string().nullable(),
    fallback_of: z.string().nullable().meta({ description: 'The delivery that died, in whose place this one is' }),
  })
  .meta({ id: 'DeliverySummary' });

export const deliveryDetail = deliverySummary
  .extend({
    made: z.array(attempt).meta({ description: 'Attempts, the first first' }),
    receipt: z.record(z.string(), z.string()).nullable().meta({ description: 'What the other side gave back' }),
    note: z.string().nullable(),
    preview: preview.nullable().meta({ description: 'null: it can not be drawn any more, or nothing was sent' }),
    preview_of: z.enum(previewMoments).meta({
      description:
        'sent: what was sent. now: not sent, or not known as it was: as it would be sent now. nothing: there was nothing to edit',
    }),
    members: z
      .array(z.strictObject({ subject: z.string(), event_id: z.string() }))
      .meta({ description: 'Of a group that it tells of: its first ones, each with its last failure' }),
  })
  .meta({ id: 'DeliveryDetail' });

export const deliveryPage = z
  .strictObject({ deliveries: z.array(deliverySummary), next, searched_to: time.nullable() })
  .meta({ id: 'DeliveryPage' });

export const incident = z
  .strictObject({
    id: z.string().meta({ examples: ['inc_1M7ZPRB9M00'] }),
    kind: z.enum(incidentKinds),
    subject: z.string(),
    status: z.enum(['open', 'ended']),
    opened_at: time,
    last_at: time,
    ended_at: time.nullable(),
    failures: z.number(),
    first_said: z.string().nullable(),
    last_said: z.string().nullable(),
    opened_by: z.string().nullable().meta({ description: 'The event; null: none, or it is past its retention' }),
    ended_by: z.string().nullable(),
    silenced_by: z.string().nullable().meta({ description: 'What keeps its next failure silent now' }),
    job_type: z.string().nullable().meta({ description: 'Of the event that its next failure would be like' }),
    match: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'A silence of this would keep it quiet; null: none can' }),
  })
  .meta({ id: 'Incident' });

export const standing = z
  .strictObject({ rule: z.string(), verdict: z.string() })
  .meta({ id: 'Standing', description: 'What a rule has said, or would say, about a subject as things stand' });

export const incidentPage = z.strictObject({ incidents: z.array(incident), next }).meta({ id: 'IncidentPage' });

export const incidentDetail = incident
  .extend({
    rules: z.array(standing),
    events: z.array(eventSummary).meta({ description: 'Of its subject, the latest first; not all' }),
    told_in: z.string().nullable().meta({ description: 'Of a group: the delivery that told of it last' }),
  })
  .meta({ id: 'IncidentDetail' });

export const ruleVerdict = z
  .strictObject({
    name: z.string(),
    at: z.string().meta({ description: 'Where it is written', examples: ['rules/failures.yaml:12:5'] }),
    verdict: z.enum(['matched', 'no-match', 'not-reached']),
    to: names,
    reason: z.string().nullable().meta({ description: 'The first condition that failed; which rule stopped before' }),
    waits: z.string().nullable(),
    stops: z.boolean(),
  })
  .meta({ id: 'RuleVerdict' });

export const plannedDelivery = z
  .strictObject({
    destination: z.string(),
    rule: z.string(),
    merged: names,
    severity: z.string(),
    change: z.boolean(),
    preview,
  })
  .meta({ id: 'PlannedDelivery' });

export const explanation = z
  .strictObject({
    rules_version: z.string(),
    subject: z.string(),
    rules: z.array(ruleVerdict),
    unmatched: z.strictObject({ applies: z.boolean(), reason: z.string() }).nullable(),
    deliveries: z.array(plannedDelivery).meta({ description: 'If nothing stood in the way: no hold, repetition, silence' }),
    incident: incident.nullable().meta({ description: "The subject's open one" }),
    standing: z.array(standing),
  })
  .meta({ id: 'Explanation' });

export const eventDetail = eventSummary
  .extend({
    idempotency_key: z.string(),
    content_type: z.string(),
    bytes: z.number(),
    body: z.string().meta({ description: 'As it came' }),
    rules_version: z.string(),
    decisions: z.array(decision),
    deliveries: z.array(deliveryDetail),
    replays: names,
    explanation: explanation.nullable().meta({ description: 'By the rules as they are now; null: in quarantine' }),
    match: z.record(z.string(), z.unknown()).nullable().meta({ description: 'A silence of this would keep the like quiet' }),
  })
  .meta({ id: 'EventDetail' });

export const replayAnswer = z
  .strictObject({
    status: z.enum(['replayed', 'duplicate', 'dry-run']),
    of: z.string(),
    event_id: z.string().nullable().meta({ description: 'Of the replay; of the one before for a duplicate' }),
    outcome: z.enum(eventOutcomes).nullable(),
    reason: z.string().nullable().meta({ description: 'Why nothing is sent, in words' }),
    deliveries: z.number(),
    decisions: z.array(decision),
    explanation: explanation.nullable().meta({ description: 'With a dry run' }),
  })
  .meta({ id: 'ReplayAnswer' });

export const bulkAnswer = z
  .strictObject({
    action: z.enum(['retry', 'discard']),
    dry_run: z.boolean(),
    matched: z.number(),
    done: z.number().meta({ description: 'What was done, or would be' }),
    skipped: z.array(z.strictObject({ reason: z.string(), count: z.number(), example: z.string() })),
    next: z.string().nullable().meta({ description: 'More may match: ask again with this as `before`' }),
  })
  .meta({ id: 'BulkAnswer' });

export const destinationView = z
  .strictObject({
    name: z.string(),
    type: z.enum(['slack', 'pagerduty', 'http', 'console']).nullable(),
    in_rules: z.boolean(),
    fallback: z.string().nullable(),
    pending: z.number(),
    oldest_due_at: time.nullable(),
    dead: z.number(),
    parked: z
      .strictObject({
        since: time,
        reason: z.string(),
        detail: z.string(),
        probes: z.number(),
        next_probe_at: time,
      })
      .nullable(),
  })
  .meta({ id: 'Destination' });

export const ruleView = z
  .strictObject({
    name: z.string(),
    at: z.string(),
    match: z.record(z.string(), z.unknown()).meta({ description: 'As it is written; {}: everything' }),
    when: z.string().meta({ description: 'In words: each event; late after 20 min in pending; by 06:00 …' }),
    policy: names.meta({ description: 'hold, repeat, recover, group, stop: in words' }),
    send: z.array(z.strictObject({ to: z.string(), severity: z.string().nullable(), change: z.boolean() })),
  })
  .meta({ id: 'Rule' });

export const rulesView = z
  .strictObject({
    version: z.string(),
    loaded_at: time,
    problems: names.meta({ description: 'Of the last reload; while there are any, the rules before it stay in force' }),
    subject: z.string().nullable(),
    rules: z.array(ruleView),
    unmatched: ruleView.nullable(),
    mutes: z.array(
      z.strictObject({
        name: z.string(),
        from: time.nullable(),
        until: time.nullable(),
        reason: z.string(),
        author: z.string().nullable(),
        active: z.boolean(),
      }),
    ),
    subscriptions: z.array(z.strictObject({ name: z.string(), id: z.string().nullable(), scheme: z.string() })),
  })
  .meta({ id: 'Rules' });

const counts = z.record(z.string(), z.number());

export const stats = z
  .strictObject({
    from: time,
    until: time,
    hours: z.array(
      z.strictObject({
        at: time.meta({ description: 'Beginning of the hour; hours in which nothing was are there too' }),
        events: counts.meta({ description: 'By outcome; duplicate: the same key again' }),
        states: counts.meta({ description: 'Events by state' }),
        deliveries: counts.meta({ description: 'That ended, by status' }),
      }),
    ),
    now: z.strictObject({
      incidents_open: z.number(),
      pending: z.number(),
      oldest_due_at: time.nullable(),
      dead: z.number(),
      parked: z.number(),
      silences: z.number(),
      last_event_at: time.nullable(),
    }),
  })
  .meta({ id: 'Stats' });

export type EventSummaryView = z.infer<typeof eventSummary>;
export type EventPageView = z.infer<typeof eventPage>;
export type EventBodyView = Pick<EventDetailView, 'id' | 'subscription' | 'content_type' | 'body'>;
export type EventDetailView = z.infer<typeof eventDetail>;
export type DecisionView = z.infer<typeof decision>;
export type PreviewView = z.infer<typeof preview>;
export type AttemptView = z.infer<typeof attempt>;
export type DeliverySummaryView = z.infer<typeof deliverySummary>;
export type DeliveryDetailView = z.infer<typeof deliveryDetail>;
export type DeliveryPageView = z.infer<typeof deliveryPage>;
export type IncidentView = z.infer<typeof incident>;
export type IncidentPageView = z.infer<typeof incidentPage>;
export type IncidentDetailView = z.infer<typeof incidentDetail>;
export type RuleVerdictView = z.infer<typeof ruleVerdict>;
export type ExplanationView = z.infer<typeof explanation>;
export type ReplayAnswerView = z.infer<typeof replayAnswer>;
export type BulkAnswerView = z.infer<typeof bulkAnswer>;
export type DestinationView = z.infer<typeof destinationView>;
export type RuleView = z.infer<typeof ruleView>;
export type RulesView = z.infer<typeof rulesView>;
export type StatsView = z.infer<typeof stats>;
