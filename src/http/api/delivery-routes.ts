/** `/api/v1/deliveries`: what was sent, what waits, what died; one of them or many sent again or ended. */
import { z } from 'zod';
import type { DeliveryOperations } from '../../operate/operations.ts';
import { deliveryFilterOf, deliveryFilterQuery, deliveryQuery, pagingOf } from '../../operate/shapes/query.ts';
import { bulkAnswer, deliveryDetail, deliveryPage, deliverySummary } from '../../operate/shapes/views.ts';
import type { Clock } from '../../ports.ts';
import type { LogAction } from './action-log.ts';
import { route, type Route } from './route.ts';

export interface DeliveryRoutesOptions {
  deliveries: DeliveryOperations;
  clock: Clock;
  logAction: LogAction;
}

const bulkBody = z.strictObject({
  filter: deliveryFilterQuery.describe('As the query of the list: text values, several separated by commas'),
  dry_run: z.boolean().default(false).describe('Only count what would be done'),
  before: z.string().min(1).nullable().default(null).describe('The `next` of the step before'),
});

const notFound = 'No such delivery, or it is past its retention';

const acts = {
  retry: {
    one: 'Send a delivery again',
    detail: 'One that died is queued anew, for as long as a new one; one that waits for its time is due now.',
    many: 'Send many deliveries again',
  },
  discard: {
    one: 'End a delivery without sending it',
    detail: 'It counts as suppressed from then on, with the reason `discarded`. One that is being sent just then is refused.',
    many: 'End many deliveries without sending them',
  },
} as const;

export function deliveryRoutes(options: DeliveryRoutesOptions): Route[] {
  const { deliveries, clock } = options;
  return [
    route({
      method: 'GET',
      path: '/deliveries',
      tag: 'deliveries',
      summary: 'List deliveries, the latest first',
      description: 'Filtered and paged as events are. `status=dead` are the dead letters, `status=open` whatever has not ended.',
      query: deliveryQuery,
      answer: { status: 200, description: 'A page of them', schema: deliveryPage },
      handle: ({ query }) => deliveries.list(deliveryFilterOf(query, clock.now()), pagingOf(query)),
    }),
    bulkRoute('retry', options),
    bulkRoute('discard', options),
    route({
      method: 'GET',
      path: '/deliveries/:id',
      tag: 'deliveries',
      summary: 'Show a delivery',
      description: 'With its attempts, and the message as it looks.',
      answer: { status: 200, description: 'The delivery', schema: deliveryDetail },
      refusals: { 404: notFound },
      handle: ({ id }) => deliveries.show(id),
    }),
    actRoute('retry', options),
    actRoute('discard', options),
  ];
}

function actRoute(act: keyof typeof acts, { deliveries, logAction }: DeliveryRoutesOptions): Route {
  return route({
    method: 'POST',
    path: `/deliveries/:id/${act}`,
    tag: 'deliveries',
    summary: acts[act].one,
    description: acts[act].detail,
    answer: { status: 200, description: 'The delivery as it is now', schema: deliverySummary },
    refusals: { 404: notFound, 409: 'As it stands, that can not be done; `detail` says why' },
    handle: ({ id }) => logAction(act, id, deliveries[act](id), ({ status }) => ({ status })),
  });
}

function bulkRoute(act: keyof typeof acts, { deliveries, clock, logAction }: DeliveryRoutesOptions): Route {
  return route({
    method: 'POST',
    path: `/deliveries/${act}`,
    tag: 'deliveries',
    summary: acts[act].many,
    description:
      'One step of a bounded size. While `next` is set, ask again with it as `before`. What can not be done is skipped, and told.',
    body: { schema: bulkBody },
    answer: { status: 200, description: 'What was done, or would be', schema: bulkAnswer },
    handle({ body: { filter, dry_run: dryRun, before } }) {
      const done = deliveries.bulk(act, deliveryFilterOf(filter, clock.now()), { dryRun, before });
      if (dryRun) return done;
      return logAction(`${act} many`, null, done, (answer) => ({ matched: answer.matched, deliveries: answer.done }));
    },
  });
}
