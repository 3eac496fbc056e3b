/**
 * What one event, or the alerts that are due about one failure, make: collected first, since rules that send to one destination
 * share a delivery.
 */
import type { RuleSends } from '../rules/planner.ts';
import { mergeSends } from '../rules/planner.ts';
import type { AlertSpec } from '../store/alerts.ts';
import type { Decision, DecisionStore } from '../store/decisions.ts';
import type { EventStore } from '../store/events.ts';
import type { Dispatch } from './dispatch.ts';
import type { PlannedDelivery } from '../rules/plan.ts';

export interface Outbound {
  sending: RuleSends[];
  suppressed: RuleSends[];
  decisions: Decision[];
  /** Something was put into the outbox beside these. */
  toSend: boolean;
  /** Something is to be done at a time. */
  timed: boolean;
}

export const nothing = (): Outbound => ({ sending: [], suppressed: [], decisions: [], toSend: false, timed: false });

export interface Told extends Pick<AlertSpec, 'owners' | 'usual'> {
  eventSeq: number;
  subject: string;
  incident: number | null;
}

/** Puts down what became of an event after all: unless something else was sent about it, it is suppressed for that reason. */
export function conclude(
  { decisions, events }: { decisions: DecisionStore; events: EventStore },
  eventSeq: number,
  decision: Decision,
): void {
  decisions.put(eventSeq, decision);
  events.suppressUnlessSent(eventSeq, decision.detail);
}

/** Puts decisions down, and the deliveries that a silence keeps back: they stay visible, unless another rule sent there. */
export function putDown(
  { decisions: made, suppressed }: Outbound,
  { eventSeq, subject, owners, usual, incident }: Told,
  sent: readonly PlannedDelivery[],
  { dispatch, decisions }: { dispatch: Dispatch; decisions: DecisionStore },
  now: number,
): void {
  for (const decision of made) decisions.put(eventSeq, decision);
  if (suppressed.length === 0) return;
  const planned = mergeSends(suppressed, usual).filter(
    ({ destination }) => !sent.some((each) => each.destination === destination),
  );
  const why = made.find(({ kind }) => kind === 'silenced')?.detail ?? 'silenced';
  dispatch.suppressed(eventSeq, { subject, planned, owners, incident }, why, now);
}
