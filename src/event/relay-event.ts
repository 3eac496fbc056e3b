import type { RelayEvent, RelayFacts } from './event.ts';

/** Its type is `relay.<topic>`. `createdAt`: ISO 8601, UTC. */
export function relayEvent(relay: RelayFacts, createdAt: string | null): RelayEvent {
  return {
    kind: 'relay',
    type: `relay.${relay.topic}`,
    narrative_id: null,
    subscription_id: null,
    company_id: null,
    created_at: createdAt,
    relay,
  };
}
