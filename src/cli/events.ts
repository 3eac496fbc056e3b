/** `relay events list|show|replay|tail`: what came to a running relay, and what became of it. */
import type { Command } from 'commander';
import { eventFilters, tailFilters, type ReplayFlags, type TailFlags } from './events-flags.ts';
import { addFilters, addListOptions, another, connection, idOf, idsOf, type ListFlags } from './operator-flags.ts';

export function addEventsCommand(program: Command): void {
  const events = program
    .command('events')
    .description('find the events that came, say why they did or did not alert, replay them, follow them live')
    .addHelpText('after', `${examples}\n${connection}`);

  addListOptions(
    events.command('list', { isDefault: true }).description('list events, the latest first (the default)'),
    eventFilters,
  )
    .usage('[options]')
    .argument('[ids...]', '', idsOf('event', 'evt'))
    .addHelpText('after', `${listExamples}\n${connection}`)
    .action(async (ids: string[] = [], flags: ListFlags) => {
      // `relay events evt_…` is what people try.
      for (const id of ids) await (await import('./events-show.ts')).showEvent(id, flags);
      if (ids.length === 0) await (await import('./events-list.ts')).listEvents(flags);
    });

  events
    .command('show')
    .description('say what came, what was done about it, and why the other rules were not')
    .argument('<id>', 'as "events list" shows it: evt_…', idOf('event', 'evt'))
    .option('--body', 'print what came, too')
    .option('--json', 'print all that is known of it as JSON')
    .addHelpText('after', `\nExample:\n  relay events show evt_1M7ZPRB9M00 --body\n${connection}`)
    .action(async (id: string, flags: { body?: boolean; json?: boolean }) => {
      await (await import('./events-show.ts')).showEvent(id, flags);
    });

  events
    .command('replay')
    .description("put events through today's rules once more: their alerts are sent, marked as a replay")
    .argument('<ids...>', 'as "events list" shows them: evt_…', idsOf('event', 'evt'))
    .option('--to <names>', 'only to these destinations; several are repeated, or separated by commas', another)
    .option('--again', 'even what was replayed before')
    .option('--dry-run', 'only say what would be done')
    .option('--yes', 'do not ask')
    .option('--json', 'print what came of each as JSON')
    .addHelpText('after', `${replayExamples}\n${connection}`)
    .action(async (ids: string[], flags: ReplayFlags) => {
      await (await import('./events-replay.ts')).replayEvents(ids, flags);
    });

  addFilters(events.command('tail').description('follow events as they come, until Ctrl-C'), tailFilters)
    .option('--since <duration>', 'begin with what came before: 10m, 6h; at most the latest 1000')
    .option('--json', 'print each as a line of JSON')
    .addHelpText('after', `${tailExamples}\n${connection}`)
    .action(async (flags: TailFlags) => {
      await (await import('./events-tail.ts')).tailEvents(flags);
    });
}

const examples = `
Examples:
  relay events --since 6h --state failed
  relay events evt_1M7ZPRB9M00
  relay events replay evt_1M7ZPRB9M00 --dry-run
  relay events tail --type 'models_*'`;

const listExamples = `
Examples:
  relay events list --since 6h --state failed,cancelled
  relay events list --type 'models_*' --outcome unrouted --limit 500
  relay events list --since 1d --dataset 10736 --json | jq -r '.[].job_id'`;

const replayExamples = `
Examples:
  relay events replay evt_1M7ZPRB9M00 --dry-run
  relay events replay evt_1M7ZPRB9M00 evt_1M7ZPRBAM00 --to airflow --yes`;

const tailExamples = `
Examples:
  relay events tail --since 10m --state failed
  relay events tail --json | jq -r '.subject'

A connection that drops is made anew, and what came meanwhile is printed first.`;
