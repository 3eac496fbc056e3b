/** From a stored event to what it says. */
import { eventId } from '../event/id.ts';
import type { NarrativeEvent, ReceivedEvent, RelayFacts } from '../event/event.ts';
import { parseBody } from '../event/parse.ts';
import { relayEvent } from '../event/relay-event.ts';
import type { Routable } from '../rules/plan.ts';
import { reconcileScheme, type StoredEvent } from './events.ts';

/** For rules, mutes and silences: the body is read only if one of them asks for what it says. */
export function routableOf(event: StoredEvent): Routable {
  let narrative: NarrativeEvent | null = null;
  return {
    subscription: event.subscription,
    reconciled: isReconciled(event),
    get narrative() {
      return (narrative ??= narrativeOf(event));
    },
  };
}

/** Throws when the body is no event. */
export function receivedOf(event: StoredEvent): ReceivedEvent {
  const { seq, subscription, receivedAt } = event;
  const reconciled = isReconciled(event);
  return { id: eventId(seq), subscription, receivedAtMs: receivedAt, reconciled, narrative: narrativeOf(event) };
}

/** Whether reconciliation found it, since its webhook never came. */
export function isReconciled({ scheme }: Pick<StoredEvent, 'scheme'>): boolean {
  return scheme === reconcileScheme;
}

/** Throws when the body is no event: such a one was never routed. */
export function narrativeOf({ seq, kind, receivedAt, body }: StoredEvent): NarrativeEvent {
  if (kind === 'relay')
    return relayEvent(JSON.parse(new TextDecoder().decode(body)) as RelayFacts, new Date(receivedAt).toISOString());
  const parsed = parseBody(body);
  if (parsed.kind !== 'event') throw new Error(`event ${eventId(seq)} was routed, but its body is no event: ${parsed.why}`);
  return parsed.event;
}
