/** Says in the log what came of a run. */
import { runId } from '../event/id.ts';
import type { Log } from '../ports.ts';
import type { StoredRun } from '../store/reconciliations.ts';

/** `onEnd`: for metrics. The result takes any run, and tells of those that are done or have failed. */
export function createRunReport(log: Log, onEnd: (run: StoredRun) => void) {
  /** Why the last automatic run failed, or left something out: a warning once, and not each hour. */
  let warnedOf: string | null = null;

  return (run: StoredRun | null): void => {
    if (run?.status !== 'done' && run?.status !== 'failed') return;
    onEnd(run);
    const { trigger, failure, detail } = run;
    const isKnown = trigger !== 'operator' && detail === warnedOf;
    if (trigger !== 'operator') warnedOf = failure === null ? null : detail;
    const level = failure === null || isKnown ? 'info' : 'warn';
    log[level](fieldsOf(run), run.status === 'done' ? 'reconciliation done' : 'reconciliation failed');
  };
}

function fieldsOf({ id, trigger, detail, offset, jobsInAll, missing, taken, unreadable, startedMs, finishedMs }: StoredRun) {
  const numbers = { jobs: offset, jobs_in_all: jobsInAll, missing, taken, unreadable };
  return { run: runId(id), trigger, detail, ...numbers, took_ms: (finishedMs ?? startedMs) - startedMs };
}
