/** Reconciliations as people read them. */
import { oneLine, truncate } from '../destination/text.ts';
import { clockText } from '../incident/words.ts';
import type { MissedAnswer, RunAnswer } from './reconcile-answers.ts';
import { style, table } from './table.ts';

/** Longer lists are for `--json`. */
export const maxRows = 100;

/** Longer texts would tear the table. */
const maxCell = 60;

/** `looked at 1200 of 5300 jobs, 3 states missing so far. Asks again at …`. */
export function progressText({ jobs, jobs_in_all, missing, detail }: RunAnswer): string {
  const lookedAt = jobs_in_all === null ? plural(jobs, 'job') : `${jobs} of ${plural(jobs_in_all, 'job')}`;
  return `looked at ${lookedAt}, ${plural(missing, 'state')} missing so far${detail === null ? '' : `. ${oneLine(detail)}`}`;
}

/** `missed`: the first of them. What came of the run, with a line break at its end; why it failed is for `failureText`. */
export function describeRun(run: RunAnswer, missed: readonly MissedAnswer[]): string {
  const shown = missed.slice(0, maxRows);
  const more = run.missing - shown.length;
  const lines = [
    ...(shown.length > 0 ? [missedTable(shown, run.apply)] : []),
    ...(shown.length > 0 && more > 0 ? [`and ${more} more: --json has them all`] : []),
    ...verdict(run, shown),
    ...caveats(run),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

export function failureText(run: RunAnswer): string {
  return `${oneLine(run.id)} failed: ${oneLine(run.detail ?? 'it does not say why')} (${soFar(run)})`;
}

function missedTable(missed: readonly MissedAnswer[], apply: boolean): string {
  const rows = missed.map(({ updated_at, job_type, dataset_id, state, job_id, event_id }) => [
    clockText(Date.parse(updated_at)),
    cell(job_type),
    cell(dataset_id ?? '–'),
    state === 'failed' ? style('red', state) : cell(state),
    cell(job_id),
    ...(apply ? [event_id === null ? '' : `→ ${cell(event_id)}`] : []),
  ]);
  return table(['time', 'job type', 'dataset', 'state', 'job id', ...(apply ? ['event'] : [])], rows);
}

function verdict(run: RunAnswer, shown: readonly MissedAnswer[]): string[] {
  switch (run.status) {
    case 'running':
      return [`${oneLine(run.id)} is still running: ${progressText(run)}`];
    case 'cancelled':
      return [`${oneLine(run.id)} was cancelled: ${soFar(run)}.`];
    case 'failed':
      return [];
    case 'done':
      return [outcome(run, shown)];
  }
}

function outcome(run: RunAnswer, shown: readonly MissedAnswer[]): string {
  const { apply, jobs, missing, taken } = run;
  if (missing === 0) return `${style('green', '✓')} Nothing is missing: ${plural(jobs, 'job')} looked at, ${windowText(run)}.`;
  const never = `${plural(missing, 'state')} never arrived.`;
  if (!apply) return `${never} Nothing was sent; to send ${missing === 1 ? 'its alert' : 'their alerts'}: ${againWithApply(run)}`;
  const example = shown.find(({ event_id }) => event_id !== null)?.event_id ?? 'evt_…';
  const took = taken === missing ? 'Took' : `Took ${taken} of`;
  return `${style('green', '✓')} ${took} ${plural(missing, 'state')} that never arrived. What came of one: relay explain ${oneLine(example)}`;
}

function soFar({ jobs, missing, apply, taken }: RunAnswer): string {
  const found = `${plural(jobs, 'job')} looked at, ${plural(missing, 'state')} missing`;
  return apply ? `${found}, ${taken} taken, which ${taken === 1 ? 'stays' : 'stay'} taken` : found;
}

/** Why the outcome may not be the whole truth. */
function caveats({ status, detail, unreadable }: RunAnswer): string[] {
  const records = plural(unreadable, "record of Narrative's", "records of Narrative's");
  return [
    ...(status === 'done' && detail !== null ? [oneLine(detail)] : []),
    ...(unreadable > 0 ? [`${records} could not be read, and may be missing, too`] : []),
  ].map((text) => `${style('yellow', '!')} ${text}`);
}

/** The same look, and to take what it finds. */
function againWithApply({ from, until, lookback_s, subscription }: RunAnswer): string {
  const lookback = lookback_s > 0 ? ['--lookback', shortDuration(lookback_s)] : [];
  const only = subscription === null ? [] : ['--subscription', oneLine(subscription)];
  return ['relay reconcile --from', oneLine(from), '--until', oneLine(until), ...lookback, ...only, '--apply'].join(' ');
}

/** As options take it: `24h`. Seconds. */
function shortDuration(seconds: number): string {
  const units: [number, string][] = [
    [3_600, 'h'],
    [60, 'm'],
  ];
  const [size, unit] = units.find(([each]) => seconds % each === 0) ?? [1, 's'];
  return `${seconds / size}${unit}`;
}

export function runsTable(runs: readonly RunAnswer[]): string {
  const rows = runs.map((run) => [
    oneLine(run.id),
    style(colours[run.status], run.status),
    cell(run.trigger),
    clockText(Date.parse(run.started_at)),
    windowText(run),
    String(run.jobs),
    String(run.missing),
    run.apply ? String(run.taken) : 'only looks',
  ]);
  return table(['id', 'status', 'asked for by', 'begun', 'window', 'jobs', 'missing', 'taken'], rows);
}

const colours = { running: 'yellow', done: 'green', failed: 'red', cancelled: 'dim' } as const;

/** `2026-03-01 08:00 UTC to 2026-03-02 08:00 UTC`. */
function windowText({ from, until }: RunAnswer): string {
  return `${clockText(Date.parse(from))} to ${clockText(Date.parse(until))}`;
}

function cell(text: string): string {
  return truncate(oneLine(text), maxCell);
}

function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
