/** `relay incidents list|show`: what failed and has not recovered. */
import type { Command } from 'commander';
import { incidentFilters } from './incidents-flags.ts';
import { addListOptions, connection, idOf, idsOf, type ListFlags } from './operator-flags.ts';

export function addIncidentsCommand(program: Command): void {
  const incidents = program
    .command('incidents')
    .description('see what failed and has not recovered, and what has been said about it')
    .addHelpText('after', `${examples}\n${connection}`);

  addListOptions(
    incidents.command('list', { isDefault: true }).description('list incidents, the latest first (the default)'),
    incidentFilters,
  )
    .usage('[options]')
    .argument('[ids...]', '', idsOf('incident', 'inc'))
    .addHelpText('after', `\nExample:\n  relay incidents list --status all --text 10736\n${connection}`)
    .action(async (ids: string[] = [], flags: ListFlags) => {
      // `relay incidents inc_…` is what people try.
      for (const id of ids) await (await import('./incidents-show.ts')).showIncident(id, flags);
      if (ids.length === 0) await (await import('./incidents-list.ts')).listIncidents(flags);
    });

  incidents
    .command('show')
    .description('show an incident: what each rule has said, its latest events, how to silence it')
    .argument('<id>', 'as "incidents list" shows it: inc_…', idOf('incident', 'inc'))
    .option('--json', 'print all that is known of it as JSON')
    .addHelpText('after', `\nExample:\n  relay incidents show inc_1M7ZPRB9M00\n${connection}`)
    .action(async (id: string, flags: { json?: boolean }) => {
      await (await import('./incidents-show.ts')).showIncident(id, flags);
    });
}

const examples = `
Examples:
  relay incidents
  relay incidents inc_1M7ZPRB9M00`;
