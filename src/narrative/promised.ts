/** Which states of jobs Narrative had promised to tell of, and through which subscription of the rules. */
import { timestampUs } from '../event/time.ts';
import type { SubscriptionConfig } from '../rules/rule-set.ts';
import type { Subscription } from './api.ts';
import { asksFor, identify } from './identify.ts';
import type { JobState } from './job-state.ts';

export type Promised =
  | {
      ok: true;
      /** The first subscription of the rules that was to be told; null: none was. */
      whom(state: JobState): string | null;
      /** Nothing was promised to anybody: there is nothing to look for. */
      nothing: boolean;
      /** What stands in the way for some subscriptions, for people; null: nothing. */
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
}

export function promisedTo({ configured, known, publicUrl, name }: Asked): Promised {
  if (name !== null && !configured.has(name)) {
    return { ok: false, detail: `The rules have no subscription ${name} any more: ask for one that they have.` };
  }
  const identified = identify(configured.values(), known, publicUrl).filter((each) => name === null || each.name === name);
  const problems = identified.flatMap(({ problem }) => (problem === null ? [] : [problem]));
  const detail = problems.length === 0 ? null : problems.join('; ');
  const found = identified.filter(({ found: each }) => each.length > 0);
  if (found.length === 0 && name !== null) {
    // Whoever names it knows why: then everything that happened was for it.
    const why = detail ?? `${name}: Narrative has no subscription that delivers to it`;
    return { ok: true, whom: () => name, nothing: false, detail: `Every job counted as one of ${name}: ${why}` };
  }
  if (found.length === 0 && detail !== null) return { ok: false, detail };
  const promises = found.flatMap((each) => each.found.filter(promisesJobs).map((one) => promiseOf(each.name, one)));
  return {
    ok: true,
    whom: (state) => promises.find((promise) => promise.covers(state))?.name ?? null,
    nothing: promises.length === 0,
    detail:
      promises.length > 0
        ? detail
        : 'Narrative has no active subscription to jobs that delivers to this relay: nothing was promised, and nothing can be missing.',
  };
}

function promisesJobs({ kind, status }: Subscription): boolean {
  return kind === 'jobs' && status !== 'archived';
}

/** What happened before there was a subscription was never promised. */
function promiseOf(name: string, { filter, createdAt }: Subscription) {
  const sinceUs = (createdAt === null ? null : timestampUs(createdAt)) ?? -Infinity;
  return {
    name,
    covers: ({ jobId, jobType, state, updatedUs }: JobState) =>
      updatedUs >= sinceUs && asksFor(filter, { id: jobId, type: jobType, state }),
  };
}
