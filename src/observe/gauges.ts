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
  /** Those of each destination that has any. */
  deadLetters?: () => readonly { destination: string; count: number }[];
  /** How many problems the last reload of the rules found. */
  rulesProblems?: () => number;
  /** Of the database and its log. Not every runtime can tell. */
  storeBytes?: () => number;
}

export function createGauges(gauged: Gauged): (into: Pick<Metrics, 'gauge'>) => void {
  const { clock, version, outbox, desk, reconciler, deadLetters, rulesProblems, storeBytes } = gauged;
  return (into) => {
    const single = (value: number | null | undefined) => (value === null || value === undefined ? [] : [{ labels: {}, value }]);
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
    into.gauge(
      'dead_letters',
      (deadLetters?.() ?? []).map(({ destination, count }) => ({ labels: { destination }, value: count })),
    );
    into.gauge('incidents_open', single(desk.countOpen()));
    into.gauge('silences_active', single(desk.countSilences()));
    into.gauge('rules_problems', single(rulesProblems?.()));
    const reconciledAt = reconciler.lastSuccessAt();
    into.gauge('reconcile_last_success_timestamp_seconds', single(reconciledAt && reconciledAt / 1000));
    into.gauge('store_bytes', single(storeBytes?.()));
    into.gauge('build_info', [{ labels: { version }, value: 1 }]);
  };
}
