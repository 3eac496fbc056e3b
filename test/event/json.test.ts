import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, stringifyJson } from '../../src/event/json.ts';

/** What a double may have changed: then only the text knows the number. */
const isDoubtful = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isInteger(value) && !Number.isSafeInteger(value)
    : typeof value === 'object' && value !== null && Object.values(value).some(isDoubtful);

describe('parseJson', () => {
  test('is JSON.parse where a double holds every number', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!isDoubtful(JSON.parse(text)));
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('keeps every digit of any integer, through writing and reading again', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n })), (integers) => {
        const text = `{"list":[${integers.join(',')}]}`;
        expect(stringifyJson(parseJson(text))).toBe(text);
      }),
    );
  });

  test.each([
    ['{"a":9007199254740993}', { a: 9007199254740993n }],
    ['[-9007199254740993]', [-9007199254740993n]],
    ['{"a": 12345678901234567890}', { a: 12345678901234567890n }],
    ['9007199254740993', 9007199254740993n],
    ['1e400', '1e400'],
    ['[1.5e3,2E2]', [1500, 200]],
    ['{"text":"9007199254740993 stays text"}', { text: '9007199254740993 stays text' }],
  ])('%s', (text, value) => expect(parseJson(text)).toEqual(value));

  test('takes nesting deep enough to exhaust a stack, with a big number in it or not', () => {
    const deep = (inner: string) => '['.repeat(200_000) + inner + ']'.repeat(200_000);
    expect(Array.isArray(parseJson(deep('1')))).toBe(true);
    expect(Array.isArray(parseJson(deep('[9007199254740993]')))).toBe(true);
  });
});
