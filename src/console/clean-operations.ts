/**
 * What operators see, without secrets before any of it is drawn: a page may shorten a text, and what is left of a secret that was cut in two
 * is found by nobody afterwards.
 */
import type { SilencesInForce } from '../incident/silences.ts';
import { createViewCleaner } from '../operate/clean-view.ts';
import type { Operations } from '../operate/operations.ts';
import type { EventSummaryView } from '../operate/shapes/views.ts';
import { ok } from '../operate/text.ts';

/** `clean`: masks every secret in a text. */
export function cleanOperations(operations: Operations, clean: (text: string) => string): Operations {
  const view = createViewCleaner(clean);
  const { events, deliveries, incidents, destinations, rules, explain, stats } = operations;

  async function* cleanBatches(batches: AsyncIterable<readonly EventSummaryView[]>) {
    for await (const batch of batches) yield view(batch);
  }

  return {
    events: {
      list: (...asked) => view(events.list(...asked)),
      show: (id) => view(events.show(id)),
      body: (id) => view(events.body(id)),
      replay: (...asked) => view(events.replay(...asked)),
      follow(...asked) {
        const followed = events.follow(...asked);
        return followed.kind === 'ok' ? ok(cleanBatches(followed.value)) : view(followed);
      },
    },
    deliveries: {
      list: (...asked) => view(deliveries.list(...asked)),
      show: (id) => view(deliveries.show(id)),
      retry: (id) => view(deliveries.retry(id)),
      discard: (id) => view(deliveries.discard(id)),
      bulk: (...asked) => view(deliveries.bulk(...asked)),
    },
    incidents: {
      list: (...asked) => view(incidents.list(...asked)),
      show: (id) => view(incidents.show(id)),
    },
    destinations: {
      list: () => view(destinations.list()),
      show: (name) => view(destinations.show(name)),
      unpark: (name) => view(destinations.unpark(name)),
    },
    rules: () => view(rules()),
    explain: (...asked) => view(explain(...asked)),
    stats: (range) => view(stats(range)),
  };
}

/** The same of the silences, as far as they are shown. */
export function cleanSilences(silences: SilencesInForce, clean: (text: string) => string): SilencesInForce {
  const view = createViewCleaner(clean);
  return {
    ...silences,
    add: (...asked) => view(silences.add(...asked)),
    find: (...asked) => view(silences.find(...asked)),
    list: (...asked) => view(silences.list(...asked)),
    expire: (...asked) => view(silences.expire(...asked)),
  };
}
