/** `relay deliveries retry|discard`: by their ids here, by a filter in `deliveries-bulk.ts`. */
import { oneLine } from '../destination/text.ts';
import { deliveryDetail, deliverySummary, type DeliverySummaryView } from '../operate/shapes/views.ts';
import { consents, requireTerminal } from './consent.ts';
import { actOnMany, type Act } from './deliveries-bulk.ts';
import { deliveryFilters, type ActFlags } from './deliveries-flags.ts';
import { readView } from './operator-answers.ts';
import { operatorClient, type AskRelay } from './operator-client.ts';
import { eachOf, printEach } from './operator-each.ts';
import { filterOf, inFlags } from './operator-flags.ts';
import { counted, statusStanding } from './operator-words.ts';
import { CommandFailure } from './rules.ts';
import { style } from './table.ts';

export async function actOnDeliveries(act: Act, ids: readonly string[], flags: ActFlags): Promise<void> {
  const { dryRun = false, yes = false, json = false } = flags;
  const filter = filterOf(deliveryFilters, flags);
  const isFiltered = Object.keys(filter).length > 0;
  if (ids.length > 0 === isFiltered) {
    const wrong = isFiltered ? 'ids and a filter are two ways to say which: choose one' : 'say which';
    throw new CommandFailure(2, `${wrong}, as relay deliveries ${act} dlv_… or relay deliveries ${act} --status dead`);
  }
  const ask = operatorClient(inFlags(deliveryFilters));
  if (isFiltered) return actOnMany(ask, act, filter, { dryRun, yes, json });
  if (dryRun) throw new CommandFailure(2, '--dry-run goes with a filter: for what is known of one, relay deliveries show dlv_…');
  const toDo = act === 'retry' || yes ? ids : await agreed(ask, ids);
  const acted = eachOf(toDo, async (id) => readView(deliverySummary, await ask('POST', `/deliveries/${id}/${act}`)));
  await printEach(acted, json, (delivery) => `${style('green', '✓')} ${describe(delivery)}\n`);
}

/** What is discarded stays so: those that a person, who was told what they are, wants to be. */
async function agreed(ask: AskRelay, ids: readonly string[]): Promise<string[]> {
  requireTerminal('discard them');
  const known: string[] = [];
  for await (const delivery of eachOf(ids, async (id) => readView(deliveryDetail, await ask('GET', `/deliveries/${id}`)))) {
    process.stderr.write(`${describe(delivery)}\n`);
    known.push(delivery.id);
  }
  if (known.length === 0) return [];
  const what = known.length === 1 ? 'it' : counted(known.length, 'delivery');
  return (await consents(`Discard ${what}? It is never sent then.`, 'Nothing was discarded.')) ? known : [];
}

function describe({ id, destination, subject, status }: DeliverySummaryView): string {
  const { text, format } = statusStanding(status);
  return `${oneLine(id)} to ${oneLine(destination)}, ${oneLine(subject)}: ${style(format, text.slice(2))}`;
}
