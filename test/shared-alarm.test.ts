import { expect, test } from 'vitest';
import type { Alarm } from '../src/ports.ts';
import { shareAlarm } from '../src/shared-alarm.ts';

function stage() {
  const rang: string[] = [];
  let armed: number | null = null;
  let now = 0;
  const shared = shareAlarm({ arm: (atMs) => void (armed = atMs), disarm: () => void (armed = null) }, { now: () => now });
  const branch = (name: string, then: (own: Alarm) => void = () => {}): Alarm => {
    const own = shared.branch(() => {
      rang.push(name);
      then(own);
    });
    return own;
  };
  return {
    rang,
    branch,
    get armed() {
      return armed;
    },
    setClock: (to: number) => void (now = to),
    ring: shared.ring,
  };
}

test('the alarm is armed for the first of its users, and rings the one that is due', () => {
  const on = stage();
  const [a, b] = [on.branch('a'), on.branch('b')];
  a.arm(100);
  b.arm(50);
  expect(on.armed).toBe(50);
  on.setClock(50);
  on.ring();
  expect([on.rang, on.armed]).toEqual([['b'], 100]);
  on.setClock(100);
  on.ring();
  expect([on.rang, on.armed]).toEqual([['b', 'a'], null]);
});

test('both ring when both are due, and each may arm itself again while it does', () => {
  const on = stage();
  on.branch('a', (own) => own.arm(200)).arm(50);
  on.branch('b', (own) => own.arm(150)).arm(50);
  on.setClock(50);
  on.ring();
  expect([on.rang, on.armed]).toEqual([['a', 'b'], 150]);
});

test('a later time replaces an earlier one, and who is disarmed does not ring', () => {
  const on = stage();
  const [a, b] = [on.branch('a'), on.branch('b')];
  a.arm(50);
  a.arm(300);
  expect(on.armed).toBe(300);
  b.arm(60);
  b.disarm();
  expect(on.armed).toBe(300);
  a.disarm();
  expect(on.armed).toBeNull();
  on.ring();
  expect(on.rang).toEqual([]);
});

test('who asks for a time that is past is rung at once, others are not', () => {
  const on = stage();
  on.setClock(1_000);
  on.branch('a').arm(-5);
  on.branch('b').arm(2_000);
  expect(on.armed).toBe(-5);
  on.ring();
  expect([on.rang, on.armed]).toEqual([['a'], 2_000]);
});

test('an alarm that is a moment early rings who it was armed for, once, and nobody else', () => {
  const on = stage();
  on.branch('a').arm(10_000);
  on.branch('b').arm(10_001);
  on.setClock(9_999);
  on.ring();
  expect([on.rang, on.armed]).toEqual([['a'], 10_001]);
});

test('an alarm that rings long before its time rings everybody: the clock was set back', () => {
  const on = stage();
  on.setClock(1_000_000);
  on.branch('often', (own) => own.arm(60_000)).arm(1_060_000);
  on.branch('seldom').arm(2_000_000);
  on.setClock(30_000);
  on.ring();
  expect([on.rang, on.armed]).toEqual([['often', 'seldom'], 60_000]);
});

test('a clock that was set back between two calls is noticed by the next one, and everybody is rung at once', () => {
  const on = stage();
  on.setClock(1_000_000);
  const often = on.branch('often');
  on.branch('seldom').arm(2_000_000);
  on.setClock(30_000);
  often.arm(90_000);
  expect(on.armed).toBe(30_000);
  on.ring();
  expect([on.rang, on.armed]).toEqual([['often', 'seldom'], null]);
});
