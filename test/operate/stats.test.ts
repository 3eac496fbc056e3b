import { beforeEach, describe, expect, test } from 'vitest';
import { stats as statsShape } from '../../src/operate/shapes/views.ts';
import { createStats } from '../../src/operate/stats.ts';
import type { Sql } from '../../src/ports.ts';
import { createDeliveryStore } from '../../src/store/deliveries.ts';
import { createTally, hourMs } from '../../src/store/hourly.ts';
import { createIncidentStore } from '../../src/store/incidents.ts';
import { createParkedStore } from '../../src/store/parked.ts';
import { openFileStore } from '../store/file-store.ts';
import { newDelivery } from '../store/new-event.ts';
import { refusalOf, valueOf } from './asked.ts';

const noon = Date.UTC(2026, 2, 2, 12);
const minute = 60_000;

let sql: Sql;
let now: number;
beforeEach(() => {
  sql = openFileStore();
  now = noon + 20 * minute;
});

const stats = (range: { fromMs?: number; untilMs?: number } = {}) =>
  createStats({ sql, clock: { now: () => now }, silences: { countInForce: () => 2 }, lastEventAt: () => noon })({
    fromMs: null,
    untilMs: null,
    ...range,
  });

describe('counts per hour', () => {
  beforeEach(() => {
    const tally = createTally(sql);
    tally.event('routed', 'failed', noon - 3 * hourMs);
    tally.event('routed', 'failed', noon);
    tally.event('unrouted', 'failed', noon + 1);
    tally.event('duplicate', 'failed', noon + 2);
    tally.event('quarantined', null, noon + 3);
    tally.event('unrouted', '__proto__', noon + 4);
    tally.delivery('delivered', noon + 5);
    tally.delivery('dead', noon + 6);
    tally.write();
  });

  test('are those of 24 hours with the one that has begun, those of nothing among them', () => {
    const answer = valueOf(stats());
    expect(statsShape.safeParse(answer).error).toBeUndefined();
    expect([answer.from, answer.until, answer.hours.length]).toEqual([
      '2026-03-01T13:00:00.000Z',
      '2026-03-02T13:00:00.000Z',
      24,
    ]);
    expect(answer.hours[0]).toEqual({ at: '2026-03-01T13:00:00.000Z', events: {}, states: {}, deliveries: {} });
    expect(answer.hours[20]).toMatchObject({ at: '2026-03-02T09:00:00.000Z', events: { routed: 1 } });
    // At the stroke of an hour, that one has begun.
    now = noon;
    expect(valueOf(stats()).hours.at(-1)!.at).toBe('2026-03-02T12:00:00.000Z');
  });

  test('tell events by outcome and, but for those that came before, by state of whatever name; deliveries by their end', () => {
    const hour = valueOf(stats()).hours.at(-1)!;
    expect(hour.events).toEqual({ routed: 1, unrouted: 2, duplicate: 1, quarantined: 1 });
    expect(Object.entries(hour.states).toSorted()).toEqual([
      ['__proto__', 1],
      ['failed', 2],
    ]);
    expect(hour.deliveries).toEqual({ delivered: 1, dead: 1 });
  });

  test('of a range are those of each hour that it touches', () => {
    const { from, until, hours } = valueOf(stats({ fromMs: noon - 2 * hourMs - 1, untilMs: noon + 1 }));
    expect([from, until, hours.length]).toEqual(['2026-03-02T09:00:00.000Z', '2026-03-02T13:00:00.000Z', 4]);
    expect(valueOf(stats({ untilMs: noon })).hours).toHaveLength(24);
  });

  test('are refused for more than 31 days, and for a range that holds nothing', () => {
    expect(valueOf(stats({ fromMs: now - 31 * 24 * hourMs })).hours.length).toBeGreaterThanOrEqual(31 * 24);
    expect(refusalOf(stats({ fromMs: now - 31 * 24 * hourMs - 1 }))).toMatchObject({ status: 'invalid', field: 'from' });
    expect(refusalOf(stats({ fromMs: noon, untilMs: noon }))).toMatchObject({ status: 'invalid', field: 'from' });
    expect(refusalOf(stats({ fromMs: now + 1 }))).toMatchObject({ status: 'invalid', field: 'from' });
  });
});

test('how things stand now is read from the store', () => {
  expect(valueOf(stats()).now).toEqual({
    incidents_open: 0,
    pending: 0,
    oldest_due_at: null,
    dead: 0,
    parked: 0,
    silences: 2,
    last_event_at: '2026-03-02T12:00:00.000Z',
  });
  const incidents = createIncidentStore(sql);
  for (const id of [1, 2, 3]) incidents.open({ id, kind: 'subject', subject: `s${id}`, at: noon, failures: 1, said: null });
  incidents.end(3, noon, null);
  const deliveries = createDeliveryStore(sql);
  for (const eventSeq of [1, 2, 3])
    deliveries.add(newDelivery({ eventSeq, subject: `s${eventSeq}`, createdAt: noon + eventSeq * minute }));
  sql.query(`UPDATE deliveries SET status = 'dead' WHERE event_seq = 1`);
  createParkedStore(sql).put({ destination: 'chat', since: noon, reason: 'channel', detail: 'gone', probes: 0, probeAt: noon });
  expect(valueOf(stats()).now).toMatchObject({
    incidents_open: 2,
    pending: 2,
    oldest_due_at: '2026-03-02T12:02:00.000Z',
    dead: 1,
    parked: 1,
  });
});
