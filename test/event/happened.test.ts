import { expect, test } from 'vitest';
import { cameToStateAt, happenedUs } from '../../src/event/happened.ts';
import { parseWire } from '../../src/event/parse.ts';

const created = '2026-03-02T09:00:00Z';
const ended = '2026-03-02T09:10:00Z';
const touched = '2026-03-02T11:00:00Z';
const receivedAt = Date.parse('2026-03-02T12:00:00Z');

function jobEvent(changes: Record<string, string | null>) {
  const data = {
    job_id: 'a',
    type: 'forecast',
    state: 'failed',
    created_at: created,
    ended_at: ended,
    updated_at: touched,
    ...changes,
  };
  const parsed = parseWire({ id: 'whe-1', created_at: '2026-03-02T11:30:00Z', data });
  if (parsed.kind !== 'event' || parsed.event.kind !== 'job') throw new Error('the example is no job');
  return parsed.event;
}

test.each<[string, Record<string, string | null>, string]>([
  ['has ended, at its end, though it was touched since', {}, ended],
  ['has ended, and does not say when, at its last change', { ended_at: null }, touched],
  ['says it ended before it was there, at its last change', { ended_at: '0001-01-01T00:00:00' }, touched],
  ['goes on, at its last change, though an end is left from before it was begun anew', { state: 'running' }, touched],
  ['says no time of its own, when its webhook was made', { ended_at: null, updated_at: null }, '2026-03-02T11:30:00Z'],
  [
    'is ahead of us by more than clocks are, when it came',
    { ended_at: '2026-03-02T12:05:01Z', updated_at: '2026-03-02T12:05:01Z' },
    '2026-03-02T12:00:00Z',
  ],
])('what happened to a job that %s', (_which, changes, expected) => {
  expect(happenedUs(jobEvent(changes), receivedAt)).toBe(Date.parse(expected) * 1_000);
});

test.each<[string, Record<string, string | null>, string]>([
  ['in the year 1', { ended_at: '0001-01-01T00:00:00' }, touched],
  ['in 1970', { ended_at: '1970-01-01T00:00:00Z' }, touched],
  ['before the job was created', { ended_at: '2026-03-02T08:59:59Z' }, touched],
  ['when it was created', { ended_at: created }, created],
  ['before it was begun anew', { dequeued_at: '2026-03-02T09:10:01Z' }, touched],
  ['when it was begun anew', { dequeued_at: ended }, ended],
  ['before its creation, which comes after its beginning', { dequeued_at: ended, created_at: touched }, ended],
  ['five minutes after its last change', { ended_at: '2026-03-02T11:05:00Z' }, '2026-03-02T11:05:00Z'],
  ['later than that', { ended_at: '2026-03-02T11:05:01Z' }, touched],
  ['in the far future', { ended_at: '9999-12-31T23:59:59Z' }, touched],
  ['at no time at all', { ended_at: 'soon' }, touched],
  ['at any time, where nothing else is known', { ended_at: created, created_at: null, updated_at: null }, created],
])('a job that says it ended %s came to its end as follows', (_when, changes, expected) => {
  expect(Date.parse(cameToStateAt(jobEvent(changes).job)!)).toBe(Date.parse(expected));
});

test('when a job came to its state is not known where it says neither an end nor a change', () => {
  expect(cameToStateAt(jobEvent({ ended_at: null, updated_at: null }).job)).toBeNull();
  expect(cameToStateAt(jobEvent({ state: 'running', updated_at: null }).job)).toBeNull();
});
