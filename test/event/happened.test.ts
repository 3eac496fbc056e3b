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
  ['goes on, at its last change, though an end is left from before it was begun anew', { state: 'running' }, touched],
  ['says no time of its own, when its webhook was made', { ended_at: null, updated_at: null }, '2026-03-02T11:30:00Z'],
  ['is ahead of us by more than clocks are, when it came', { ended_at: '2026-03-02T12:05:01Z' }, '2026-03-02T12:00:00Z'],
])('what happened to a job that %s', (_which, changes, expected) => {
  expect(happenedUs(jobEvent(changes), receivedAt)).toBe(Date.parse(expected) * 1_000);
});

test('when a job came to its state is not known where it says neither an end nor a change', () => {
  expect(cameToStateAt(jobEvent({ ended_at: null, updated_at: null }).job)).toBeNull();
  expect(cameToStateAt(jobEvent({ state: 'running', updated_at: null }).job)).toBeNull();
});
