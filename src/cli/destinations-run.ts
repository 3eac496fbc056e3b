/** What `relay destinations` does, once it is called. */
import { z } from 'zod';
import { oneLine } from '../destination/text.ts';
import { stringifyJson } from '../event/json.ts';
import { destinationView, type DestinationView } from '../operate/shapes/views.ts';
import { fittedTable, type Column } from './fitted-table.ts';
import { readView } from './operator-answers.ts';
import { operatorClient } from './operator-client.ts';
import { counted, minuteText, standing, type Standing } from './operator-words.ts';
import { style } from './table.ts';

const destinationList = z.object({ destinations: z.array(destinationView) });

const columns: readonly Column<DestinationView>[] = [
  { head: 'name', text: ({ name }) => oneLine(name) },
  { head: 'type', text: ({ type }) => type ?? '–' },
  { head: 'state', text: (each) => standingOf(each).text, format: (each) => standingOf(each).format },
  { head: 'waiting', text: ({ pending }) => String(pending) },
  { head: 'dead', text: ({ dead }) => String(dead) },
  { head: 'fallback', text: ({ fallback }) => oneLine(fallback ?? '–') },
  { head: 'why', text: whyText, flexible: true },
];

export async function listDestinations({ json }: { json?: boolean }): Promise<void> {
  const { destinations } = readView(destinationList, await operatorClient()('GET', '/destinations'));
  if (json) return void process.stdout.write(`${stringifyJson(destinations, 2)}\n`);
  process.stdout.write(
    destinations.length === 0 ? 'The rules have no destinations.\n' : `${fittedTable(columns, destinations)}\n`,
  );
}

export async function unparkDestination(name: string, { json }: { json?: boolean }): Promise<void> {
  const destination = readView(
    destinationView,
    await operatorClient()('POST', `/destinations/${encodeURIComponent(name)}/unpark`),
  );
  if (json) return void process.stdout.write(`${stringifyJson(destination, 2)}\n`);
  const waiting =
    destination.pending === 0
      ? 'nothing waits for it'
      : `${counted(destination.pending, 'delivery')} ${destination.pending === 1 ? 'waits' : 'wait'} for it`;
  process.stdout.write(`${style('green', '✓')} ${destination.name} is tried again: ${waiting}\n`);
}

function standingOf({ parked, in_rules }: DestinationView): Standing {
  if (parked !== null) return standing('bad', 'parked');
  return in_rules ? standing('good', 'in use') : standing('warn', 'not in the rules');
}

function whyText({ parked }: DestinationView): string {
  if (parked === null) return '–';
  const { since, reason, detail, next_probe_at } = parked;
  return oneLine(`since ${minuteText(since)} UTC, next tried ${minuteText(next_probe_at).slice(11)}: ${reason}: ${detail}`);
}
