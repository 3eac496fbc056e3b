import { expect, test } from 'vitest';
import { createStoryClock } from '../../src/simulator/scenario-clock.ts';

const at = (iso: string) => Date.parse(iso);
const hourMs = 3_600_000;

function clockAt(iso: string, options: { lastsMs: number; speed: number; begins: number | null }) {
  let nowMs = at(iso);
  const clock = createStoryClock({ ...options, now: () => nowMs });
  return { clock, pass: (ms: number) => void (nowMs += ms), machineNow: () => nowMs };
}

test('at speed 1 a story begins now, and its time is the time here', () => {
  const { clock, pass, machineNow } = clockAt('2026-03-02T12:00:00Z', { lastsMs: hourMs, speed: 1, begins: null });
  expect(clock.beginsMs).toBe(at('2026-03-02T12:00:00Z'));
  for (const ms of [0, 1_000, hourMs, hourMs]) {
    pass(ms);
    expect(clock.now()).toBe(machineNow());
  }
});

test('a story that is played faster ends when its playing ends, so that nothing in it lies in the future', () => {
  const { clock, pass, machineNow } = clockAt('2026-03-02T12:00:00Z', { lastsMs: hourMs, speed: 60, begins: null });
  expect(clock.now()).toBe(at('2026-03-02T11:01:00Z'));
  pass(30_000);
  expect(clock.now()).toBe(at('2026-03-02T11:31:00Z'));
  pass(30_000);
  expect(clock.now()).toBe(machineNow());
  pass(7_000);
  expect(clock.now()).toBe(machineNow());
});

test('a story that begins at a time of day does so at the last one that lets it end in time', () => {
  const night = { lastsMs: 9 * hourMs, begins: 23.5 * hourMs };
  const { clock, pass } = clockAt('2026-03-02T08:29:30Z', { ...night, speed: 9 * 60 });
  // In a minute it is 08:30:30, and then a story that ends at 08:30 is over.
  expect(clock.beginsMs).toBe(at('2026-03-01T23:30:00Z'));
  expect(clockAt('2026-03-02T08:28:30Z', { ...night, speed: 9 * 60 }).clock.beginsMs).toBe(at('2026-02-28T23:30:00Z'));
  pass(60_000 + 5_000);
  expect(clock.now()).toBe(at('2026-03-02T08:30:05Z'));
});
