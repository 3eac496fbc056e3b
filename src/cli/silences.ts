/** `relay silences add|list|expire`: asks a running relay to keep matching alerts quiet for a time. */
import { styleText } from 'node:util';
import { type Command, Option } from 'commander';
import { nodeClock } from '../node/ports.ts';
import { operatorClient } from './operator-client.ts';
import { CommandFailure } from './rules.ts';
import { addMatchOptions, matchOf } from './silence-match.ts';
import { describeSilence, readSilence, readSilences, silenceTable, type SilenceAnswer } from './silence-text.ts';

interface AddFlags extends Record<string, unknown> {
  for?: string;
  until?: string;
  from?: string;
  reason: string;
  author?: string;
  json?: boolean;
}

const connection = `
It asks the relay at $RELAY_URL (default http://127.0.0.1:8787) with $RELAY_ADMIN_TOKEN, the token that the relay was started with.`;

export function addSilencesCommand(program: Command): void {
  const silences = program
    .command('silences')
    .description('keep matching alerts quiet for a time, by asking a running relay')
    .addHelpText('after', connection);

  addMatchOptions(silences.command('add').description('silence what matches all of the conditions, for a time'))
    .addOption(new Option('--for <duration>', 'how long: 90s, 30m, 2h, 7d').conflicts('until'))
    .option('--until <time>', 'when it ends: 2026-03-01T18:00:00Z; UTC without a zone')
    .option('--from <time>', 'when it begins (default: now)')
    .requiredOption('--reason <text>', 'why, for those who wonder where their alert is')
    .option('--author <name>', 'whom to ask (default: $USER)')
    .option('--json', 'print the silence as JSON')
    .addHelpText('after', `${addExamples}\n${connection}`)
    .action(add);

  silences
    .command('list')
    .description('list the silences that are in force or about to be')
    .option('--all', 'those that are over, too')
    .option('--json', 'print them as JSON')
    .addHelpText('after', `\nExample:\n  relay silences list --all\n${connection}`)
    .action(list);

  silences
    .command('expire')
    .description('end a silence now; what it kept back and still fails is told')
    .argument('<id>', 'as "silences list" shows it: sil_…')
    .option('--json', 'print the silence as JSON')
    .addHelpText('after', `\nExample:\n  relay silences expire sil_1M7ZPRB9M00\n${connection}`)
    .action(expire);
}

const addExamples = `
Examples:
  relay silences add --dataset 10736 --for 2h --reason "backfill, ends by itself"
  relay silences add --job-type 'models_*' --state failed --until 2026-03-02T08:00:00Z --reason "known, INC-12"
  relay silences add --match '{"job_types": ["costs"], "not": {"states": ["failed"]}}' --for 1d --reason "only failures count"`;

async function add(flags: AddFlags): Promise<void> {
  const match = matchOf(flags);
  const { reason, until, from } = flags;
  if (flags.for === undefined && until === undefined) {
    throw new CommandFailure(2, 'say how long: --for 2h, or --until 2026-03-01T18:00:00Z');
  }
  const author = flags.author ?? (process.env.USER || process.env.LOGNAME);
  if (!author) throw new CommandFailure(2, 'say whom to ask about it: --author NAME');
  const silence = readSilence(
    await operatorClient()('POST', '/silences', { match, for: flags.for, until, from, reason, author }),
  );
  if (flags.json) return printJson(silence);
  process.stdout.write(`${tick()} ${describeSilence(silence, nodeClock.now())}\n`);
}

async function list({ all, json }: { all?: boolean; json?: boolean }): Promise<void> {
  const silences = readSilences(await operatorClient()('GET', `/silences${all ? '?all=true' : ''}`));
  if (json) return printJson(silences);
  if (silences.length > 0) process.stdout.write(`${silenceTable(silences, nodeClock.now())}\n`);
  else process.stdout.write(all ? 'There are no silences.\n' : 'No silence is in force. --all lists those that are over.\n');
}

async function expire(id: string, { json }: { json?: boolean }): Promise<void> {
  // As parts of a path these would name another page.
  if (['', '.', '..'].includes(id.trim())) {
    throw new CommandFailure(2, 'say which silence: its id, sil_…, as "silences list" shows it');
  }
  const silence = readSilence(await operatorClient()('DELETE', `/silences/${encodeURIComponent(id)}`));
  if (json) return printJson(silence);
  process.stdout.write(`${tick()} ${describeSilence(silence, nodeClock.now())}\n`);
}

const tick = () => styleText('green', '✓', { stream: process.stdout });

function printJson(value: SilenceAnswer | readonly SilenceAnswer[]): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
