/** `relay deliveries list|show|retry|discard`: what a running relay sent, what waits, what died. */
import type { Command } from 'commander';
import { deliveryFilters, type ActFlags } from './deliveries-flags.ts';
import { addFilters, addListOptions, connection, idOf, idsOf, type ListFlags } from './operator-flags.ts';

export function addDeliveriesCommand(program: Command): void {
  const deliveries = program
    .command('deliveries')
    .description('find what was sent, what waits and what died; send it again, or end it')
    .addHelpText('after', `${examples}\n${connection}`);

  addListOptions(
    deliveries.command('list', { isDefault: true }).description('list deliveries, the latest first (the default)'),
    deliveryFilters,
  )
    .usage('[options]')
    .argument('[ids...]', '', idsOf('delivery', 'dlv'))
    .addHelpText('after', `\nExample:\n  relay deliveries list --status dead --since 1d\n${connection}`)
    .action(async (ids: string[] = [], flags: ListFlags) => {
      // `relay deliveries dlv_…` is what people try.
      for (const id of ids) await (await import('./deliveries-show.ts')).showDelivery(id, flags);
      if (ids.length === 0) await (await import('./deliveries-list.ts')).listDeliveries(flags);
    });

  deliveries
    .command('show')
    .description('show a delivery, with its attempts and the message as it looks')
    .argument('<id>', 'as "deliveries list" shows it: dlv_…', idOf('delivery', 'dlv'))
    .option('--json', 'print all that is known of it as JSON')
    .addHelpText('after', `\nExample:\n  relay deliveries show dlv_1M7ZPRB9M00_1\n${connection}`)
    .action(async (id: string, flags: { json?: boolean }) => {
      await (await import('./deliveries-show.ts')).showDelivery(id, flags);
    });

  addAct(deliveries, 'retry', 'send what died again, and what waits for its time at once');
  addAct(deliveries, 'discard', 'end what is dead or was not sent, without sending it');
}

function addAct(deliveries: Command, act: 'retry' | 'discard', description: string): void {
  addFilters(deliveries.command(act).description(`${description}: by ids, or all that a filter finds`), deliveryFilters)
    .argument('[ids...]', 'as "deliveries list" shows them: dlv_…; or else name them by the options', idsOf('delivery', 'dlv'))
    .option('--dry-run', 'only say what would be done')
    .option('--yes', 'do not ask')
    .option('--json', 'print what came of it as JSON')
    .addHelpText('after', `${actExamples(act)}\n${connection}`)
    .action(async (ids: string[] | undefined, flags: ActFlags) => {
      await (await import('./deliveries-act.ts')).actOnDeliveries(act, ids ?? [], flags);
    });
}

const examples = `
Examples:
  relay deliveries --status dead
  relay deliveries dlv_1M7ZPRB9M00_1
  relay deliveries retry --status dead --destination oncall`;

const actExamples = (act: string) => `
Examples:
  relay deliveries ${act} dlv_1M7ZPRB9M00_1
  relay deliveries ${act} --status dead --destination oncall --since 6h --dry-run`;
