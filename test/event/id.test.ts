import { expect, test } from 'vitest';
import {
  asSpelled,
  createSequence,
  deliveryId,
  eventId,
  eventSeq,
  incidentId,
  incidentSeq,
  msOfSeq,
  runId,
  runSeq,
  silenceId,
  silenceSeq,
} from '../../src/event/id.ts';

test('numbers grow within a millisecond, past its share, and when the clock steps back', () => {
  let now = 1_800_000_000_000;
  const next = createSequence({ now: () => now }, 0);
  const numbers = Array.from({ length: 3000 }, next);
  now -= 3_600_000;
  numbers.push(next(), next());
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(numbers.every(Number.isSafeInteger)).toBe(true);
});

test('numbers go on behind the last one of the store', () => {
  const last = 1_900_000_000_000 * 1024;
  expect(createSequence({ now: () => 1_800_000_000_000 }, last)()).toBe(last + 1);
});

test('an id is its number, sorts like it, and is read back', () => {
  const numbers = [1, 1024, 1_800_000_000_000 * 1024, 1_800_000_000_000 * 1024 + 1, Number.MAX_SAFE_INTEGER];
  const ids = numbers.map(eventId);
  expect(ids.map(eventSeq)).toEqual(numbers);
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.every((id) => /^evt_[0-9A-HJKMNP-TV-Z]{11}$/.test(id))).toBe(true);
  expect(numbers.map(silenceId)).toEqual(ids.map((id) => `sil_${id.slice(4)}`));
  expect(numbers.map(silenceId).map(silenceSeq)).toEqual(numbers);
  expect(numbers.map(runId)).toEqual(ids.map((id) => `rec_${id.slice(4)}`));
  expect(numbers.map(runId).map(runSeq)).toEqual(numbers);
  expect(deliveryId({ eventSeq: numbers[2]!, n: 3 })).toBe(`dlv_${ids[2]!.slice(4)}_3`);
});

test.each(['', 'evt_', 'evt_short', 'evt_1M7ZPZS4Z0I', 'dlv_1M7ZPZS4Z00', 'evt_ZZZZZZZZZZZ'])('%j is no id', (text) => {
  expect(eventSeq(text)).toBeNull();
});

test('a number tells the millisecond that it was made for, and an incident has an id of its own', () => {
  const seq = 1_800_000_000_000 * 1024 + 1023;
  expect(msOfSeq(seq)).toBe(1_800_000_000_000);
  expect(incidentId(seq)).toBe(`inc_${eventId(seq).slice(4)}`);
  expect([incidentSeq(incidentId(seq)), incidentSeq(eventId(seq))]).toEqual([seq, null]);
});

test('an id that was read out is the one that was written', () => {
  const id = eventId(1_800_000_000_000 * 1024);
  expect([asSpelled(id), asSpelled(id.toLowerCase()), asSpelled(id.toUpperCase())]).toEqual([id, id, id]);
});

test('an id of one kind is none of another', () => {
  expect([eventSeq(silenceId(1)), silenceSeq(runId(1)), runSeq(eventId(1))]).toEqual([null, null, null]);
});
