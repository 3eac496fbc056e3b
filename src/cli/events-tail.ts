/** `relay events tail`. */
import { oneLine } from '../destination/text.ts';
import { eventId } from '../event/id.ts';
import { stringifyJson } from '../event/json.ts';
import type { EventSummaryView } from '../operate/shapes/views.ts';
import { followed, latest } from './events-follow.ts';
import { tailFilters, type TailFlags } from './events-flags.ts';
import { eventListing, rulesText, typeText } from './events-list.ts';
import { operatorClient, type AskRelay } from './operator-client.ts';
import { filterOf, inFlags } from './operator-flags.ts';
import { operatorStream } from './operator-stream.ts';
import { outcomeFormat, secondText, stateStanding } from './operator-words.ts';
import { readerGone } from './reader-gone.ts';
import { style } from './table.ts';

export async function tailEvents(flags: TailFlags): Promise<void> {
  const { since, json = false } = flags;
  const query = filterOf(tailFilters, flags);
  const reword = inFlags(tailFilters, 'since');
  const [ask, open, signal] = [operatorClient(reword), operatorStream(reword), untilEnded()];
  const tell = (event: EventSummaryView) => void process.stdout.write(`${json ? stringifyJson(event) : lineOf(event)}\n`);
  let after = await newestId(ask);
  if (since !== undefined) {
    const before = await latest(ask, { ...query, since }, note);
    before.forEach(tell);
    after = before.reduce((last, { id }) => (id > last ? id : last), after);
  }
  for await (const event of followed({ ask, open, query, after, signal, note })) tell(event);
}

/** By Ctrl-C, or when nobody reads any more. */
function untilEnded(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
  return AbortSignal.any([ending.signal, readerGone()]);
}

/** That of an event before all others where there is none yet. */
async function newestId(ask: AskRelay): Promise<string> {
  const { rows } = eventListing.page(await ask('GET', '/events?limit=1'));
  return rows[0]?.id ?? eventId(0);
}

function lineOf(event: EventSummaryView): string {
  const { id, received_at: at, state, dataset_id: dataset, outcome } = event;
  const { text, format } = stateStanding(state);
  return [
    secondText(at),
    style(format, text.padEnd(11)),
    typeText(event).padEnd(24),
    oneLine(dataset ?? '–').padEnd(8),
    style(outcomeFormat(outcome), outcome.padEnd(11)),
    style('dim', oneLine(id)),
    rulesText(event),
  ].join('  ');
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
