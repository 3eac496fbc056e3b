import { expect, test } from 'vitest';
import { createClocks } from '../../src/demo/clocks.ts';

const at = (iso: string) => Date.parse(iso);

function clocksAt(iso: string) {
  let now = at(iso);
  return { clocks: createClocks(() => now), pass: (ms: number) => void (now += ms) };
}

test('the night ends at the last half past eight that is past, so that what a reader sends later is later', () => {
  expect(clocksAt('2026-03-02T17:00:00Z').clocks.dawnMs).toBe(at('2026-03-02T08:30:00Z'));
  expect(clocksAt('2026-03-02T08:29:59Z').clocks.dawnMs).toBe(at('2026-03-01T08:30:00Z'));
  expect(clocksAt('2026-03-02T08:30:00Z').clocks.dawnMs).toBe(at('2026-03-02T08:30:00Z'));
});

test('the relay starts in the evening, and its clock comes to dawn five seconds after the night was played', () => {
  const { clocks, pass } = clocksAt('2026-03-02T17:00:00Z');
  expect(clocks.relayNow()).toBe(at('2026-03-01T23:29:00Z'));
  pass(1_500);
  clocks.begin(10_000);
  expect(clocks.relayNow()).toBe(clocks.dawnMs - 15_000);
  pass(15_000);
  expect(clocks.relayNow()).toBe(clocks.dawnMs);
});

test('in the story nine hours pass meanwhile, and time goes on as usual afterwards', () => {
  const { clocks, pass } = clocksAt('2026-03-02T17:00:00Z');
  clocks.begin(10_000);
  expect(clocks.storyNow()).toBe(at('2026-03-01T23:30:00Z'));
  pass(5_000);
  expect(clocks.storyNow()).toBe(at('2026-03-02T04:00:00Z'));
  pass(5_000);
  expect(clocks.storyNow()).toBe(clocks.dawnMs);
  pass(65_000);
  expect(clocks.storyNow()).toBe(at('2026-03-02T08:31:00Z'));
});
