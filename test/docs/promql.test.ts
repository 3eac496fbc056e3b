/** The reader of PromQL itself: each way to get a query wrong is found. */
import { expect, test } from 'vitest';
import { readPromql } from './promql.ts';

const faults = (expression: string) => readPromql(expression).faults;

test.each([
  'sum by (job, instance) (rate(narrative_relay_events_total{outcome="accepted"}[5m])) * 60 > 1',
  'histogram_quantile(0.95, sum by (destination, le) (rate(narrative_relay_event_to_delivery_seconds_bucket[5m])))',
  'up == 0 and on (job, instance) narrative_relay_build_info{version="1"} offset 5m',
  'time() - max(narrative_relay_reconcile_last_success_timestamp_seconds) > 3 * 3600 or vector(0)',
  'increase(narrative_relay_event_ack_seconds_count[6h]) == 0',
])('%s is right', (expression) => {
  expect(faults(expression)).toEqual([]);
});

test.each([
  ['rate(narrative_relay_events_total[5m]', ["can't be parsed at 37"]],
  ['narrative_relay_event_total', ['there is no metric narrative_relay_event_total']],
  ['narrative_relay_event_ack_seconds', ['there is no metric narrative_relay_event_ack_seconds']],
  ['rate(narrative_relay_outbox_pending[5m])', ['rate() of the gauge narrative_relay_outbox_pending']],
  ['delta(narrative_relay_events_total[5m])', ['delta() of the counter narrative_relay_events_total']],
  ['narrative_relay_incidents_open{destination="oncall"}', ['narrative_relay_incidents_open has no label destination']],
  ['sum by (state) (narrative_relay_outbox_pending)', ['sum by (state) (narrative_relay_outbox_pending) has no label state']],
  [
    'narrative_relay_outbox_pending unless on (destination) sum(narrative_relay_destination_parked)',
    ['sum(narrative_relay_destination_parked) has no label destination'],
  ],
  [
    'histogram_quantile(0.9, sum(rate(narrative_relay_event_ack_seconds_bucket[5m])))',
    ['histogram_quantile(0.9, sum(rate(narrative_relay_event_ack_seconds_bucket[5m]))) has no label le'],
  ],
  [
    'sum(rate(narrative_relay_event_ack_seconds_bucket[5m]))',
    ['narrative_relay_event_ack_seconds_bucket outside of histogram_quantile()'],
  ],
])('%s is wrong', (expression, found) => {
  expect(faults(expression)).toEqual(found);
});

test('the labels of a result are those that its outermost operation leaves', () => {
  const labels = (expression: string) => [...readPromql(expression).labels].toSorted();
  expect(labels('narrative_relay_outbox_pending')).toEqual(['destination', 'instance', 'job']);
  expect(labels('max by (destination) (narrative_relay_outbox_pending) > 0')).toEqual(['destination']);
  expect(labels('absent(narrative_relay_build_info)')).toEqual([]);
  expect(labels('histogram_quantile(0.9, rate(narrative_relay_event_ack_seconds_bucket[5m]))')).toEqual(['instance', 'job']);
});
