/** What should have come of a night as a whole, told from its webhooks: nothing here knows how the relay works. */
import type { ExpectedWebhook } from './expected.ts';

export interface Meant {
  /** Things that failed and had worked before, each time. */
  broken: number;
  /** Subjects that still fail when the night is over. */
  stillBroken: string[];
  /** Ids of jobs that began and did not end. */
  stuck: string[];
  /** Jobs that completed. */
  completed: number;
  /** Failures that came at once. */
  storm: number;
}

export function meantBy(night: readonly ExpectedWebhook[]): Meant {
  const news = night.filter(({ answer }) => answer === 'accepted' || answer === 'found');
  const abouts = news.flatMap(({ about }) => about ?? []);
  const failing = new Set<string>();
  const unfinished = new Set<string>();
  let broken = 0;
  let completed = 0;
  const seen = new Set<string>();
  for (const { subject, state, jobId } of abouts) {
    const ends = state === 'completed' || state === 'failed' || state === 'cancelled';
    if (state === 'failed' && !failing.has(subject)) broken += 1;
    if (state === 'failed') failing.add(subject);
    if (state === 'completed') failing.delete(subject);
    if (jobId === null) continue;
    if (state === 'completed') completed += 1;
    // What arrives late is of a job that is known to have ended.
    if (ends) seen.add(jobId);
    if (ends) unfinished.delete(jobId);
    else if (!seen.has(jobId)) unfinished.add(jobId);
  }
  const storm = news.filter(({ about, happening }) => happening.burst !== null && about?.state === 'failed').length;
  return { broken, stillBroken: [...failing].sort(), stuck: [...unfinished].sort(), completed, storm };
}
