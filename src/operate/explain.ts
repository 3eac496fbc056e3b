/** Explanations, as operators ask for them: of an event that came, of one that would be replayed, of a body they try out. */
import type { Destination } from '../destination/destination.ts';
import { parseBody } from '../event/parse.ts';
import type { Silences } from '../incident/covering.ts';
import type { Clock, Sql } from '../ports.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { explainEvent, type Known, type Looked } from './explain-event.ts';
import { explanationViewOf } from './explain-view.ts';
import type { Answered } from './operations.ts';
import type { ExplanationView, IncidentView } from './shapes/views.ts';
import { ok, refused } from './text.ts';

export interface ExplainingOptions {
  sql: Sql;
  clock: Clock;
  silences: Silences;
  /** What is in force now. */
  rules: () => RuleSet;
  destinations: () => ReadonlyMap<string, Pick<Destination, 'preview'>>;
  /** An incident as it is shown, by its number; null for none. */
  incidentOf: (id: number) => IncidentView | null;
}

/** Of a body that operators try out: what intake takes by default, bytes. */
const maxBodyBytes = 1_048_576;

export type Explaining = ReturnType<typeof createExplaining>;

export function createExplaining({ sql, clock, silences, rules, destinations, incidentOf }: ExplainingOptions) {
  function explain(event: Looked, cameBefore: boolean): ExplanationView {
    const destinationOf = (name: string) => destinations().get(name)!;
    const known: Known = { rules: rules(), sql, silences, destinationOf, now: clock.now() };
    return explanationViewOf(explainEvent(event, known, cameBefore), known.rules.version, incidentOf);
  }

  return {
    ofStored: (event: Looked): ExplanationView => explain(event, true),
    /** Of one that came before, and might be sent once more. */
    ofReplay: (event: Looked): ExplanationView => explain(event, true),
    /** Of a body as Narrative would send it. `subscription`: null for the first. */
    ofBody(body: Uint8Array, subscription: string | null): Answered<ExplanationView> {
      const names = [...rules().subscriptions.keys()];
      if (subscription !== null && !names.includes(subscription)) {
        const detail = `subscription: there is no ${subscription.slice(0, 100)}; the rules have ${names.join(', ')}`;
        return refused('invalid', detail, 'subscription');
      }
      if (body.length > maxBodyBytes) {
        const detail = `event: has ${body.length} bytes, and up to ${maxBodyBytes} are looked at; cut what the rules do not look at`;
        return refused('invalid', detail, 'event');
      }
      const parsed = parseBody(body);
      switch (parsed.kind) {
        case 'not-json':
          return refused('invalid', `event: is not JSON: ${parsed.why}; give it as Narrative sends it`, 'event');
        case 'unknown':
          return refused(
            'invalid',
            `event: the relay would keep this in quarantine and alert nobody: it is ${parsed.why}`,
            'event',
          );
        case 'event': {
          const by = subscription ?? names[0]!;
          const received = { id: 'evt_(example)', subscription: by, receivedAtMs: clock.now(), narrative: parsed.event };
          return ok(explain({ received, body }, false));
        }
      }
    },
  };
}
