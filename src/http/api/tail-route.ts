/** `/api/v1/events/tail`: events as they come, for as long as somebody reads. */
import { z } from 'zod';
import type { EventOperations } from '../../operate/operations.ts';
import { eventFilterOf, eventFilterQuery } from '../../operate/shapes/query.ts';
import type { EventSummaryView } from '../../operate/shapes/views.ts';
import type { Clock, Log } from '../../ports.ts';
import { eventStream, type StreamEvent } from './event-stream.ts';
import { route, type Route } from './route.ts';

export interface TailRouteOptions {
  events: EventOperations;
  clock: Clock;
  log: Log;
  /** JSON without secrets, on one line. */
  textOf: (value: unknown) => string;
  /** See `EventStreamOptions`. */
  signOfLifeMs?: number | undefined;
}

/** Without times: what is to come has none yet. */
const tailQuery = z
  .strictObject(eventFilterQuery.shape)
  .omit({ since: true, from: true, until: true })
  .extend({
    after: z
      .string()
      .trim()
      .min(1, 'is empty\nleave it out, or give the id of an event')
      .exactOptional()
      .describe(
        'Begin with what came after this event. `Last-Event-ID`, which browsers send when they connect again, goes before it',
      ),
  });

export function tailRoute({ events, clock, log, textOf, signOfLifeMs }: TailRouteOptions): Route {
  return route({
    method: 'GET',
    path: '/events/tail',
    tag: 'events',
    summary: 'Follow events as they come',
    description:
      'Server-sent events, each `event: event` with the id of the event and its summary as JSON. A comment every 15 s shows that the connection stands.',
    query: tailQuery,
    answer: { status: 200, description: 'A stream without an end', schema: null },
    refusals: { 429: 'Too many follow already' },
    handle({ query, header, headOnly }) {
      if (headOnly) return { kind: 'stream', body: null };
      const end = new AbortController();
      const after = header('last-event-id')?.trim() || (query.after ?? null);
      const followed = events.follow(eventFilterOf(query, clock.now()), after, end.signal);
      if (followed.kind !== 'ok') return followed;
      const onError = (error: unknown) => log.error({ err: error }, 'following events failed: the reader may connect again');
      const batches = streamed(followed.value, textOf);
      return {
        kind: 'stream',
        body: eventStream({ batches, end, onError, ...(signOfLifeMs === undefined ? {} : { signOfLifeMs }) }),
      };
    },
  });
}

async function* streamed(
  batches: AsyncIterable<readonly EventSummaryView[]>,
  textOf: TailRouteOptions['textOf'],
): AsyncGenerator<readonly StreamEvent[]> {
  for await (const batch of batches) yield batch.map((each) => ({ id: each.id, event: 'event', data: textOf(each) }));
}
