/** The metrics catalogue on prom-client. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricCatalogue, type MetricName, type Metrics } from '../observe/metrics.ts';

export interface Prometheus extends Metrics {
  scrape(): Promise<{ text: string; contentType: string }>;
}

/** `beforeScrape` brings the gauges up to date. */
export function createPrometheus(beforeScrape: (metrics: Metrics) => void): Prometheus {
  const registry = new Registry();
  const made = new Map<MetricName, Counter | Gauge | Histogram>();
  for (const [name, metric] of Object.entries(metricCatalogue) as [MetricName, (typeof metricCatalogue)[MetricName]][]) {
    const common = { name: `narrative_relay_${name}`, help: metric.help, labelNames: [...metric.labels], registers: [registry] };
    if (metric.type === 'counter') made.set(name, new Counter(common));
    else if (metric.type === 'gauge') made.set(name, new Gauge(common));
    else made.set(name, new Histogram({ ...common, buckets: [...metric.buckets] }));
  }

  const metrics: Metrics = {
    count: (name, labels, by = 1) => (made.get(name) as Counter).inc(labels, by),
    observe: (name, labels, value) => (made.get(name) as Histogram).observe(labels, value),
    gauge(name, series) {
      const gauge = made.get(name) as Gauge;
      gauge.reset();
      // One without labels begins with a 0 of its own, which nobody measured.
      if (metricCatalogue[name].labels.length === 0) gauge.remove();
      for (const { labels, value } of series) gauge.set(labels, value);
    },
  };
  return {
    ...metrics,
    async scrape() {
      beforeScrape(metrics);
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
}
