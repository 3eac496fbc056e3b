/** The one wide line per attempt, and its metrics. */
import { deliveryId, eventId } from '../event/id.ts';
import type { FinishedAttempt } from '../outbox/record.ts';
import type { Settlement } from '../outbox/settle.ts';
import type { Log } from '../ports.ts';
import { retriedAt } from '../store/lifetime.ts';
import type { Metrics } from './metrics.ts';

export function createAttemptReport(log: Log, metrics: Metrics) {
  return ({ delivery, outcome, startedAt, endedAt }: FinishedAttempt, settlement: Settlement | null): void => {
    const { destination } = delivery;
    const reason = 'reason' in outcome ? outcome.reason : '';
    metrics.count('delivery_attempts_total', { destination, outcome: outcome.kind, reason });
    if (settlement?.kind === 'delivered') {
      metrics.count('deliveries_total', { destination, outcome: 'delivered' });
      // One that an operator sent again took as long as the operator did.
      if (retriedAt(delivery) === null) {
        metrics.observe('event_to_delivery_seconds', { destination }, Math.max(0, endedAt - delivery.createdAt) / 1000);
      }
    }
    const line = {
      outcome: outcome.kind,
      ...(reason === '' ? {} : { reason }),
      detail: outcome.detail,
      delivery: deliveryId(delivery),
      event_id: eventId(delivery.eventSeq),
      destination,
      subject: delivery.subject,
      rule: delivery.spec.rule,
      attempt: delivery.attempt,
      took_ms: endedAt - startedAt,
      since_accepted_ms: endedAt - delivery.createdAt,
      ...(settlement?.kind === 'again' ? { next_in_ms: settlement.dueAt - endedAt } : {}),
      ...(settlement === null ? { lease: 'lost' } : {}),
    };
    if (outcome.kind === 'delivered') log.info(line, 'delivered');
    else if (outcome.kind === 'silenced') log.info(line, 'not sent: silenced on its way out');
    else log.warn(line, 'attempt did not deliver');
  };
}
