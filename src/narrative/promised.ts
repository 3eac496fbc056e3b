/** Which states of jobs Narrative had promised to tell of, and through which subscription of the rules. */
import { timestampUs } from '../event/time.ts';
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { Subscription } from './api.ts';
import { asksFor, identify } from './identify.ts';
import type { JobState } from './job-state.ts';
import { sentences } from './sentences.ts';

/** What a run has failed of, or has left out, where nothing says which subscription is which. */
export const unidentified = 'unidentified';

export type Promised =
  | {
      ok: true;
      /** The first subscription of the rules that was to be told; null: none was. */
      whom(state: JobState): string | null;
      /** Nothing was promised to anybody: there is nothing to look for. */
      nothing: boolean;
      /** What stands in the way of some subscriptions, which are not looked for; null: of none. */
      unidentified: string | null;
      /** Why what is found may not be all there is, for people, what is unidentified included; null: nothing to say. */
      detail: string | null;
    }
  /** None of the subscriptions can be told apart at Narrative. */
  | { ok: false; detail: string };

export interface Asked {
  /** Those of the rules, in their order. */
  configured: ReadonlyMap<string, SubscriptionConfig>;
  /** All that Narrative has. */
  known: readonly Subscription[];
  publicUrl: string | undefined;
  /** The one that is asked about; null: all. */
  name: string | null;
  /** Where the window begins, epoch ms. */
  fromMs: number;
}

export function promisedTo({ configured, known, publicUrl, name, fromMs }: Asked): Promised {
  if (name !== null && !configured.has(name)) {
    return { ok: false, detail: `The rules have no subscription ${name} any more: ask for one that they have.` };
  }
  const identified = identify(configured.values(), known, publicUrl).filter((each) => name === null || each.name === name);
  const problems = identified.flatMap(({ problem }) => (problem === null ? [] : [problem]));
  const problem = problems.length === 0 ? null : problems.join('; ');
  if (identified.every(({ found }) => found.length === 0)) {
    if (name !== null) return everything(name, problem);
    if (problem !== null) return { ok: false, detail: problem };
  }
  const promises = identified.flatMap(({ name, found }) => promisesTo(name, found));
  return {
    ok: true,
    whom: (state) => promises.find((promise) => promise.covers(state))?.name ?? null,
    nothing: promises.length === 0,
    unidentified: problem,
    detail: sentences(problem, promises.length === 0 ? nothingWasPromised : gapAtBeginning(promises, fromMs)),
  };
}

const nothingWasPromised =
  'Narrative has no active subscription to jobs that delivers to this relay: nothing was promised, and nothing can be missing.';

/** Whoever names a subscription that can't be found knows why: then everything that happened was for it. */
function everything(name: string, problem: string | null): Promised {
  const why = problem ?? `${name}: Narrative has no subscription that delivers to it`;
  const detail = `Every job counted as one of ${name}: ${why}`;
  return { ok: true, whom: () => name, nothing: false, unidentified: null, detail };
}

interface JobPromise {
  /** The subscription in the rules. */
  name: string;
  /** µs. */
  sinceUs: number;
  covers(state: JobState): boolean;
}

/** What happened before there was a subscription, or after it was archived, was never promised. */
function promisesTo(name: string, found: readonly Subscription[]): JobPromise[] {
  const toJobs = found.filter(({ kind }) => kind === 'jobs');
  return toJobs.flatMap((subscription) => {
    const sinceUs = timeOf(subscription.createdAt) ?? -Infinity;
    const untilUs = isArchived(subscription) ? archivedAt(subscription, sinceUs, toJobs) : Infinity;
    if (untilUs <= sinceUs) return [];
    const covers = ({ jobId, jobType, state, atUs }: JobState) =>
      atUs >= sinceUs && atUs <= untilUs && asksFor(subscription.filter, { id: jobId, type: jobType, state });
    return [{ name, sinceUs, covers }];
  });
}

/** The last change of an archived one was that; where its time is not told, it served until the next was created at the latest. */
function archivedAt({ updatedAt }: Subscription, sinceUs: number, others: readonly Subscription[]): number {
  const created = others.filter((each) => !isArchived(each)).map(({ createdAt }) => timeOf(createdAt) ?? -Infinity);
  const successors = created.filter((each) => each > sinceUs);
  return timeOf(updatedAt) ?? (successors.length === 0 ? -Infinity : Math.min(...successors));
}

const isArchived = ({ status }: Subscription) => status === 'archived';

function timeOf(text: string | null): number | null {
  return text === null ? null : timestampUs(text);
}

function gapAtBeginning(promises: readonly JobPromise[], fromMs: number): string | null {
  const firstMs = Math.ceil(Math.min(...promises.map(({ sinceUs }) => sinceUs)) / 1000);
  if (firstMs <= fromMs) return null;
  return `Before ${new Date(firstMs).toISOString()} Narrative had no subscription that delivers to this relay: what happened until then was never promised.`;
}
