/** Events as they come, over connections that may break: none is left out, and none comes twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventSeq, msOfSeq } from '../event/id.ts';
import { iso } from '../operate/text.ts';
import { eventSummary, type EventSummaryView } from '../operate/shapes/views.ts';
import { eventListing } from './events-list.ts';
import { readView } from './operator-answers.ts';
import { Refused, Unreachable, type AskRelay } from './operator-client.ts';
import { pages } from './operator-list.ts';
import type { OpenStream } from './operator-stream.ts';

/** Of what came before, or while there was no connection. */
const maxMissed = 1_000;
const firstWaitMs = 500;
const maxWaitMs = 15_000;

export interface FollowOptions {
  ask: AskRelay;
  open: OpenStream;
  query: Record<string, string>;
  /** The id of an event: what came after it is given. */
  after: string;
  signal: AbortSignal;
  /** Told of what a person should know. */
  note: (text: string) => void;
}

/** Ends with `signal`. Whoever calls it has had an answer before, so that a relay that is gone may come back; throws what it refuses. */
export async function* followed(options: FollowOptions): AsyncGenerator<EventSummaryView, void> {
  const { signal, note } = options;
  let last = options.after;
  let wasOpen = false;
  /** Since the connection was lost. */
  let failures = 0;
  const onOpen = () => {
    if (failures > 0) note('Connected again.');
    [wasOpen, failures] = [true, 0];
  };
  while (!signal.aborted) {
    try {
      for await (const event of connection(options, last, onOpen)) {
        if (event.id <= last) continue;
        last = event.id;
        yield event;
      }
      if (failures === 0 && !signal.aborted) note('The relay has ended the connection. Trying again …');
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Unreachable) && !(wasOpen && mayPass(error))) throw error;
      if (failures === 0)
        note(`The connection is lost: ${error instanceof Unreachable ? error.why : error.message}. Trying again …`);
    }
    await sleep(Math.min(maxWaitMs, firstWaitMs * 2 ** failures), undefined, { signal }).catch(() => {});
    failures += 1;
  }
}

/**
 * Whoever has the stream first, and asks then for what came before it, misses nothing in between. `Last-Event-ID` would not do: the
 * relay goes back 1,000 events by it, whatever the filter, and the last one that was given may be far behind.
 */
async function* connection(
  { ask, open, query, signal, note }: FollowOptions,
  last: string,
  onOpen: () => void,
): AsyncGenerator<EventSummaryView, void> {
  const leaving = new AbortController();
  try {
    const both = AbortSignal.any([signal, leaving.signal]);
    const stream = await open(`/events/tail?${new URLSearchParams(query).toString()}`, both);
    onOpen();
    yield* await latest(ask, { ...query, from: iso(msOfSeq(eventSeq(last) ?? 0)) }, note);
    for await (const text of stream) yield readView(eventSummary, JSON.parse(text));
  } finally {
    leaving.abort();
  }
}

/** The latest that are found, the oldest of them first. */
export async function latest(
  ask: AskRelay,
  query: Record<string, string>,
  note: FollowOptions['note'],
): Promise<EventSummaryView[]> {
  const found: EventSummaryView[] = [];
  let next: string | null = null;
  for await (const page of pages(ask, eventListing, { query, limit: maxMissed })) {
    found.push(...page.rows);
    next = page.next;
  }
  if (next !== null) note(`There may be more, which are not shown: relay events list --before ${next} finds them.`);
  return found.toReversed();
}

/** A relay that starts or stops, or has too much to do just now. */
function mayPass(error: unknown): error is Refused {
  return error instanceof Refused && (error.status === 429 || error.status >= 500);
}
