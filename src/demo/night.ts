/**
 * A night of a data team, compressed: nine hours of webhooks that end at half past eight. Most of them are ordinary; the
 * rest is what a relay must get right: what fails again and recovers, a storm, a job that hangs, redeliveries, a forgery,
 * events out of order, text that tries to shout.
 */
import type { JsonObject } from '../event/json.ts';
import { createDice, type Dice } from './dice.ts';
import { jobPlans, transitions, zoneless, type JobPlan, type Transition } from './jobs.ts';
import { stormFailures, stormRecoveries, stormSize, stormType } from './storm.ts';
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

/** What an event tells of: the thing that may be broken, as the relay's rules name it, and its job. */
export interface About {
  subject: string;
  state: string;
  /** Null for an app's event. */
  jobId: string | null;
}

export interface Step {
  kind: StepKind;
  /** Milliseconds after the start, when it is sent. */
  afterMs: number;
  /** The moment it tells about; epoch milliseconds. */
  happenedAtMs: number;
  /** When it is sent by the night's own clock, which runs in nine hours what takes seconds; epoch milliseconds. */
  sentAtMs: number;
  /** Steps that follow each other and share this are sent at once. */
  burst: string | null;
  /** Narrative's id for the webhook event; a redelivery has its original's. */
  eventId: string;
  body: Uint8Array;
  /** Null for what is no event of ours. */
  about: About | null;
  expected: Answer;
  /** For the timeline, in a few words; null for what is nothing special. */
  note: string | null;
}

export interface NightOptions {
  /** Epoch milliseconds; the night ends then. */
  dawnMs: number;
  /** How long the compressed night takes, ms; a little more where it has to give the relay time to speak. Default 10,000. */
  lastsMs?: number;
  /** Same seed and `dawnMs`, same bytes. Default 1. */
  seed?: number;
}

/** What a whole night is, and so what `lastsMs` stands for. */
export const nightMs = 9 * 3_600_000;
const minuteMs = 60_000;
const subscriptionId = '5f0c9a52-6b1e-4b0e-8f0b-0d9d3b7c2a10';
const overlappingSubscriptionId = '9d2e7c44-1f3a-4d55-9a3c-5c0b1e6f8b21';
/** Minutes into the night: when the storm breaks out, and when it is over. */
const stormAtMin = 230;
const stormOverAtMin = 360;
/** The storm lasts this long at least, ms, however fast the night is played, so that it is told before it is over. */
const stormLastsAtLeastMs = 2_000;

export function createNight({ dawnMs, lastsMs = 10_000, seed = 1 }: NightOptions): Step[] {
  const dice = createDice(seed);
  const startMs = dawnMs - nightMs;
  const jobs = jobPlans.flatMap((plan, index) => jobSteps(transitions(plan, startMs, dice), plan, index, dice));
  const drafts = [...jobs, ...stormSteps(startMs, dice), ...appSteps(startMs, dice), ...strangers(startMs, dice)];
  return timed(
    drafts.sort((a, b) => a.sentAtMs - b.sentAtMs),
    (atMs) => Math.round(((atMs - startMs) / nightMs) * lastsMs),
  );
}

type Draft = Omit<Step, 'afterMs'>;

function timed(drafts: readonly Draft[], scaled: (atMs: number) => number): Step[] {
  const outbreakMs = drafts.find(({ burst }) => burst === 'storm')?.sentAtMs ?? 0;
  const overMs = drafts.find(({ burst }) => burst === 'recovery')?.sentAtMs ?? Infinity;
  const longerMs = Math.max(0, stormLastsAtLeastMs - (scaled(overMs) - scaled(outbreakMs)));
  return drafts.map((draft) => ({ ...draft, afterMs: scaled(draft.sentAtMs) + (draft.sentAtMs < overMs ? 0 : longerMs) }));
}

function jobSteps(steps: Transition[], { special, stuck, recovers }: JobPlan, index: number, dice: Dice): Draft[] {
  const form: WireForm = index % 2 === 0 ? 'knowledge-base' : 'guide';
  const endsAtMs = steps.at(-1)?.atMs ?? 0;
  return steps.flatMap((step) => {
    const envelope = newEnvelope(step.atMs, dice);
    const isLast = step.atMs === endsAtMs;
    const draft = jobDraft(step, form, envelope, isLast && recovers);
    if (isLast && stuck) return [{ ...draft, note: `${title(step.job)}, and not heard of again` }];
    if (step.state === 'running' && special === 'running-late')
      return [{ ...draft, kind: 'late' as const, sentAtMs: endsAtMs + 4 * minuteMs, note: `late: ${title(step.job)}` }];
    if (isLast && special === 'redelivered') return [draft, again(draft)];
    if (isLast && special === 'seen-twice') return [draft, overlapping(step, draft, form, dice)];
    return [draft];
  });
}

