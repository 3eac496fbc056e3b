import { afterEach, describe, expect, test, vi } from 'vitest';
import { formatDuration, isoTimestamp, secondsBetween, timestampUs } from '../../src/event/time.ts';

afterEach(() => void vi.unstubAllEnvs());

test.each(['UTC', 'America/New_York', 'Asia/Kolkata'])('without a zone it is UTC, although the machine is in %s', (zone) => {
  vi.stubEnv('TZ', zone);
  expect(new Date(2023, 9, 31).getTimezoneOffset()).toBe({ UTC: 0, 'America/New_York': 240, 'Asia/Kolkata': -330 }[zone]);
  expect(timestampUs('2023-10-31T11:19:13.400498')).toBe(Date.UTC(2023, 9, 31, 11, 19, 13) * 1000 + 400_498);
  expect(isoTimestamp('2023-10-31T11:19:13.400498')).toBe('2023-10-31T11:19:13.400498Z');
});

test.each(['0001-01-01T00:00:00', '1969-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z', '2024-02-29 12:00Z'])(
  '%s, however far away, is a whole number of microseconds',
  (text) => expect(Number.isInteger(timestampUs(text))).toBe(true),
);

test('two times within one millisecond have an order', () => {
  expect(timestampUs('2023-10-31T11:25:08.327209')! - timestampUs('2023-10-31T11:25:08.327194Z')!).toBe(15);
});

test.each([
  ['2023-10-31T11:19:13Z', '2023-10-31T11:19:13Z'],
  ['2023-10-31 11:19:13', '2023-10-31T11:19:13Z'],
  ['2023-10-31T11:19:13+02:00', '2023-10-31T09:19:13.000Z'],
  ['2023-10-31T11:19:13-0530', '2023-10-31T16:49:13.000Z'],
  [1698751153, '2023-10-31T11:19:13.000Z'],
  [1698751153400, '2023-10-31T11:19:13.400Z'],
  ['yesterday', null],
  ['2023-13-45T99:00:00', null],
  ['', null],
  [null, null],
  [Number.NaN, null],
  [1e300, null],
])('%j reads as %j', (given, expected) => expect(isoTimestamp(given)).toBe(expected));

describe('durations', () => {
  test.each([
    [0, '0 s'],
    [0.4, '0 s'],
    [42, '42 s'],
    [59.6, '1 min'],
    [355, '5 min 55 s'],
    [3600, '1 h'],
    [4320, '1 h 12 min'],
    [86_400 + 4 * 3600, '1 d 4 h'],
  ])('%d s are %s', (seconds, words) => expect(formatDuration(seconds)).toBe(words));

  test('are unknown when an end is missing or before its start', () => {
    expect(secondsBetween('2023-10-31T11:19:13Z', null)).toBeNull();
    expect(secondsBetween('2023-10-31T11:19:13Z', '2023-10-31T11:19:12Z')).toBeNull();
    expect(secondsBetween('2023-10-31T11:19:13Z', '2023-10-31T11:25:08.05Z')).toBe(355.1);
  });
});
