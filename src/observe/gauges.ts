/** What is measured by looking, whenever metrics are scraped. */
import type { Clock } from '../ports.ts';
import type { Metrics } from './metrics.ts';

export interface Gauged {
  clock: Clock;
  version: string;
  outbox: {
    backlog(): readonly { destination: string; pending: number; oldestDueAt: number | null }[];
    parked(): readonly { destination: string }[];
  };
  desk: { countOpen(): number; countSilences(): number };
  reconciler: { lastSuccessAt(): number | null };
}

export function createGauges({ clock, version, outbox, desk, reconciler }: Gauged): (into: Pick<Metrics, 'gauge'>) => void {
  return (into) => {
    const now = clock.now();
    const backlog = outbox.backlog();
    into.gauge(
      'outbox_pending',
      backlog.map(({ destination, pending }) => ({ labels: { destination }, value: pending })),
    );
    into.gauge(
      'outbox_oldest_due_seconds',
      backlog.map(({ destination, oldestDueAt }) => ({
        labels: { destination },
        value: Math.max(0, now - (oldestDueAt ?? now)) / 1000,
      })),
    );
    into.gauge(
      'destination_parked',
      outbox.parked().map(({ destination }) => ({ labels: { destination }, value: 1 })),
    );
    into.gauge('incidents_open', [{ labels: {}, value: desk.countOpen() }]);
    into.gauge('silences_active', [{ labels: {}, value: desk.countSilences() }]);
    const reconciledAt = reconciler.lastSuccessAt();
    const reconciled = reconciledAt === null ? [] : [{ labels: {}, value: reconciledAt / 1000 }];
    into.gauge('reconcile_last_success_timestamp_seconds', reconciled);
    into.gauge('build_info', [{ labels: { version }, value: 1 }]);
  };
}
