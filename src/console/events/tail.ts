/** Events as they come in, as server-sent events whose data are rows for the list. */
import type { Context } from 'hono';
import { eventStream } from '../../http/api/event-stream.ts';
import { eventFilterOf, eventFilterQuery } from '../../operate/shapes/query.ts';
import type { EventSummaryView } from '../../operate/shapes/views.ts';
import { refusalPage } from '../answer.ts';
import type { PageDeps } from '../deps.ts';
import { sessionOf } from '../session.ts';
import { readAsked } from './asked.ts';
import { eventRow } from './event-rows.ts';

const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };

/** The same filters as the list; `after`, or what the browser says when it has lost the connection: the last event it has seen. */
export function followLive(context: Context, { operations, clock, log }: PageDeps): Response {
  const asked = readAsked(eventFilterQuery, new URL(context.req.url).searchParams, ['after']);
  if (!asked.ok) {
    const detail = [...asked.problems].map(([name, text]) => `${name}: ${text}`).join('; ');
    return refusalPage(context, 'events', { kind: 'refused', status: 'invalid', field: null, detail });
  }
  // Nobody would read on, and so nobody would end it.
  if (context.req.method === 'HEAD') return new Response(null, { headers });
  const after = context.req.header('last-event-id') || asked.given.after || null;
  const end = new AbortController();
  const followed = operations.events.follow(eventFilterOf(asked.query, clock.now()), after, end.signal);
  if (followed.kind === 'refused') return refusalPage(context, 'events', followed);
  const batches = rowsOf(followed.value, () => clock.now());
  const onError = (error: unknown) => log.error({ err: error }, 'following events live failed');
  // Who signs out, in whatever window, has nothing more to see.
  const stream = eventStream({ batches, end, mayGoOn: sessionOf(context).isOpen, onError });
  return new Response(stream, { headers });
}

/** One message for each batch, named by its last event: what comes first is the newest, as in the list. */
async function* rowsOf(batches: AsyncIterable<readonly EventSummaryView[]>, now: () => number) {
  for await (const batch of batches) {
    const last = batch.at(-1);
    if (last === undefined) continue;
    const rows = batch.toReversed().map((event) => String(eventRow(event, now())));
    yield [{ id: last.id, event: 'rows', data: rows.join('').replace(/\s*\n\s*/g, ' ') }];
  }
}
