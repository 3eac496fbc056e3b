/** Times of day in a time zone, across the days on which clocks are changed. Epoch ms outside, Temporal inside. */
import { Temporal } from 'temporal-polyfill';

export interface TimeOfDay {
  /** `HH:MM`. */
  time: string;
  /** IANA name. */
  timezone: string;
  /** 1 (Monday) to 7. At least one. */
  days: readonly number[];
}

export const everyDay: readonly number[] = [1, 2, 3, 4, 5, 6, 7];

/** Two weeks: in one of them a zone may have left out the day. And a day on either side. */
const furthestDays = 16;

/** The first occurrence after `afterMs`. Throws where there is none: no days. */
export function nextOccurrence(at: TimeOfDay, afterMs: number): number {
  const start = dateAt(afterMs, at.timezone);
  return search(
    at,
    (days) => start.add({ days }),
    (ms) => ms > afterMs,
  );
}

/** The last occurrence at or before `atMs`. Throws where there is none: no days. */
export function previousOccurrence(at: TimeOfDay, atMs: number): number {
  // Clocks that are put back over midnight (Newfoundland's were, at 00:01) bring yesterday again after today has begun.
  const start = dateAt(atMs, at.timezone).add({ days: 1 });
  return search(
    at,
    (days) => start.subtract({ days }),
    (ms) => ms <= atMs,
  );
}

function search(at: TimeOfDay, dateIn: (days: number) => Temporal.PlainDate, wanted: (ms: number) => boolean): number {
  for (let days = 0; days <= furthestDays; days++) {
    const date = dateIn(days);
    const ms = at.days.includes(date.dayOfWeek) ? momentOn(date, at) : null;
    if (ms !== null && wanted(ms)) return ms;
  }
  throw new Error(`a time of day needs at least one day of the week (1 to 7), ${at.time} has [${at.days.join(', ')}]`);
}

/**
 * A time that clocks skip stands for the moment after the gap, one that comes twice for the first. Null for a date that a
 * zone left out (Samoa had no 30 December 2011): what was due on it was due on no day.
 */
function momentOn(date: Temporal.PlainDate, { time, timezone }: TimeOfDay): number | null {
  if (!date.toZonedDateTime(timezone).toPlainDate().equals(date)) return null;
  const wanted = date.toPlainDateTime(time);
  const first = wanted.toZonedDateTime(timezone, { disambiguation: 'earlier' });
  if (first.toPlainDateTime().equals(wanted)) return first.epochMilliseconds;
  // In a gap `earlier` stands as far before it as the wanted time is in it.
  return first.getTimeZoneTransition('next')!.epochMilliseconds;
}

function dateAt(ms: number, timezone: string): Temporal.PlainDate {
  return zoned(ms, timezone).toPlainDate();
}

function zoned(ms: number, timezone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(timezone);
}

const weekdays = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const months = ['', 'Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `06:42`. */
export function clockIn(timezone: string, ms: number): string {
  return zoned(ms, timezone).toPlainTime().toString({ smallestUnit: 'minute' });
}

/** `Mon 2 Mar 06:42`. */
export function dayAndClockIn(timezone: string, ms: number): string {
  const { dayOfWeek, day, month } = zoned(ms, timezone);
  return `${weekdays[dayOfWeek]} ${day} ${months[month]} ${clockIn(timezone, ms)}`;
}

/** As people say it at `nowMs` of an earlier time: `06:42`, `yesterday 06:42`, `Fri 06:42`, `Fri 20 Feb 06:42`. */
export function pastClockIn(timezone: string, ms: number, nowMs: number): string {
  const then = zoned(ms, timezone);
  const days = then.toPlainDate().until(dateAt(nowMs, timezone)).days;
  if (days === 0) return clockIn(timezone, ms);
  if (days === 1) return `yesterday ${clockIn(timezone, ms)}`;
  return days > 1 && days < 7 ? `${weekdays[then.dayOfWeek]} ${clockIn(timezone, ms)}` : dayAndClockIn(timezone, ms);
}
