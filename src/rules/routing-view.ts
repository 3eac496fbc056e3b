/** The variables of an event while it is being routed. */
import { stateOf, type EventView } from '../event/event.ts';
import type { Routable } from './plan.ts';

/** For `when` and for the subject: `viewOf` without what only the relay's own record knows (`event.id`, `event.received_at`). */
export function routingView({ subscription, reconciled = false, narrative }: Routable): EventView {
  const { kind, type, subscription_id, narrative_id, company_id, created_at } = narrative;
  const state = stateOf(narrative);
  return {
    event: {
      id: '',
      kind,
      type,
      state,
      subscription,
      subscription_id,
      narrative_id,
      company_id,
      created_at,
      received_at: '',
      reconciled,
    },
    job: narrative.kind === 'job' ? narrative.job : null,
    app: narrative.kind === 'app' ? narrative.app : null,
    relay: narrative.kind === 'relay' ? narrative.relay : null,
  };
}
