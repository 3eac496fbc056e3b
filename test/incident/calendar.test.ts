import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { everyDay, nextOccurrence, pastClockIn, previousOccurrence, dayAndClockIn } from '../../src/incident/calendar.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const next = (time: string, timezone: string, after: string, days = everyDay) =>
  iso(nextOccurrence({ time, timezone, days }, Date.parse(after)));
const previous = (time: string, timezone: string, at: string, days = everyDay) =>
  iso(previousOccurrence({ time, timezone, days }, Date.parse(at)));

describe('a time of day', () => {
  test('is the same on the clock in summer and in winter', () => {
    expect(next('06:00', 'America/New_York', '2026-03-07T00:00:00Z')).toBe('2026-03-07T11:00:00.000Z');
    expect(next('06:00', 'America/New_York', '2026-03-08T00:00:00Z')).toBe('2026-03-08T10:00:00.000Z');
  });

  test('that clocks skip is the moment after the gap', () => {
    expect(next('02:30', 'America/New_York', '2026-03-08T00:00:00Z')).toBe('2026-03-08T07:00:00.000Z');
    expect(next('02:15', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z')).toBe('2026-10-03T15:30:00.000Z');
  });

  test('that comes twice is the first of the two', () => {
    expect(next('02:30', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(next('02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
  });

  test('that came already is past, though clocks were put back to the day before', () => {
    // Newfoundland, 2010: at 00:01 on the 7th it was 23:01 on the 6th again.
    expect(previous('00:00', 'America/St_Johns', '2010-11-07T03:00:00Z')).toBe('2010-11-07T02:30:00.000Z');
    expect(next('00:00', 'America/St_Johns', '2010-11-07T03:00:00Z')).toBe('2010-11-08T03:30:00.000Z');
  });

  test('of a day that a zone left out is on no day', () => {
    expect(next('06:00', 'Pacific/Apia', '2011-12-29T17:00:00Z')).toBe('2011-12-30T16:00:00.000Z');
    expect(previous('06:00', 'Pacific/Apia', '2011-12-30T15:59:00Z')).toBe('2011-12-29T16:00:00.000Z');
  });

  test('keeps to its days of the week, in its own time zone', () => {
    // Friday evening in New York is Saturday in UTC.
    expect(next('20:00', 'America/New_York', '2026-03-06T22:00:00Z', [5])).toBe('2026-03-07T01:00:00.000Z');
    expect(next('06:00', 'UTC', '2026-03-06T06:00:00Z', [1, 2, 3, 4, 5])).toBe('2026-03-09T06:00:00.000Z');
  });

  test('comes next after a moment, and came last at or before it', () => {
    expect(next('06:00', 'UTC', '2026-03-02T06:00:00Z')).toBe('2026-03-03T06:00:00.000Z');
    expect(previous('06:00', 'UTC', '2026-03-02T06:00:00Z')).toBe('2026-03-02T06:00:00.000Z');
  });

  test('without days says what is wrong instead of looking for ever', () => {
    expect(() => nextOccurrence({ time: '06:00', timezone: 'UTC', days: [] }, 0)).toThrow('at least one day of the week');
  });
});

test('a time in the past is said as people say it', () => {
  const at = (text: string) => Date.parse(text);
  const now = at('2026-03-02T09:00:00Z');
  expect(pastClockIn('UTC', at('2026-03-02T08:30:00Z'), now)).toBe('08:30');
  expect(pastClockIn('UTC', at('2026-03-01T08:30:00Z'), now)).toBe('yesterday 08:30');
  expect(pastClockIn('UTC', at('2026-02-27T08:30:00Z'), now)).toBe('Fri 08:30');
  expect(pastClockIn('UTC', at('2026-02-23T08:30:00Z'), now)).toBe('Mon 23 Feb 08:30');
  expect(dayAndClockIn('America/New_York', now)).toBe('Mon 2 Mar 04:00');
});

const quarter = 15 * 60_000;

/** Each quarter of an hour of a year as it is on the clocks of a zone. */
function quartersOf(timezone: string, year: number): { ms: number; date: string; time: string }[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' });
  const quarters = [];
  for (let ms = Date.UTC(year, 0, 1); ms < Date.UTC(year + 1, 0, 1); ms += quarter) {
    const [date, time] = format.format(ms).split(' ');
    quarters.push({ ms, date: date!, time: time! });
  }
  return quarters;
}

/** For each date that there is, the first quarter that is not before the time. */
function byBruteForce(quarters: ReturnType<typeof quartersOf>, time: string, days: number[]): number[] {
  const found = new Map<string, number>();
  const dates = new Set(quarters.map(({ date }) => date));
  for (const date of dates) if (days.includes(new Date(date).getUTCDay() || 7)) found.set(date, Infinity);
  let passed = '';
  for (const quarter of quarters) {
    if (found.get(quarter.date) === Infinity && quarter.time >= time) found.set(quarter.date, quarter.ms);
    // A gap up to midnight: the moment after it is on the next day.
    if (passed !== quarter.date && found.get(passed) === Infinity) found.set(passed, quarter.ms);
    passed = quarter.date;
  }
  return [...found.values()].filter((ms) => ms !== Infinity);
}

describe.each([
  ['America/New_York', 2026],
  ['Europe/Berlin', 2026],
  ['Australia/Lord_Howe', 2026],
  ['Pacific/Apia', 2011],
  ['UTC', 2026],
])('in %s', (timezone, year) => {
  const quarters = quartersOf(timezone, year);
  const first = Date.UTC(year, 0, 20);
  const last = Date.UTC(year, 11, 31) - 1;
  const times = fc
    .integer({ min: 0, max: 95 })
    .map((n) => `${String(n >> 2).padStart(2, '0')}:${String((n & 3) * 15).padStart(2, '0')}`);
  const daysOfWeek = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 });

  test('the next and the last occurrence are those that looking at each quarter of an hour finds', () => {
    const moments = fc.oneof(
      fc.integer({ min: first, max: last - 14 * 86_400_000 }),
      // On and around the quarters themselves.
      fc
        .tuple(
          fc.constantFrom(...quarters.filter(({ ms }) => ms > first && ms < last - 14 * 86_400_000)),
          fc.constantFrom(-1, 0, 1),
        )
        .map(([{ ms }, by]) => ms + by),
    );
    fc.assert(
      fc.property(times, daysOfWeek, moments, (time, days, moment) => {
        const all = byBruteForce(quarters, time, days);
        expect(nextOccurrence({ time, timezone, days }, moment)).toBe(Math.min(...all.filter((ms) => ms > moment)));
        expect(previousOccurrence({ time, timezone, days }, moment)).toBe(Math.max(...all.filter((ms) => ms <= moment)));
      }),
      { numRuns: 40 },
    );
  });

  test('a whole year of occurrences, one after the other, leaves none out', () => {
    for (const time of ['00:00', '01:45', '02:30', '03:00', '23:45']) {
      const all = byBruteForce(quarters, time, [...everyDay]).filter((ms) => ms > first && ms < last - 86_400_000);
      let at = first;
      for (const expected of all) expect(iso((at = nextOccurrence({ time, timezone, days: everyDay }, at)))).toBe(iso(expected));
    }
  });
});
