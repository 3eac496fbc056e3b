import { describe, expect, test } from 'vitest';
import { deliveries, deliveryState, type DeliveryState } from '../../src/narrative/check-deliveries.ts';
import { subscription } from './some-subscription.ts';

const [earlier, later] = ['2026-03-02T09:00:00Z', '2026-03-02T10:00:00Z'];

describe('deliveries', () => {
  test.each<[DeliveryState, string, number | null, number | null, string | null, string | null]>([
    ['none-failed', 'ok', 3, 0, null, later],
    ['recovered', 'warning', 3, 2, earlier, later],
    ['last-failed', 'problem', 3, 2, later, earlier],
    ['never', 'problem', 0, 2, later, null],
    ['never', 'problem', 0, 2, null, null],
    ['some-failed', 'warning', 3, 2, later, null],
    ['some-failed', 'warning', 3, 2, null, later],
    ['some-failed', 'warning', null, 2, null, null],
    ['unknown', 'skipped', null, null, null, null],
  ])(
    'are %s, which is %s: %s went well, %s failed, last at %s and %s',
    (state, verdict, successful, failed, lastFailedAt, lastSuccessfulAt) => {
      const counted = { successful, failed, lastFailedAt, lastSuccessfulAt };
      expect([deliveryState(counted), deliveries(subscription({ deliveries: counted })).verdict]).toEqual([state, verdict]);
    },
  );

  test('of which no time is told are not said to have ended in a failure', () => {
    const { detail } = deliveries(
      subscription({ deliveries: { successful: 3, failed: 2, lastFailedAt: null, lastSuccessfulAt: null } }),
    );
    expect(detail).toBe('Narrative counts 2 failed deliveries; 3 delivered: which came last is not said');
  });

  test('of which nothing is said are not judged', () => expect(deliveries(subscription()).verdict).toBe('skipped'));
});
