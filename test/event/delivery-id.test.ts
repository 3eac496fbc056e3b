import { expect, test } from 'vitest';
import { deliveryId, deliveryKeyOf } from '../../src/event/id.ts';

const key = { eventSeq: 1_800_000_000_000 * 1024 + 7, n: 12 };

test('the id of a delivery is read back, in capitals or not', () => {
  const id = deliveryId(key);
  expect(deliveryKeyOf(id)).toEqual(key);
  expect(deliveryKeyOf(id.toLowerCase())).toEqual(key);
  expect(deliveryKeyOf(id.toUpperCase())).toEqual(key);
});

test.each(['', 'dlv_', 'dlv_1M7ZPZS4Z00', 'dlv_1M7ZPZS4Z00_', 'dlv_1M7ZPZS4Z00_0', 'dlv_1M7ZPZS4Z00_01', 'evt_1M7ZPZS4Z00_1'])(
  '%j is no id of a delivery',
  (text) => expect(deliveryKeyOf(text)).toBeNull(),
);

test.each(['dlv_1M7ZPZS4Z0I_1', 'dlv_ZZZZZZZZZZZ_1', 'dlv_1M7ZPZS4Z00_1 ', 'dlv_1M7ZPZS4Z00_1.5', 'dlv_1M7ZPZS4Z00_1000000000'])(
  '%j is none either',
  (text) => expect(deliveryKeyOf(text)).toBeNull(),
);
