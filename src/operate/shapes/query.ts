/** What operators ask for: filters and pages. As they stand in a URL's query, where each value is text, and as they are understood. */
import { z } from 'zod';
import { duration, durationMs, instant, instantMs } from '../../rules/schema-values.ts';

/** Rows of one page. */
const usualLimit = 50;
const maxLimit = 200;
const maxTextLength = 200;

const one = z.string().trim().min(1, 'is empty\nleave it out, or say what to look for').max(maxTextLength, 'is too long');

/** `failed,cancelled`: any of them. */
const several = z
  .string()
  .max(2_000, 'is too long')
  .transform((text) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  )
  .refine((values) => values.length > 0, 'is empty\nleave it out, or name values: failed,cancelled');

const oneOf = <const T extends readonly string[]>(values: T) =>
  several
    .refine((given) => given.every((each) => values.includes(each)), { error: `takes ${values.join(', ')}` })
    .transform((given) => given as T[number][]);

export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: `is no whole number from ${least} to ${most}`,
    })
    .transform(Number);

const range = {
  since: duration.exactOptional().describe('So far back from now: 90s, 30m, 6h, 7d. In place of from'),
  from: instant.exactOptional().describe('Not before: 2026-03-01T18:00:00Z; UTC without a zone'),
  until: instant.exactOptional().describe('Before'),
};

export const paging = {
  limit: wholeNumber(1, maxLimit).default(usualLimit).describe(`Rows of a page, at most ${maxLimit}`),
  before: one.exactOptional().describe('Where the page before ended: its `next`'),
};

export const eventOutcomes = ['routed', 'unrouted', 'repeated', 'suppressed', 'quarantined'] as const;
export const eventKinds = ['job', 'app', 'relay'] as const;
export const deliveryStatuses = ['queued', 'waiting', 'scheduled', 'sending', 'delivered', 'dead', 'suppressed'] as const;
export const incidentKinds = ['subject', 'group', 'late', 'expect'] as const;

const eventFilterFields = {
  ...range,
  state: several.exactOptional().describe('failed,cancelled: any of them'),
  type: several.exactOptional().describe('Job types; * stands for any characters'),
  dataset: several.exactOptional().describe('Dataset ids'),
  outcome: oneOf(eventOutcomes)
    .exactOptional()
    .describe(`Any of ${eventOutcomes.join(', ')}`),
  kind: oneOf(eventKinds).exactOptional().describe('job, app, or relay: what it said of itself'),
  subscription: several.exactOptional(),
  rule: several.exactOptional().describe('Names of rules that matched'),
  job: one.exactOptional().describe('The id of a job'),
  subject: one.exactOptional(),
  text: one.exactOptional().describe('Part of a job id, a job type, a dataset id, a subject or a rule; case makes no difference'),
};

const deliveryFilterFields = {
  ...range,
  status: oneOf([...deliveryStatuses, 'open'] as const)
    .exactOptional()
    .describe(`Any of ${deliveryStatuses.join(', ')}; open: whatever has not ended`),
  destination: several.exactOptional(),
  rule: several.exactOptional(),
  subject: one.exactOptional(),
  event: one.exactOptional().describe('The id of an event: evt_…'),
  reason: several.exactOptional().describe('Why it ended, or was not taken: payload, expired, silenced, …'),
};

const notBothStarts = (value: { since?: unknown; from?: unknown }) => value.since === undefined || value.from === undefined;
const bothStarts = { path: ['since'], message: 'say either since (6h) or from (2026-03-01T18:00:00Z)' };

export const eventQuery = z.strictObject({ ...eventFilterFields, ...paging }).refine(notBothStarts, bothStarts);
export const eventFilterQuery = z.strictObject(eventFilterFields).refine(notBothStarts, bothStarts);
export const deliveryQuery = z.strictObject({ ...deliveryFilterFields, ...paging }).refine(notBothStarts, bothStarts);
export const deliveryFilterQuery = z.strictObject(deliveryFilterFields).refine(notBothStarts, bothStarts);
export const incidentQuery = z.strictObject({
  status: z.enum(['open', 'ended', 'all']).default('open'),
  kind: oneOf(incidentKinds).exactOptional(),
  text: one.exactOptional().describe('Part of a subject'),
  ...paging,
});
export const statsQuery = z.strictObject(range).refine(notBothStarts, bothStarts);

interface Range {
  /** Epoch ms; null: not bounded. `untilMs` is the first moment outside. */
  fromMs: number | null;
  untilMs: number | null;
}

/** Conditions are ANDed, the values of one ORed. Empty and null: not asked for. */
export interface EventFilter extends Range {
  states: readonly string[];
  /** With `*` for any characters. */
  types: readonly string[];
  datasets: readonly string[];
  outcomes: readonly (typeof eventOutcomes)[number][];
  kinds: readonly (typeof eventKinds)[number][];
  subscriptions: readonly string[];
  rules: readonly string[];
  job: string | null;
  subject: string | null;
  text: string | null;
}

export interface DeliveryFilter extends Range {
  statuses: readonly (typeof deliveryStatuses)[number][];
  destinations: readonly string[];
  rules: readonly string[];
  subject: string | null;
  /** `evt_…` */
  event: string | null;
  reasons: readonly string[];
}

export interface IncidentFilter {
  status: 'open' | 'ended' | 'all';
  kinds: readonly (typeof incidentKinds)[number][];
  text: string | null;
}

/** `before`: the `next` of the page before; null for the first. */
export interface Paging {
  limit: number;
  before: string | null;
}

const open = ['queued', 'waiting', 'scheduled', 'sending'] as const;

/** `now`: epoch ms, from which `since` counts. */
export function rangeOf(query: { since?: string; from?: string; until?: string }, now: number): Range {
  const { since, from, until } = query;
  return {
    fromMs: since !== undefined ? now - durationMs(since) : from === undefined ? null : instantMs(from),
    untilMs: until === undefined ? null : instantMs(until),
  };
}

export function eventFilterOf(query: z.output<typeof eventFilterQuery>, now: number): EventFilter {
  return {
    ...rangeOf(query, now),
    states: query.state ?? [],
    types: query.type ?? [],
    datasets: query.dataset ?? [],
    outcomes: query.outcome ?? [],
    kinds: query.kind ?? [],
    subscriptions: query.subscription ?? [],
    rules: query.rule ?? [],
    job: query.job ?? null,
    subject: query.subject ?? null,
    text: query.text ?? null,
  };
}

export function deliveryFilterOf(query: z.output<typeof deliveryFilterQuery>, now: number): DeliveryFilter {
  const statuses = (query.status ?? []).flatMap((each) => (each === 'open' ? open : [each]));
  return {
    ...rangeOf(query, now),
    statuses: [...new Set(statuses)],
    destinations: query.destination ?? [],
    rules: query.rule ?? [],
    subject: query.subject ?? null,
    event: query.event ?? null,
    reasons: query.reason ?? [],
  };
}

export function pagingOf({ limit, before }: { limit: number; before?: string }): Paging {
  return { limit, before: before ?? null };
}
