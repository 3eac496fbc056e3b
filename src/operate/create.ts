/** The operations, put together. */
import type { Destination } from '../destination/destination.ts';
import type { SilencesInForce } from '../incident/silences.ts';
import type { AfterTurn, Clock, Log, Sql } from '../ports.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Ledger } from '../store/ledger.ts';
import { createDeliveryOperations } from './deliveries.ts';
import { createDestinationOperations } from './destinations.ts';
import { createEventOperations } from './events.ts';
import { createExplaining } from './explain.ts';
import { createFollow } from './follow.ts';
import { createIncidentOperations } from './incidents.ts';
import type { Operations } from './operations.ts';
import { createReplay } from './replay.ts';
import { rulesViewOf } from './rules-view.ts';
import { createStats } from './stats.ts';

export interface OperationsOptions {
  sql: Sql;
  clock: Clock;
  afterTurn: AfterTurn;
  log: Log;
  /** What is in force now. */
  rules: () => RuleSet;
  destinations: () => ReadonlyMap<string, Destination>;
  /** When the rules in force were loaded, epoch ms, and what the last reload found wrong. */
  reloads: () => { loadedAtMs: number; problems: readonly string[] };
  silences: SilencesInForce;
  ledger: Ledger;
  lastEventAt: () => number | null;
  /** Destinations that only draw: what fails while they do is counted nowhere. */
  drawing: () => ReadonlyMap<string, Destination>;
  /** There may be something to send, or an alert whose time has come. */
  wake: () => void;
  /** A destination is parked no more: the watch looks at once, then the outbox wakes. */
  unparked: (destination: string) => void;
  deliveryLifetimeMs: number;
}

export interface RunningOperations extends Operations {
  /** To be called after each commit that took events. */
  taken(): void;
  /** Ends what is being followed. */
  stop(): void;
}

export function createOperations(options: OperationsOptions): RunningOperations {
  const { sql, clock, log, rules, destinations, drawing, reloads, silences } = options;
  const incidents = createIncidentOperations(options);
  const deliveries = createDeliveryOperations({
    ...options,
    destinations: drawing,
    links: () => ({ ...rules().links }),
  });
  const explaining = createExplaining({ sql, clock, silences, rules, destinations: drawing, incidentOf: incidents.ofNumber });
  const events = createEventOperations({ sql, explanationOf: explaining.ofStored, deliveriesOf: deliveries.ofEvent });
  const { follow, taken, stop } = createFollow(options);
  return {
    events: { ...events, follow, replay: createReplay({ ...options, explaining }) },
    deliveries,
    incidents,
    destinations: createDestinationOperations({ sql, log, destinations, unparked: options.unparked }),
    rules: () => rulesViewOf(rules(), reloads(), clock.now()),
    explain: explaining.ofBody,
    stats: createStats(options),
    taken,
    stop,
  };
}
