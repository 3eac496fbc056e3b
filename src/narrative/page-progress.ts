/** Whether the pages of a job list lead anywhere. An API that ignores the offset would be asked for its first page for ever. */
import type { JsonValue } from '../event/json.ts';
import { object, read, text } from '../event/wire.ts';
import type { StoredRun } from '../store/reconciliations.ts';
import type { JobsPage } from './api.ts';

/** Pages in a row that hold the first job of the page before them. */
const maxRepeats = 3;
/** Records beyond those there are said to be. A list that changes while it is read can be some off. */
const marginRecords = 2_000;

/**
 * `repeats`: it may stand still, so a page like this one is no end of the list. `same`: the page before once more, and there was room
 * for more, so these are all there is.
 */
export type PageProgress = 'onwards' | 'repeats' | 'same' | 'endless';

export function createPageProgress(): (run: StoredRun, page: JobsPage) => PageProgress {
  /** Of one run, in memory: after a restart some pages more are read. */
  let last: (Page & { run: number; offset: number; repeats: number; progress: PageProgress }) | null = null;

  return ({ id: run, offset, perPage }, { records, totalRecords: total }) => {
    const before = last?.run === run ? last : null;
    // The same page once more: the store refused it at first.
    if (before && offset <= before.offset) return before.progress;
    const ids = records.map(jobIdOf);
    const page = { ids, total };
    const repeats = before !== null && hasRepeated(before, page) ? before.repeats + 1 : 0;
    const isBeyond = total !== null && ids.length > 0 && offset >= total + marginRecords;
    const isSame = repeats > 0 && total === null && ids.length < perPage && isEqual(before!.ids, ids);
    const progress = isBeyond || repeats >= maxRepeats ? 'endless' : isSame ? 'same' : repeats > 0 ? 'repeats' : 'onwards';
    last = { ...page, run, offset, repeats, progress };
    return progress;
  };
}

interface Page {
  /** Null: the record says none. */
  ids: readonly (string | null)[];
  total: number | null;
}

/** Unless there are so many new jobs that they alone push a whole page back. */
function hasRepeated(before: Page, { ids, total }: Page): boolean {
  const [firstId = null] = before.ids;
  const hasGrown = before.total !== null && total !== null && total - before.total >= ids.length;
  return firstId !== null && ids.includes(firstId) && !hasGrown;
}

function isEqual(some: Page['ids'], others: Page['ids']): boolean {
  return some.length === others.length && some.every((id, i) => id === others[i]);
}

function jobIdOf(record: JsonValue): string | null {
  return text(read(object(record), 'job_id', 'jobId'));
}
