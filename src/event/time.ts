/** Timestamps as Narrative writes them, and durations as people read them. */

const iso = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d+))?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * Microseconds since the epoch, or null for what is no timestamp. Narrative's carry microseconds and no zone, which
 * means UTC. Order between events is decided at this precision: two states can share a millisecond.
 */
export function timestampUs(text: string): number | null {
  const parts = iso.exec(text);
  if (!parts) return null;
  const [, day, clock, fraction = '', zone = 'Z'] = parts;
  const seconds = Date.parse(`${day}T${clock}${/^z$/i.test(zone) ? 'Z' : zone}`);
  if (Number.isNaN(seconds)) return null;
  return seconds * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** Normalises to ISO 8601 in UTC with a `Z`, keeping the precision given; null for what is no timestamp. */
export function isoTimestamp(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) {
    // Epoch milliseconds or seconds. The first is past 1e11 from 1973 on, the second not before the year 5138.
    const ms = Math.abs(value) > 1e11 ? value : value * 1000;
    return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null;
  }
  if (typeof value !== 'string') return null;
  const parts = iso.exec(value);
  if (!parts) return null;
  const [, day, clock, fraction, zone = 'Z'] = parts;
  if (/^z$/i.test(zone))
    return Number.isNaN(Date.parse(`${day}T${clock}Z`)) ? null : `${day}T${clock}${fraction ? `.${fraction}` : ''}Z`;
  const us = timestampUs(value);
  return us === null ? null : new Date(us / 1000).toISOString();
}

/** Whole and tenth seconds from one timestamp to a later one; null when either is missing or the order is wrong. */
export function secondsBetween(from: string | null, to: string | null): number | null {
  if (from === null || to === null) return null;
  const start = timestampUs(from);
  const end = timestampUs(to);
  if (start === null || end === null || end < start) return null;
  return Math.round((end - start) / 100_000) / 10;
}

/** `0 s`, `42 s`, `5 min 55 s`, `1 h 12 min`, `3 d 4 h`: at most two units, the second left out when it is zero. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => whole >= size);
  if (first === -1) return '0 s';
  const [size, unit] = units[first]!;
  const next = units[first + 1];
  const rest = next ? Math.floor((whole % size) / next[0]) : 0;
  return `${Math.floor(whole / size)} ${unit}${rest > 0 ? ` ${rest} ${next![1]}` : ''}`;
}