function newEnvelope(atMs: number, dice: Dice): Envelope {
  return { eventId: dice.uuid(), subscriptionId, createdAt: zoneless(atMs + 20, dice) };
}

function jobDraft({ atMs, state, job }: Transition, form: WireForm, envelope: Envelope, recovers = false): Draft {
  const jobId = String(job.job_id);
  return {
    kind: 'event',
    sentAtMs: atMs,
    happenedAtMs: atMs,
    burst: null,
    eventId: envelope.eventId,
    body: jobBody(form, job, envelope),
    about: { subject: `${String(job.type)}/${datasetOf(job) ?? jobId}`, state, jobId },
    expected: 'accepted',
    note: state === 'failed' || state === 'cancelled' || recovers ? title(job) : null,
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

function stormSteps(startMs: number, dice: Dice): Draft[] {
  const breaksOutMs = startMs + stormAtMin * minuteMs;
  const isOverMs = startMs + stormOverAtMin * minuteMs;
  return [
    ...burst('storm', breaksOutMs, stormFailures(breaksOutMs, dice), 'failed, at once', dice),
    ...burst('recovery', isOverMs, stormRecoveries(isOverMs, dice), 'completed', dice),
  ];
}

function burst(name: string, sentAtMs: number, steps: Transition[], what: string, dice: Dice): Draft[] {
  const note = `${stormSize} × ${stormType} ${what}`;
  return steps.map((step, i) => {
    const form: WireForm = i % 2 === 0 ? 'knowledge-base' : 'guide';
    return { ...jobDraft(step, form, newEnvelope(step.atMs, dice)), sentAtMs, burst: name, note: i === 0 ? note : null };
  });
}

function appSteps(startMs: number, dice: Dice): Draft[] {
  const failed: AppDelivery = {
    eventType: 'facebook.audience.delivery.failed',
    datasetId: 10801,
    connectionId: dice.uuid(),
    profileId: dice.uuid(),
    payload: { error: 'The ad account token has expired; connect the profile again', rows_attempted: 182_004 },
  };
  const mended: AppDelivery = {
    ...failed,
    eventType: 'facebook.audience.delivery.completed',
    payload: { rows_delivered: 182_004 },
  };
  const other: AppDelivery = {
    ...failed,
    eventType: 's3.audience.delivery.completed',
    connectionId: dice.uuid(),
    profileId: dice.uuid(),
    payload: { files: 48, bytes: 9_214_003_772 },
  };
  return [
    appDraft(failed, true, startMs + 265 * minuteMs, dice),
    appDraft(other, false, startMs + 310 * minuteMs, dice),
    appDraft(mended, true, startMs + 415 * minuteMs, dice),
  ];
}

function appDraft(app: AppDelivery, wrapped: boolean, atMs: number, dice: Dice): Draft {
  const envelope = { ...newEnvelope(atMs, dice), createdAt: zoneless(atMs, dice) };
  const [connector = '', ...rest] = app.eventType.split('.');
  return {
    kind: 'event',
    sentAtMs: atMs,
    happenedAtMs: atMs,
    burst: null,
    eventId: envelope.eventId,
    body: appBody(app, wrapped, envelope),
    about: { subject: `app/${connector}/${app.connectionId}`, state: rest.at(-1) ?? '', jobId: null },
    expected: 'accepted',
    note: app.eventType.replaceAll('.', ' '),
  };
}

/** What comes to a public URL besides events. */
function strangers(startMs: number, dice: Dice): Draft[] {
  const forgedAtMs = startMs + 215 * minuteMs;
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
  const unknownAtMs = startMs + 375 * minuteMs;
  const unknownId = dice.uuid();
  return [
    {
      kind: 'forged',
      sentAtMs: forgedAtMs,
      happenedAtMs: forgedAtMs,
      burst: null,
      eventId: forgedId,
      body: jobBody('knowledge-base', forgedJob, { eventId: forgedId, subscriptionId, createdAt }),
      about: null,
      expected: 'refused',
      note: 'a forged failure, signed with a wrong secret',
    },
    {
      kind: 'no-event',
      sentAtMs: unknownAtMs,
      happenedAtMs: unknownAtMs,
      burst: null,
      eventId: unknownId,
      body: bytes({ id: unknownId, type: 'subscription.verified', created_at: zoneless(unknownAtMs, dice), message: 'hello' }),
      about: null,
      expected: 'quarantined',
      note: 'signed JSON that is no known event',
    },
  ];
}

function title(job: JsonObject): string {
  const dataset = datasetOf(job);
  return `${String(job.type)} ${String(job.state)}${dataset === null ? '' : ` · dataset ${dataset}`}`;
}

function datasetOf(job: JsonObject): string | null {
  const { dataset_id } = job.input as JsonObject;
  return dataset_id === undefined ? null : String(dataset_id);
}
