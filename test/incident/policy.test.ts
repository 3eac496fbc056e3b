/** The decision itself, at its edges. What comes of it over time: incidents.test.ts. */
import { describe, expect, test } from 'vitest';
import { onDue, onFailure, type AlertState, type Silencing } from '../../src/incident/policy.ts';

const now = 1_000_000;
const silence: Silencing = { name: 'night', untilMs: now + 500 };
const none = { holdMs: null, repeatMs: null };
const state = (changes: Partial<AlertState>): AlertState => ({
  incident: 7,
  phase: 'told',
  dueAt: null,
  toldAt: null,
  toldHere: false,
  ...changes,
});
const told = (changes: Partial<AlertState> = {}) => state({ toldAt: now - 100, toldHere: true, ...changes });

describe('a first failure', () => {
  test('is told at once', () => {
    expect(onFailure(none, null, 7, null, now)).toEqual({ kind: 'tell', act: 'open' });
  });

  test('is held for as long as the rule says', () => {
    expect(onFailure({ ...none, holdMs: 300 }, null, 7, null, now)).toEqual({ kind: 'hold', until: now + 300 });
  });

  test('is held even while there is a silence, which may be over by then', () => {
    expect(onFailure({ ...none, holdMs: 300 }, null, 7, silence, now)).toEqual({ kind: 'hold', until: now + 300 });
  });

  test('is silenced, with the time when that ends', () => {
    expect(onFailure(none, null, 7, silence, now)).toEqual({ kind: 'silence', act: 'open', by: 'night', until: now + 500 });
  });

  test('is a first one for a rule that only told of an earlier incident', () => {
    expect(onFailure(none, told({ incident: 6 }), 7, null, now)).toEqual({ kind: 'tell', act: 'open' });
    expect(onFailure({ ...none, holdMs: 300 }, told({ incident: 6 }), 7, null, now)).toMatchObject({ kind: 'hold' });
  });

  test('waits until the time of an earlier message is over, and for its hold if that is later', () => {
    const earlier = told({ incident: 6, toldHere: false });
    expect(onFailure({ holdMs: null, repeatMs: 1_000 }, earlier, 7, null, now)).toEqual({ kind: 'repeat', until: now + 900 });
    expect(onFailure({ holdMs: 300, repeatMs: 1_000 }, earlier, 7, null, now)).toEqual({ kind: 'hold', until: now + 900 });
    expect(onFailure({ holdMs: 950, repeatMs: 1_000 }, earlier, 7, null, now)).toEqual({ kind: 'hold', until: now + 950 });
  });
});

describe('a further failure', () => {
  test('of what is held changes nothing about when it is told, even under another policy', () => {
    const held = state({ phase: 'held', dueAt: now + 50 });
    expect(onFailure({ ...none, holdMs: 300 }, held, 7, null, now)).toEqual({ kind: 'hold', until: now + 50 });
    expect(onFailure(none, held, 7, silence, now)).toEqual({ kind: 'hold', until: now + 50 });
  });

  test('is told without repeat, and held no more once somebody was told', () => {
    expect(onFailure({ ...none, holdMs: 300 }, told(), 7, null, now)).toEqual({ kind: 'tell', act: 'remind' });
  });

  test.each([
    [99, 'tell'],
    [100, 'tell'],
    [101, 'repeat'],
  ])('100 ms after the message, with a repeat of %i ms: %s', (repeatMs, kind) => {
    expect(onFailure({ ...none, repeatMs }, told(), 7, null, now)).toMatchObject({ kind });
  });

  test('of what is silenced is told when nothing is silent any more, as a reminder only where somebody had been told', () => {
    const silenced = state({ phase: 'silenced', dueAt: now + 5 });
    expect(onFailure(none, silenced, 7, null, now)).toEqual({ kind: 'tell', act: 'open' });
    expect(onFailure(none, { ...silenced, toldHere: true }, 7, null, now)).toEqual({ kind: 'tell', act: 'remind' });
    expect(onFailure(none, silenced, 7, silence, now)).toMatchObject({ kind: 'silence', act: 'open' });
  });

  test('is counted whether or not there is a silence: the silence is asked when it would be told', () => {
    expect(onFailure({ ...none, repeatMs: 1_000 }, told(), 7, silence, now)).toMatchObject({ kind: 'repeat' });
  });

  test('after the clock was set back waits for one time of repeat at most, and never postpones what is to come', () => {
    const ahead = told({ toldAt: now + 10_000_000 });
    expect(onFailure({ ...none, repeatMs: 1_000 }, ahead, 7, null, now)).toEqual({ kind: 'repeat', until: now + 1_000 });
    const pending = { ...ahead, dueAt: now + 400 };
    expect(onFailure({ ...none, repeatMs: 1_000 }, pending, 7, null, now)).toEqual({ kind: 'repeat', until: now + 400 });
  });
});

describe('a time that has come', () => {
  test.each([
    [false, 'open'],
    [true, 'remind'],
  ])('told here: %s, so it is told as %s, or silenced as that', (toldHere, act) => {
    expect(onDue(state({ toldHere }), null)).toEqual({ kind: 'tell', act });
    expect(onDue(state({ toldHere }), silence)).toEqual({ kind: 'silence', act, by: 'night', until: now + 500 });
  });
});
