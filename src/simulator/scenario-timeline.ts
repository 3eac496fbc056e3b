/** A scenario → what happens, and when. The same scenario and beginning give the same bytes. */
import type { JsonObject } from '../event/json.ts';
import { createDice, type Dice } from './dice.ts';
import { datasetOf } from './jobs.ts';
import type { Scenario } from './scenario.ts';
import type { ScenarioApp, ScenarioJobs, ScenarioStranger } from './scenario-entries.ts';
import { jobStates, type JobState } from './scenario-jobs.ts';
import type { Happening, Timeline, WebhookWish } from './timeline.ts';

type JobHappening = Extract<Happening, { kind: 'job' }>;

const asItShould: WebhookWish = { delayMs: 0, againAfterMs: null, lost: false };

/** `beginsMs`: when the story begins, epoch ms. */
export function timelineOf(scenario: Scenario, beginsMs: number): Timeline {
  const dice = createDice(scenario.seed);
  const jobs = scenario.jobs.flatMap((entry, i) => jobHappenings(entry, `jobs[${i}]`, beginsMs, dice));
  const apps = appHappenings(scenario.apps, dice);
  const strangers = scenario.strangers.map((stranger) => strangerHappening(stranger, dice));
  const happenings = [...jobs, ...apps, ...strangers].sort((a, b) => a.atMs - b.atMs);
  return { happenings: withRecoveries(happenings), lastsMs: scenario.lastsMs };
}

function jobHappenings(entry: ScenarioJobs, name: string, beginsMs: number, dice: Dice): JobHappening[] {
  const { plan, count, withinMs, atOnce, note } = entry;
  const gapMs = count > 1 ? withinMs / (count - 1) : 0;
  const each = Array.from({ length: count }, (_, i) => {
    const datasetId = plan.datasetId === null ? null : plan.datasetId + i;
    return jobStates({ ...plan, datasetId, atMs: Math.round(plan.atMs + i * gapMs) }, beginsMs, dice);
  });
  // Of many, in the order in which they would come: all that are pending, then all that run, …
  const states = count === 1 ? each[0]! : (each[0] ?? []).flatMap((_, i) => each.map((those) => those[i]!));
  const told = states.filter(({ state }) => entry.only?.includes(state) ?? true);
  const lastAtMs = new Map<string, number>();
  for (const { state, atMs } of told) lastAtMs.set(state, Math.max(atMs, lastAtMs.get(state) ?? 0));
  return told.map((state, i): JobHappening => {
    const isFirst = told[i - 1]?.state !== state.state;
    const burst = atOnce ? `${name} ${state.state}` : null;
    return {
      kind: 'job',
      // All at once is when the last one is there: before that, some would tell of what is yet to come.
      atMs: atOnce ? lastAtMs.get(state.state)! : state.atMs,
      burst,
      note: count === 1 ? noteOf(state, entry) : isFirst ? (note ?? manyNote(state, entry)) : null,
      job: state.job,
      webhook: entry.wishes.get(state.state) ?? asItShould,
    };
  });
}

/** Bad ends are worth a line, and a job that will not come to one. */
function noteOf({ state, job }: JobState, { plan, note }: ScenarioJobs): string | null {
  const isLast = state === plan.end.state;
  if (isLast && note !== null) return note;
  if (isLast && state === 'running') return `${titleOf(job)}, and not heard of again`;
  return state === 'failed' || state === 'cancelled' ? titleOf(job) : null;
}

function manyNote({ state }: JobState, { plan, count, atOnce }: ScenarioJobs): string | null {
  return state === plan.end.state ? `${count} × ${plan.type} ${state}${atOnce ? ', at once' : ''}` : null;
}

/** A job that completes is worth a line when the one before it, of its type and about its dataset, had failed. */
function withRecoveries(happenings: readonly Happening[]): Happening[] {
  const failing = new Set<string>();
  return happenings.map((happening) => {
    if (happening.kind !== 'job' || happening.burst !== null) return happening;
    const { job, note } = happening;
    const subject = `${String(job.type)}/${datasetOf(job) ?? String(job.job_id)}`;
    if (job.state === 'failed') failing.add(subject);
    if (job.state !== 'completed' || !failing.delete(subject)) return happening;
    return { ...happening, note: note ?? titleOf(job) };
  });
}

/** `materialize-view failed · dataset 10744`. */
export function titleOf(job: JsonObject): string {
  const dataset = datasetOf(job);
  return `${String(job.type)} ${String(job.state)}${dataset === null ? '' : ` · dataset ${dataset}`}`;
}

/** A connector keeps its connection to a dataset, and its profile. */
function appHappenings(apps: readonly ScenarioApp[], dice: Dice): Happening[] {
  const madeUp = new Map<string, string>();
  const idFor = (key: string) => madeUp.get(key) ?? madeUp.set(key, dice.uuid()).get(key)!;
  return apps.map(({ connectionId, profileId, note, ...app }) => ({
    kind: 'app',
    burst: null,
    ...app,
    note: note ?? app.eventType.replaceAll('.', ' '),
    connectionId: connectionId ?? idFor(`connection ${app.appId} ${app.datasetId}`),
    profileId: profileId ?? idFor(`profile ${app.appId}`),
  }));
}

function strangerHappening({ atMs, body, signedWith, note }: ScenarioStranger, dice: Dice): Happening {
  const eventId = typeof body.id === 'string' ? body.id : dice.uuid();
  return { kind: 'stranger', atMs, burst: null, note, eventId, body: { id: eventId, ...body }, secret: signedWith };
}
