/** `/api/v1/destinations`: how each stands, and letting a parked one try again. */
import { z } from 'zod';
import type { Operations } from '../../operate/operations.ts';
import { destinationView } from '../../operate/shapes/views.ts';
import { ok } from '../../operate/text.ts';
import type { LogAction } from './action-log.ts';
import { route, type Route } from './route.ts';

export interface DestinationRoutesOptions {
  destinations: Operations['destinations'];
  logAction: LogAction;
}

const destinationList = z.strictObject({ destinations: z.array(destinationView) }).meta({ id: 'DestinationList' });

const notFound = 'No such destination, in the rules or with deliveries left';

export function destinationRoutes({ destinations, logAction }: DestinationRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/destinations',
      tag: 'destinations',
      summary: 'List destinations',
      description: 'Those of the rules, and those no longer there that have open or dead deliveries.',
      answer: { status: 200, description: 'All of them', schema: destinationList },
      handle: () => ok({ destinations: destinations.list() }),
    }),
    route({
      method: 'GET',
      path: '/destinations/:name',
      tag: 'destinations',
      summary: 'Show a destination',
      answer: { status: 200, description: 'The destination', schema: destinationView },
      refusals: { 404: notFound },
      handle: ({ id }) => destinations.show(id),
    }),
    route({
      method: 'POST',
      path: '/destinations/:name/unpark',
      tag: 'destinations',
      summary: 'Let a parked destination try again at once',
      description: 'One that broke (a credential, a channel) is parked: its deliveries wait, and it is probed now and then.',
      answer: { status: 200, description: 'The destination as it is now', schema: destinationView },
      refusals: { 404: notFound, 409: 'It is not parked' },
      handle: ({ id }) => logAction('unpark', id, destinations.unpark(id), ({ pending }) => ({ pending })),
    }),
  ];
}
