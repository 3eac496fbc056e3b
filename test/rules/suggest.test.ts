import { expect, test } from 'vitest';
import { didYouMean, nearest } from '../../src/rules/suggest.ts';

test.each([
  ['mach', 'match'],
  ['sned', 'send'],
  ['Match', 'match'],
  ['job_type', 'job_types'],
  ['dataset_id', 'dataset_ids'],
  ['hold', null],
  ['x', null],
  ['', null],
])('%j is meant to be %j', (written, meant) => {
  expect(nearest(written, ['name', 'match', 'stop', 'send', 'job_types', 'dataset_ids'])).toBe(meant);
});

test('the closest wins, and without a close one the known names are listed', () => {
  expect(nearest('trage', ['stage', 'triage', 'trade'])).toBe('triage');
  expect(didYouMean('zzzz', ['a', 'b'])).toEqual({ hint: 'known: a, b' });
  expect(didYouMean('zzzz', [])).toEqual({});
  expect(
    didYouMean(
      'zzzz',
      Array.from({ length: 20 }, (_, i) => `n${i}`),
    ).hint,
  ).toContain('(20 in all)');
});
