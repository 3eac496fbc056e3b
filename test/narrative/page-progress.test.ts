import { expect, test } from 'vitest';
import { createPageProgress } from '../../src/narrative/page-progress.ts';
import type { StoredRun } from '../../src/store/reconciliations.ts';

/** What each page comes to: at which offset, its jobs, and how many there are in all. */
function through(...pages: [offset: number, ids: string, totalRecords: number | null, perPage?: number][]) {
  const progressOf = createPageProgress();
  return pages.map(([offset, ids, totalRecords, perPage = ids.length]) => {
    const records = [...ids].map((job_id) => ({ job_id }));
    return progressOf({ id: 1, offset, perPage } as StoredRun, { records, totalRecords });
  });
}

test('pages of other jobs lead onwards', () => {
  expect(through([0, 'abc', 9], [3, 'def', 9], [6, 'ghi', 9])).toEqual(['onwards', 'onwards', 'onwards']);
});

test('pages that some new jobs push back lead onwards', () => {
  expect(through([0, 'abc', null], [3, 'cde', null], [6, 'efg', null])).toEqual(['onwards', 'onwards', 'onwards']);
});

test('the first job of the page before, three times in a row, is no end of it', () => {
  const pages = through([0, 'abc', null], [3, 'abc', null], [6, 'xab', null], [9, 'yxa', null]);
  expect(pages).toEqual(['onwards', 'repeats', 'repeats', 'endless']);
});

test('twice may be chance', () => {
  const pages = through([0, 'a', null], [1, 'a', null], [2, 'a', null], [3, 'b', null], [4, 'b', null]);
  expect(pages).toEqual(['onwards', 'repeats', 'repeats', 'onwards', 'repeats']);
});

test('as many new jobs as a page has explain it', () => {
  expect(through([0, 'a', 5], [1, 'a', 6], [2, 'a', 7], [3, 'a', 8], [4, 'a', 9])).toEqual(Array(5).fill('onwards'));
});

test('a page that is read once more, as the store refused it, counts once', () => {
  const same = Array.from({ length: 5 }, () => [3, 'abc', null] as [number, string, null]);
  expect(through([0, 'abc', null], ...same)).toEqual(['onwards', ...Array(5).fill('repeats')]);
});

test('jobs far beyond those there are said to be are no end of it', () => {
  expect(through([0, 'abc', 3], [2_002, 'def', 3], [2_003, 'ghi', 3])).toEqual(['onwards', 'onwards', 'endless']);
  expect(through([0, 'abc', 3], [2_003, '', 3])).toEqual(['onwards', 'onwards']);
});

test('another run begins anew', () => {
  const progressOf = createPageProgress();
  const page = { records: [{ job_id: 'a' }], totalRecords: null };
  expect([1, 2, 3, 4, 5].map((id) => progressOf({ id, offset: 0, perPage: 200 } as StoredRun, page))).toEqual(
    Array(5).fill('onwards'),
  );
});

test('the page before once more, with room for more, is all there is', () => {
  expect(through([0, 'ab', null, 200], [2, 'ab', null, 200])).toEqual(['onwards', 'same']);
  expect(through([0, 'ab', null, 2], [2, 'ab', null, 4])).toEqual(['onwards', 'same']);
  expect(through([0, 'ab', null, 200], [2, 'ab', null, 200], [2, 'ab', null, 200])[2]).toBe('same');
});

test('a full page, other jobs or a total say that there may be more', () => {
  expect(through([0, 'ab', null, 2], [2, 'ab', null, 2])).toEqual(['onwards', 'repeats']);
  expect(through([0, 'ab', null, 200], [2, 'abc', null, 200], [5, 'cab', null, 200])).toEqual(['onwards', 'repeats', 'repeats']);
  expect(through([0, 'ab', 5, 200], [2, 'ab', 5, 200])).toEqual(['onwards', 'repeats']);
});
