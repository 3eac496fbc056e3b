/** `relay destinations list|unpark`: where alerts go, and whether they can. */
import { type Command, InvalidArgumentError } from 'commander';
import { connection } from './operator-flags.ts';

export function addDestinationsCommand(program: Command): void {
  const destinations = program
    .command('destinations')
    .description('see where alerts go and what waits for them, and let a parked one try again')
    .addHelpText('after', `\nExamples:\n  relay destinations\n  relay destinations unpark oncall\n${connection}`);

  destinations
    .command('list', { isDefault: true })
    .description('list destinations (the default)')
    .option('--json', 'print them as JSON')
    .addHelpText('after', connection)
    .action(async (flags: { json?: boolean }) => {
      await (await import('./destinations-run.ts')).listDestinations(flags);
    });

  destinations
    .command('unpark')
    .description('let a parked destination try again at once')
    .argument('<name>', 'as the rules call it', nameOf)
    .option('--json', 'print the destination as JSON')
    .addHelpText('after', `\nExample:\n  relay destinations unpark oncall\n${connection}`)
    .action(async (name: string, flags: { json?: boolean }) => {
      await (await import('./destinations-run.ts')).unparkDestination(name, flags);
    });
}

/** As the rules take names; what is none would name another page. */
function nameOf(text: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError('It is no name of a destination: "relay destinations" lists them.');
}
