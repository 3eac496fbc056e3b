/** How long a story is, known before it is made. */
import type { ScenarioApp, ScenarioJobs, ScenarioStranger } from './scenario-entries.ts';
import { stateTimes } from './scenario-jobs.ts';
import type { WebhookWish } from './timeline.ts';

export interface Entries {
  jobs: readonly ScenarioJobs[];
  apps: readonly ScenarioApp[];
  strangers: readonly ScenarioStranger[];
}

/** To when the last of its webhooks is sent, ms. */
export function storyMs({ jobs, apps, strangers }: Entries): number {
  const ends = [
    ...jobs.flatMap(jobEndsMs),
    ...apps.map(({ atMs, webhook }) => atMs + waitsMs(webhook)),
    ...strangers.map(({ atMs }) => atMs),
  ];
  return ends.reduce((latest, each) => Math.max(latest, each), 0);
}

/** Of the last of its jobs, by state. All at once is when that one is there. */
function jobEndsMs({ plan, count, withinMs, only, wishes }: ScenarioJobs): number[] {
  const laterMs = count > 1 ? withinMs : 0;
  const told = [...stateTimes(plan)].filter(([state]) => only?.includes(state) ?? true);
  return told.map(([state, atMs]) => atMs + laterMs + waitsMs(wishes.get(state)));
}

function waitsMs({ delayMs, againAfterMs }: Pick<WebhookWish, 'delayMs' | 'againAfterMs'> = { delayMs: 0, againAfterMs: null }) {
  return delayMs + (againAfterMs ?? 0);
}
