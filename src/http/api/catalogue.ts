/** All routes of the operator API. */
import type { SilencesInForce } from '../../incident/silences.ts';
import type { Reconciler } from '../../narrative/reconciliation.ts';
import type { Operations } from '../../operate/operations.ts';
import type { Clock, Log } from '../../ports.ts';
import { createActionLog } from './action-log.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { destinationRoutes } from './destination-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { incidentRoutes, statsRoute } from './incident-routes.ts';
import { openApiRoute } from './openapi.ts';
import { reconcileRoutes } from './reconcile-routes.ts';
import type { Route } from './route.ts';
import { rulesRoutes } from './rules-routes.ts';
import { silenceRoutes } from './silence-routes.ts';
import { tailRoute } from './tail-route.ts';

export interface CatalogueOptions {
  operations: Operations;
  silences: SilencesInForce;
  reconciler: Reconciler;
  clock: Clock;
  log: Log;
  /** Of the relay. */
  version: string;
  /** JSON without secrets, on one line. */
  textOf: (value: unknown) => string;
  /** Of a stream on which nothing comes, ms. Default 15 s. */
  signOfLifeMs?: number | undefined;
}

/** What is more special comes first: the first that fits answers. */
export function operatorRoutes(options: CatalogueOptions): Route[] {
  const { operations, silences, reconciler, clock, log, version, textOf, signOfLifeMs } = options;
  const logAction = createActionLog(log);
  const routes = [
    tailRoute({ events: operations.events, clock, log, textOf, signOfLifeMs }),
    ...eventRoutes({ events: operations.events, clock, logAction }),
    ...deliveryRoutes({ deliveries: operations.deliveries, clock, logAction }),
    ...incidentRoutes(operations),
    ...destinationRoutes({ destinations: operations.destinations, logAction }),
    ...rulesRoutes(operations),
    statsRoute({ stats: operations.stats, clock }),
    ...silenceRoutes({ silences, clock, log }),
    ...reconcileRoutes({ reconciler, clock, log }),
  ];
  return [...routes, openApiRoute(routes, version)];
}
