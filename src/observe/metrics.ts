/** Every metric there is, in one catalogue; the roots turn it into something that can be scraped. */

interface Metric {
  type: 'counter' | 'histogram' | 'gauge';
  help: string;
  labels: readonly string[];
  /** Upper bounds in the metric's unit; histograms only. */
  buckets?: readonly number[];
}

/** Names without the prefix `narrative_relay_`. */
export const metricCatalogue = {
  events_total: {
    type: 'counter',
    help: 'Requests to the webhook route by what came of them.',
    labels: ['subscription', 'outcome'],
  },
  event_conflicts_total: {
    type: 'counter',
    help: 'Duplicates whose body differed from the first one under the same key.',
    labels: ['subscription'],
  },
  event_ack_seconds: {
    type: 'histogram',
    help: 'From the request to the answer, for events that were taken.',
    labels: [],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  },
  deliveries_total: {
    type: 'counter',
    help: 'Deliveries that ended, by how.',
    labels: ['destination', 'outcome'],
  },
  delivery_attempts_total: {
    type: 'counter',
    help: 'Attempts by outcome and reason.',
    labels: ['destination', 'outcome', 'reason'],
  },
  event_to_delivery_seconds: {
    type: 'histogram',
    help: 'From accepting an event to its successful delivery.',
    labels: ['destination'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 21600],
  },
  dead_letters: {
    type: 'gauge',
    help: 'Deliveries that ended without being taken, and wait for a person to retry or discard them.',
    labels: ['destination'],
  },
  outbox_pending: { type: 'gauge', help: 'Deliveries that have not ended.', labels: ['destination'] },
  outbox_oldest_due_seconds: { type: 'gauge', help: 'How long the longest due delivery has been due.', labels: ['destination'] },
  destination_parked: {
    type: 'gauge',
    help: '1 while a destination is broken and its deliveries wait.',
    labels: ['destination'],
  },
  deliveries_held_back_total: {
    type: 'counter',
    help: 'Events that a rule matched and did not simply send, by why.',
    labels: ['decision'],
  },
  incidents_open: {
    type: 'gauge',
    help: 'Subjects that failed and have not recovered, and other troubles that last.',
    labels: [],
  },
  silences_active: { type: 'gauge', help: 'Silences in force, from the rules and made at run time.', labels: [] },
  subject_fallbacks_total: {
    type: 'counter',
    help: 'Events whose subject rendered to nothing, so that the job id stood for it.',
    labels: [],
  },
  rules_reload_total: { type: 'counter', help: 'Reloads of the rules by outcome.', labels: ['outcome'] },
  rules_problems: {
    type: 'gauge',
    help: 'What the last reload of the rules found wrong; 0 when the files are in force.',
    labels: [],
  },
  template_errors_total: { type: 'counter', help: 'Templates that failed and were replaced by the default.', labels: [] },
  reconcile_runs_total: {
    type: 'counter',
    help: 'Reconciliations that ended, by who asked for them and how they ended.',
    labels: ['trigger', 'outcome'],
  },
  reconcile_taken_total: {
    type: 'counter',
    help: 'States of jobs that no webhook told of and that reconciliation took.',
    labels: ['trigger'],
  },
  reconcile_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When an automatic reconciliation last got to its end, epoch seconds.',
    labels: [],
  },
  narrative_api_requests_total: {
    type: 'counter',
    help: "Requests that reconciliation made to Narrative's API, by what came of them.",
    labels: ['call', 'outcome'],
  },
  operator_requests_total: {
    type: 'counter',
    help: 'Requests to the operator API, by route and status of the answer.',
    labels: ['route', 'status'],
  },
  store_bytes: { type: 'gauge', help: 'Size of the database and its write-ahead log.', labels: [] },
  build_info: { type: 'gauge', help: 'Always 1; the version is in the label.', labels: ['version'] },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metricCatalogue;
type NamesOf<T extends Metric['type']> = {
  [N in MetricName]: (typeof metricCatalogue)[N]['type'] extends T ? N : never;
}[MetricName];
type Labels<N extends MetricName> = Record<(typeof metricCatalogue)[N]['labels'][number], string>;

export interface Metrics {
  count<N extends NamesOf<'counter'>>(name: N, labels: Labels<N>, by?: number): void;
  /** `value` in the metric's unit. */
  observe<N extends NamesOf<'histogram'>>(name: N, labels: Labels<N>, value: number): void;
  /** Replaces all series of a gauge. */
  gauge<N extends NamesOf<'gauge'>>(name: N, series: { labels: Labels<N>; value: number }[]): void;
}
