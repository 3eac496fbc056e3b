/** Whether the pages of a job list lead anywhere. An API that ignores the offset would be asked for its first page for ever. */
import type { JsonValue } from '../event/json.ts';
import { object, read, text } from '../event/wire.ts';
import type { StoredRun } from '../store/reconciliations.ts';
import type { JobsPage } from './api.ts';

/** Pages in a row that hold the first job of the page before them. */
const maxRepeats = 3;
/** Records beyond those there are said to be. A list that changes while it is read can be some off. */
const marginRecords = 2_000;

/** `repeats`: it may stand still, so a page like this one is no end of the list. */
export type PageProgress = 'onwards' | 'repeats' | 'endless';

export function createPageProgress(): (run: StoredRun, page: JobsPage) => PageProgress {
  /** Of one run, in memory: after a restart some pages more are read. */
  let last: { run: number; offset: number; firstId: string | null; total: number | null; repeats: number } | null = null;

  return ({ id: run, offset }, { records, totalRecords: total }) => {
    const before = last?.run === run ? last : null;
    // The same page once more: the store refused it at first.
    if (before && offset <= before.offset) return before.repeats === 0 ? 'onwards' : 'repeats';
    const ids = records.map(jobIdOf);
    const hasRepeated =
      before !== null && before.firstId !== null && ids.includes(before.firstId) && !hasGrown(before.total, total, ids);
    const repeats = hasRepeated ? before.repeats + 1 : 0;
    last = { run, offset, firstId: ids[0] ?? null, total, repeats };
    const isBeyond = total !== null && records.length > 0 && offset >= total + marginRecords;
    if (isBeyond || repeats >= maxRepeats) return 'endless';
    return repeats === 0 ? 'onwards' : 'repeats';
  };
}

/** By so many jobs that they alone push a whole page back. */
function hasGrown(before: number | null, now: number | null, { length }: readonly unknown[]): boolean {
  return before !== null && now !== null && now - before >= length;
}

function jobIdOf(record: JsonValue): string | null {
  return text(read(object(record), 'job_id', 'jobId'));
}
