/** `/api/v1/events`: what came, what the rules made of it, and once more. */
import { z } from 'zod';
import type { EventOperations } from '../../operate/operations.ts';
import { eventFilterOf, eventQuery, pagingOf } from '../../operate/shapes/query.ts';
import { eventDetail, eventPage, replayAnswer } from '../../operate/shapes/views.ts';
import type { Clock } from '../../ports.ts';
import type { LogAction } from './action-log.ts';
import { route, type Route } from './route.ts';

export interface EventRoutesOptions {
  events: EventOperations;
  clock: Clock;
  logAction: LogAction;
}

const replayBody = z.strictObject({
  to: z
    .array(z.string().min(1))
    .min(1, 'is empty\nname destinations, or leave it out for wherever the rules send')
    .exactOptional()
    .describe('Only to these destinations, of those that the rules send to'),
  again: z.boolean().default(false).describe('Even though it was replayed before'),
  dry_run: z.boolean().default(false).describe('Only say what would be done'),
});

const notFound = 'No such event, or it is past its retention';

export function eventRoutes({ events, clock, logAction }: EventRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/events',
      tag: 'events',
      summary: 'List events, the latest first',
      description:
        'Conditions are ANDed; the values of one, separated by commas, are ORed. One request searches a bounded number of events: while `next` is set, there may be more, even when fewer were found than asked for.',
      query: eventQuery,
      answer: { status: 200, description: 'A page of them', schema: eventPage },
      handle: ({ query }) => events.list(eventFilterOf(query, clock.now()), pagingOf(query)),
    }),
    route({
      method: 'GET',
      path: '/events/:id',
      tag: 'events',
      summary: 'Show an event',
      description:
        'As it came, what was decided and sent, and what each rule of today says about it: why somebody was, or was not, alerted.',
      answer: { status: 200, description: 'The event', schema: eventDetail },
      refusals: { 404: notFound },
      handle: ({ id }) => events.show(id),
    }),
    route({
      method: 'POST',
      path: '/events/:id/replay',
      tag: 'events',
      summary: "Put an event through today's rules once more",
      description:
        'It becomes an event of its own, whose alerts say that they are a replay. One that was replayed before is answered as a duplicate and sends nothing, unless `again`.',
      body: { schema: replayBody, optional: true },
      answer: { status: 200, description: 'What came of it, or would', schema: replayAnswer },
      refusals: { 404: notFound, 409: 'It is none that can be replayed; `detail` says why' },
      handle({ id, body: { to, again, dry_run: dryRun } }) {
        const replayed = events.replay(id, { to: to ?? null, again, dryRun });
        if (dryRun) return replayed;
        return logAction('replay', id, replayed, (answer) => ({
          status: answer.status,
          event_id: answer.event_id,
          deliveries: answer.deliveries,
        }));
      },
    }),
  ];
}
