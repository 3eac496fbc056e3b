/** Every metric of the catalogue, scraped as Prometheus would. */
import { expect, test } from 'vitest';
import { metricCatalogue, type MetricName, type Metrics } from '../../src/observe/metrics.ts';
import { createPrometheus } from '../../src/node/prometheus.ts';

const names = Object.keys(metricCatalogue) as MetricName[];
const scraped = async (prometheus: ReturnType<typeof createPrometheus>) => (await prometheus.scrape()).text.split('\n');

/** One sample, with each label's own name as its value. */
function addSample(metrics: Metrics, name: MetricName): void {
  const { type, labels: labelNames } = metricCatalogue[name];
  const labels = Object.fromEntries(labelNames.map((label) => [label, label])) as never;
  if (type === 'counter') metrics.count(name as 'events_total', labels);
  else if (type === 'histogram') metrics.observe(name as 'event_ack_seconds', labels, 0.02);
  else metrics.gauge(name as 'build_info', [{ labels, value: 1 }]);
}

test.each(names)('%s is scraped under the prefix, with its type, its meaning and just its labels', async (name) => {
  const { type, help, labels } = metricCatalogue[name];
  const prometheus = createPrometheus(() => {});
  addSample(prometheus, name);
  const lines = await scraped(prometheus);
  expect(lines).toContain(`# HELP narrative_relay_${name} ${help}`);
  expect(lines).toContain(`# TYPE narrative_relay_${name} ${type}`);
  const wanted = labels.map((label) => `${label}="${label}"`).join(',');
  const series = `narrative_relay_${name}${type === 'histogram' ? '_count' : ''}${wanted === '' ? '' : `{${wanted}}`} 1`;
  expect(lines).toContain(series);
});

test('a histogram counts a value in every bucket that it fits into', async () => {
  const prometheus = createPrometheus(() => {});
  prometheus.observe('event_ack_seconds', {}, 0.02);
  const lines = await scraped(prometheus);
  for (const bound of metricCatalogue.event_ack_seconds.buckets) {
    expect(lines).toContain(`narrative_relay_event_ack_seconds_bucket{le="${bound}"} ${bound >= 0.02 ? 1 : 0}`);
  }
  expect(lines).toContain('narrative_relay_event_ack_seconds_sum 0.02');
});

test('a gauge that was not measured is not there: a 0 would be a measurement', async () => {
  let measured: { labels: Record<string, never>; value: number }[] = [];
  const prometheus = createPrometheus((metrics) => metrics.gauge('reconcile_last_success_timestamp_seconds', measured));
  const name = 'narrative_relay_reconcile_last_success_timestamp_seconds';
  const samples = async () => (await scraped(prometheus)).filter((line) => line.startsWith(name));
  expect(await samples()).toEqual([]);
  measured = [{ labels: {}, value: 5 }];
  expect(await samples()).toEqual([`${name} 5`]);
  measured = [];
  expect(await samples()).toEqual([]);
});

test('counters add up by label', async () => {
  const prometheus = createPrometheus(() => {});
  prometheus.count('deliveries_total', { destination: 'oncall', outcome: 'dead' });
  prometheus.count('deliveries_total', { destination: 'oncall', outcome: 'dead' }, 4);
  prometheus.count('deliveries_total', { destination: 'triage', outcome: 'dead' });
  const lines = await scraped(prometheus);
  expect(lines).toContain('narrative_relay_deliveries_total{destination="oncall",outcome="dead"} 5');
  expect(lines).toContain('narrative_relay_deliveries_total{destination="triage",outcome="dead"} 1');
});

test('gauges are brought up to date by the scrape itself, and a destination that is gone is gone from them', async () => {
  let pending = [
    { labels: { destination: 'oncall' }, value: 3 },
    { labels: { destination: 'triage' }, value: 0 },
  ];
  const prometheus = createPrometheus((metrics) => metrics.gauge('outbox_pending', pending));
  expect(await scraped(prometheus)).toContain('narrative_relay_outbox_pending{destination="oncall"} 3');
  pending = [{ labels: { destination: 'triage' }, value: 2 }];
  const after = (await scraped(prometheus)).filter((line) => line.startsWith('narrative_relay_outbox_pending{'));
  expect(after).toEqual(['narrative_relay_outbox_pending{destination="triage"} 2']);
});

test('a label can hold anything without breaking the line', async () => {
  const prometheus = createPrometheus(() => {});
  prometheus.count('event_conflicts_total', { subscription: 'a "b"\\\nc' });
  expect(await scraped(prometheus)).toContain('narrative_relay_event_conflicts_total{subscription="a \\"b\\"\\\\\\nc"} 1');
});

test('two registries share nothing, so that two relays in one process count apart', async () => {
  const [one, other] = [createPrometheus(() => {}), createPrometheus(() => {})];
  one.count('template_errors_total', {});
  expect(await scraped(one)).toContain('narrative_relay_template_errors_total 1');
  expect(await scraped(other)).toContain('narrative_relay_template_errors_total 0');
});
