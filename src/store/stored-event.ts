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

/** `narrative`: what it says, where that was read already. Throws when the body is no event. */
export function receivedOf(event: StoredEvent, narrative: NarrativeEvent = narrativeOf(event)): ReceivedEvent {
  const { seq, subscription, receivedAt, original } = event;
  return {
    id: eventId(seq),
    subscription,
    receivedAtMs: receivedAt,
    reconciled: isReconciled(event),
    replay: original && { of: eventId(original.seq), receivedAtMs: original.receivedAt },
    narrative,
  };
}

/** Whether reconciliation found it, or what it is a replay of, since its webhook never came. */
export function isReconciled({ scheme, original }: { scheme: string; original?: { scheme: string } | null }): boolean {
  return (original ?? { scheme }).scheme === reconcileScheme;
}

/** Throws when the body is no event: such a one was never routed. */
export function narrativeOf(event: StoredEvent): NarrativeEvent {
  const read = readStored(event);
  if (read.kind === 'none') throw new Error(`event ${eventId(event.seq)} was routed, but its body is no event: ${read.why}`);
  return read.narrative;
}

/** What an event says, by today's reading. `why`: what it is instead. */
export function readStored({
  kind,
  receivedAt,
  body,
}: StoredEvent): { kind: 'event'; narrative: NarrativeEvent } | { kind: 'none'; why: string } {
  if (kind === 'relay') {
    const facts = JSON.parse(new TextDecoder().decode(body)) as RelayFacts;
    return { kind: 'event', narrative: relayEvent(facts, new Date(receivedAt).toISOString()) };
  }
  const parsed = parseBody(body);
  return parsed.kind === 'event' ? { kind: 'event', narrative: parsed.event } : { kind: 'none', why: parsed.why };
}
