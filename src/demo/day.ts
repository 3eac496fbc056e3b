/**
 * A working day of a data team, compressed: nine hours of webhooks that end now. Most of them are ordinary; the rest is
 * what a relay must get right: redeliveries, a forgery, events out of order, text that tries to shout.
 */
import type { JsonObject } from '../event/json.ts';
import { createDice, type Dice } from './dice.ts';
import { jobPlans, transitions, zoneless, type Transition } from './jobs.ts';
import { appBody, bytes, jobBody, type AppDelivery, type Envelope, type WireForm } from './wire.ts';

/** What the relay should answer to a webhook. */
export type Answer = 'accepted' | 'duplicate' | 'quarantined' | 'refused';

export type StepKind =
  /** An ordinary event, in order. */
  | 'event'
  /** An earlier body again, byte for byte. */
  | 'redelivery'
  /** The same transition by an overlapping subscription: another key, another body. */
  | 'same-transition'
  /** A `running` that arrives after its job has ended. */
  | 'late'
  /** A failure that somebody made up: signed with a secret that isn't ours. */
  | 'forged'
  /** Correctly signed JSON that is no event. */
  | 'no-event';

export interface Step {
  kind: StepKind;
  /** Milliseconds after the start, at speed 1. */
  afterMs: number;
  /** The moment it tells about; epoch milliseconds. */
  happenedAtMs: number;
  /** When it is sent by the day's own clock, which runs in nine hours what takes seconds; epoch milliseconds. */
  sentAtMs: number;
  /** Narrative's id for the webhook event; a redelivery has its original's. */
  eventId: string;
  body: Uint8Array;
  expected: Answer;
  /** For the timeline, in a few words; null for what is nothing special. */
  note: string | null;
}

export interface DayOptions {
  /** Epoch milliseconds; the day ends then. */
  nowMs: number;
  /** How long the compressed day takes, ms. Default 10,000. */
  lastsMs?: number;
  /** Same seed and `nowMs`, same bytes. Default 1. */
  seed?: number;
}

const dayMs = 9 * 3_600_000;
const minuteMs = 60_000;
const subscriptionId = '5f0c9a52-6b1e-4b0e-8f0b-0d9d3b7c2a10';
const overlappingSubscriptionId = '9d2e7c44-1f3a-4d55-9a3c-5c0b1e6f8b21';

export function createDay({ nowMs, lastsMs = 10_000, seed = 1 }: DayOptions): Step[] {
  const dice = createDice(seed);
  const startMs = nowMs - dayMs;
  const jobs = jobPlans.flatMap((plan, index) => jobSteps(transitions(plan, startMs, dice), index, dice));
  const drafts = [...jobs, ...appSteps(startMs, dice), ...strangers(startMs, dice)];
  return drafts
    .sort((a, b) => a.sentAtMs - b.sentAtMs)
    .map((draft) => ({ ...draft, afterMs: Math.round(((draft.sentAtMs - startMs) / dayMs) * lastsMs) }));
}

type Draft = Omit<Step, 'afterMs'>;

/** Positions in `jobPlans` whose jobs get special treatment. */
const redelivered = new Set([3, 11, 20]);
const seenTwice = new Set([9]);
const runningComesLate = new Set([7, 21]);

function jobSteps(steps: Transition[], index: number, dice: Dice): Draft[] {
  const form: WireForm = index % 2 === 0 ? 'knowledge-base' : 'guide';
  const endsAtMs = steps.at(-1)?.atMs ?? 0;
  return steps.flatMap((step) => {
    const envelope: Envelope = { eventId: dice.uuid(), subscriptionId, createdAt: zoneless(step.atMs + 20, dice) };
    const draft = jobDraft(step, form, envelope);
    const isLast = step.atMs === endsAtMs;
    if (step.state === 'running' && runningComesLate.has(index))
      return [{ ...draft, kind: 'late' as const, sentAtMs: endsAtMs + 4 * minuteMs, note: `late: ${title(step.job)}` }];
    if (isLast && redelivered.has(index)) return [draft, again(draft)];
    if (isLast && seenTwice.has(index)) return [draft, overlapping(step, draft, form, dice)];
    return [draft];
  });
}

