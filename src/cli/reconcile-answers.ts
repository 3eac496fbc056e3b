/** Reconciliations as the operator API tells them. */
import { z } from 'zod';
import type { AskRelay } from './operator-client.ts';
import { CommandFailure } from './rules.ts';

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)));

const runAnswer = z.looseObject({
  id: z.string(),
  trigger: z.string(),
  apply: z.boolean(),
  from: time,
  until: time,
  lookback_s: z.number(),
  subscription: z.string().nullable(),
  status: z.enum(['running', 'done', 'failed', 'cancelled']),
  detail: z.string().nullable(),
  started_at: time,
  jobs: z.number(),
  jobs_in_all: z.number().nullable(),
  missing: z.number(),
  taken: z.number(),
  unreadable: z.number(),
});

const missedAnswer = z.looseObject({
  job_id: z.string(),
  state: z.string(),
  job_type: z.string(),
  dataset_id: z.string().nullable(),
  updated_at: time,
  event_id: z.string().nullable(),
});

const missedPage = z.looseObject({ missed: z.array(missedAnswer), next: z.number().nullable() });

export type RunAnswer = z.infer<typeof runAnswer>;
export type MissedAnswer = z.infer<typeof missedAnswer>;

export async function startRun(ask: AskRelay, request: object): Promise<RunAnswer> {
  return understood(runAnswer.safeParse(await ask('POST', '/reconciliations', request)));
}

export async function showRun(ask: AskRelay, id: string): Promise<RunAnswer> {
  return understood(runAnswer.safeParse(await ask('GET', pathOf(id))));
}

export async function cancelRun(ask: AskRelay, id: string): Promise<RunAnswer> {
  return understood(runAnswer.safeParse(await ask('DELETE', pathOf(id))));
}

/** Newest first. */
export async function listRuns(ask: AskRelay): Promise<RunAnswer[]> {
  const answer = await ask('GET', '/reconciliations');
  return understood(z.looseObject({ reconciliations: z.array(runAnswer) }).safeParse(answer)).reconciliations;
}

/** The first `most` states that a run found missing. */
export async function missedStates(ask: AskRelay, id: string, most: number): Promise<MissedAnswer[]> {
  const all: MissedAnswer[] = [];
  let after: number | null = 0;
  while (after !== null && all.length < most) {
    const limit = Math.min(500, most - all.length);
    const answer = await ask('GET', `${pathOf(id)}/missed?after=${after}&limit=${limit}`);
    const page: z.infer<typeof missedPage> = understood(missedPage.safeParse(answer));
    all.push(...page.missed);
    after = page.next;
  }
  return all;
}

/** An id that is none would name another page. */
function pathOf(id: string): string {
  if (/^rec_\w+$/i.test(id)) return `/reconciliations/${id}`;
  throw new CommandFailure(2, `"${id}" is no reconciliation: say its id, rec_…, as "reconcile --list" shows it`);
}

function understood<T>(parsed: z.ZodSafeParseResult<T>): T {
  if (parsed.success) return parsed.data;
  throw new CommandFailure(1, "the relay's answer is not understood: it is of another version than this command");
}
