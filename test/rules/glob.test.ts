import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { globMatches, literalPrefix, literalSuffix } from '../../src/rules/glob.ts';

describe('a glob', () => {
  test.each([
    ['models_*', 'models_deliver_model', true],
    ['models_*', 'models_', true],
    ['models_*', 'a_models_x', false],
    ['*_model', 'models_deliver_model', true],
    ['*deliver*', 'models_deliver_model', true],
    ['job-?', 'job-7', true],
    ['job-?', 'job-', false],
    ['job-?', 'job-77', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*', '', true],
    ['?', '', false],
    ['Models_*', 'models_x', false],
    ['x.*', 'xyz', false],
    ['?', '😀', true],
    ['??', '😀', false],
  ])('%j on %j: %j', (glob, value, expected) => {
    expect(globMatches(glob, value)).toBe(expected);
  });

  test('agrees with a regular expression that says the same', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '+'), maxLength: 12 });
    const globs = fc.string({ unit: fc.constantFrom('a', 'b', '.', '+', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(globs, letters, (glob, value) => {
        const source = glob.replace(/[.+]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
        expect(globMatches(glob, value)).toBe(new RegExp(`^${source}$`).test(value));
      }),
      { numRuns: 1000 },
    );
  });

  test('matches only what begins and ends with its literal ends', () => {
    expect([literalPrefix('team_*_x'), literalSuffix('team_*_x')]).toEqual(['team_', '_x']);
    expect([literalPrefix('*a?'), literalSuffix('*a?')]).toEqual(['', '']);
  });

  test('takes no longer on text made to hang a backtracking matcher', { timeout: 2_000 }, () => {
    expect(globMatches('*a*a*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(20_000))).toBe(false);
  });
});