function jobDraft({ atMs, state, job }: Transition, form: WireForm, envelope: Envelope): Draft {
  return {
    kind: 'event',
    sentAtMs: atMs,
    happenedAtMs: atMs,
    eventId: envelope.eventId,
    body: jobBody(form, job, envelope),
    expected: 'accepted',
    note: state === 'failed' || state === 'cancelled' ? title(job) : null,
  };
}

/** As a sender does whose first answer got lost on the way. */
function again(draft: Draft): Draft {
  return {
    ...draft,
    kind: 'redelivery',
    sentAtMs: draft.sentAtMs + 6 * minuteMs,
    expected: 'duplicate',
    note: 'the same webhook again, byte for byte',
  };
}

function overlapping({ atMs, job }: Transition, original: Draft, form: WireForm, dice: Dice): Draft {
  const envelope = {
    eventId: dice.uuid(),
    subscriptionId: overlappingSubscriptionId,
    createdAt: zoneless(atMs + 35, dice),
  };
  return {
    ...original,
    kind: 'same-transition',
    sentAtMs: original.sentAtMs + 2 * minuteMs,
    eventId: envelope.eventId,
    body: jobBody(form, job, envelope),
    expected: 'duplicate',
    note: 'the same failure by an overlapping subscription, with another key',
  };
}

function appSteps(startMs: number, dice: Dice): Draft[] {
  const failed: AppDelivery = {
    eventType: 'facebook.audience.delivery.failed',
    datasetId: 10801,
    connectionId: dice.uuid(),
    profileId: dice.uuid(),
    payload: { error: 'The ad account token has expired; connect the profile again', rows_attempted: 182_004 },
  };
  const completed: AppDelivery = {
    ...failed,
    eventType: 's3.audience.delivery.completed',
    connectionId: dice.uuid(),
    profileId: dice.uuid(),
    payload: { files: 48, bytes: 9_214_003_772 },
  };
  return [appDraft(failed, true, startMs + 265 * minuteMs, dice), appDraft(completed, false, startMs + 310 * minuteMs, dice)];
}

function appDraft(app: AppDelivery, wrapped: boolean, atMs: number, dice: Dice): Draft {
  const eventId = dice.uuid();
  const body = appBody(app, wrapped, { eventId, subscriptionId, createdAt: zoneless(atMs, dice) });
  const note = app.eventType.replaceAll('.', ' ');
  return { kind: 'event', sentAtMs: atMs, happenedAtMs: atMs, eventId, body, expected: 'accepted', note };
}

/** What comes to a public URL besides events. */
function strangers(startMs: number, dice: Dice): Draft[] {
  const forgedAtMs = startMs + 225 * minuteMs;
  const forgedId = dice.uuid();
  const createdAt = zoneless(forgedAtMs, dice);
  const forgedJob: JsonObject = {
    job_id: dice.uuid(),
    state: 'failed',
    type: 'datasets_deliver_data',
    input: { dataset_id: 10736 },
    created_at: createdAt,
    updated_at: createdAt,
    failures: [{ message: 'Urgent: sign in at https://example.com to restore your delivery', timestamp: createdAt }],
  };
  const unknownAtMs = startMs + 370 * minuteMs;
  const unknownId = dice.uuid();
  return [
    {
      kind: 'forged',
      sentAtMs: forgedAtMs,
      happenedAtMs: forgedAtMs,
      eventId: forgedId,
      body: jobBody('knowledge-base', forgedJob, { eventId: forgedId, subscriptionId, createdAt }),
      expected: 'refused',
      note: 'a forged failure, signed with a wrong secret',
    },
    {
      kind: 'no-event',
      sentAtMs: unknownAtMs,
      happenedAtMs: unknownAtMs,
      eventId: unknownId,
      body: bytes({ id: unknownId, type: 'subscription.verified', created_at: zoneless(unknownAtMs, dice), message: 'hello' }),
      expected: 'quarantined',
      note: 'signed JSON that is no known event',
    },
  ];
}

function title(job: JsonObject): string {
  const dataset = (job.input as JsonObject).dataset_id;
  return `${String(job.type)} ${String(job.state)}${dataset === undefined ? '' : ` · dataset ${String(dataset)}`}`;
}
