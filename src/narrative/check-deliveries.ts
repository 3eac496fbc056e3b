/** How Narrative's tries to deliver went, by what it counts: judged once, for `doctor` and for `subscriptions show`. */
import type { SubscriptionDetail } from './api.ts';
import { ok, problem, skipped, warning, type Told } from './check-told.ts';

/**
 * unknown: it counts none that failed, nor says that there are none. never: some failed, and none has ever succeeded. last-failed,
 * recovered: by both times, the last one to fail came after or before the last one to succeed. some-failed: which came last is not said.
 */
export type DeliveryState = 'unknown' | 'none-failed' | 'never' | 'last-failed' | 'recovered' | 'some-failed';

export function deliveryState(counted: SubscriptionDetail['deliveries']): DeliveryState {
  if (counted === null || counted.failed === null) return 'unknown';
  const { failed, successful, lastFailedAt, lastSuccessfulAt } = counted;
  if (failed === 0) return 'none-failed';
  if (successful === 0) return 'never';
  const between = Date.parse(lastFailedAt ?? '') - Date.parse(lastSuccessfulAt ?? '');
  if (between > 0) return 'last-failed';
  return between < 0 ? 'recovered' : 'some-failed';
}

export function deliveries({ deliveries: counted, eventsSent }: SubscriptionDetail): Told {
  const { failed = null, successful = null, lastFailedAt = null, lastSuccessfulAt = null } = counted ?? {};
  const went = `${successful ?? 'an unknown number'} delivered${last(lastSuccessfulAt)}`;
  const lost = `Narrative counts ${failed} failed ${failed === 1 ? 'delivery' : 'deliveries'}${last(lastFailedAt)}; ${went}`;
  const todo =
    'look for "event refused" in the relay\'s log of that time, and at the proxy before it; "relay reconcile" finds what was lost';
  switch (deliveryState(counted)) {
    case 'unknown':
      return skipped('Narrative says nothing of how its deliveries went');
    case 'none-failed':
      return ok(eventsSent === 0 ? 'nothing was sent so far' : `${went}; none failed`);
    case 'never':
      return problem(`${lost}: none has ever succeeded`, todo);
    case 'last-failed':
      return problem(`${lost}: the last one failed`, todo);
    case 'recovered':
      return warning(lost, todo);
    case 'some-failed':
      return warning(`${lost}: which came last is not said`, todo);
  }
}

function last(at: string | null): string {
  return at === null ? '' : `, last ${at}`;
}
