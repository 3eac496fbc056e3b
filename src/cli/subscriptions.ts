/** `relay subscriptions list|show|create|archive`: what Narrative sends, and where to. */
import type { Command } from 'commander';
import type { Subscription } from '../narrative/api.ts';
import { identify } from '../narrative/identify.ts';
import type { Settings } from '../settings.ts';
import { confirm } from './confirm.ts';
import { nonEmpty } from './non-empty.ts';
import { answered, requireNarrativeApi, settingsForCommand } from './narrative-client.ts';
import { CommandFailure, rulesFolder, rulesForLooking } from './rules.ts';
import { describeSubscription, isArchived, subscriptionPage, subscriptionTable } from './subscription-text.ts';
import { addCreateCommand } from './subscriptions-create.ts';
import { style } from './table.ts';

export function addSubscriptionsCommand(program: Command): void {
  const subscriptions = program
    .command('subscriptions')
    .description('what Narrative sends and where to: its webhook subscriptions, by its API')
    .addHelpText('after', connection);

  subscriptions
    .command('list')
    .description('list the subscriptions of the company, the archived ones last')
    .option('--active', 'leave the archived ones out')
    .option('--rules <dir>', 'folder of the rules, to say which are theirs (default: $RELAY_RULES, else rules)', nonEmpty)
    .option('--json', 'print them as JSON, their URLs whole: these may hold secrets')
    .addHelpText('after', `\nExample:\n  relay subscriptions list --active\n${connection}`)
    .action(list);

  subscriptions
    .command('show')
    .description('show one, and how many of its deliveries failed')
    .argument('<id>', 'as "subscriptions list" shows it')
    .option('--rules <dir>', 'folder of the rules (default: $RELAY_RULES, else rules)', nonEmpty)
    .option('--json', 'print it as JSON, its URL whole: it may hold a secret')
    .addHelpText('after', `\nExample:\n  relay subscriptions show 3fa85f64-5717-4562-b3fc-2c963f66afa6\n${connection}`)
    .action(show);

  addCreateCommand(subscriptions, connection);

  subscriptions
    .command('archive')
    .description('end subscriptions for good: they get no more events, and stay listed')
    .argument('<ids...>', 'as "subscriptions list" shows them')
    .option('--yes', 'do not ask')
    .option('--json', 'print them as JSON, their URLs whole: these may hold secrets')
    .addHelpText('after', `\nExample:\n  relay subscriptions archive 3fa85f64-5717-4562-b3fc-2c963f66afa6 --yes\n${connection}`)
    .action(archive);
}

const connection = `
It asks Narrative at $NARRATIVE_API_URL (default https://api.narrative.io) with $NARRATIVE_API_TOKEN, a token with webhook permissions.
Exit codes: 1 refused, or not found; 2 usage; 3 Narrative can't be reached.`;

interface ListFlags {
  active?: boolean;
  rules?: string;
  json?: boolean;
}

async function list({ active, rules, json }: ListFlags): Promise<void> {
  const settings = settingsForCommand();
  const all = await answered(requireNarrativeApi(settings).listSubscriptions());
  const shown = active ? all.filter((one) => !isArchived(one)) : all;
  if (json) return printJson(shown);
  if (shown.length > 0) process.stdout.write(`${subscriptionTable(shown, oursAmong(all, rules, settings))}\n`);
  else
    process.stdout.write(
      `There ${all.length > 0 ? 'are archived subscriptions only' : 'is no subscription'}: "relay subscriptions create" makes one.\n`,
    );
}

async function show(id: string, { rules, json }: Pick<ListFlags, 'rules' | 'json'>): Promise<void> {
  const settings = settingsForCommand();
  const one = await answered(requireNarrativeApi(settings).showSubscription(id));
  if (json) return printJson(one);
  process.stdout.write(`${subscriptionPage(one, oursAmong([one], rules, settings)?.get(one.id) ?? null)}\n`);
}

/** Id → name in the rules. Null where the rules can't be loaded: "relay check" says why, and this goes without. */
function oursAmong(
  known: readonly Subscription[],
  folder: string | undefined,
  { publicUrl }: Settings,
): Map<string, string> | null {
  try {
    const { subscriptions } = rulesForLooking(rulesFolder(folder));
    const identified = identify(subscriptions.values(), known, publicUrl);
    return new Map(identified.flatMap(({ name, found }) => found.map(({ id }) => [id, name] as const)));
  } catch (error) {
    if (error instanceof CommandFailure) return null;
    throw error;
  }
}

async function archive(ids: readonly string[], { yes, json }: { yes?: boolean; json?: boolean }): Promise<void> {
  if (!yes && !process.stdin.isTTY)
    throw new CommandFailure(2, 'there is no terminal to ask on: to archive without being asked, add --yes');
  const api = requireNarrativeApi(settingsForCommand());
  // All are looked at before one is touched: a slip in the second id should not cost the first one.
  const found = [];
  for (const id of new Set(ids)) found.push(await answered(api.showSubscription(id)));
  const archived: Subscription[] = [];
  for (const one of found) {
    if (isArchived(one)) say(json, `${describeSubscription(one)} was archived already`);
    else if (yes || (await confirmed(describeSubscription(one)))) {
      await answered(api.archiveSubscription(one.id));
      say(json, `${style('green', '✓')} ${describeSubscription(one)} is archived`);
    } else {
      process.stderr.write('It stays active.\n');
      process.exitCode = 1;
      continue;
    }
    archived.push({ ...one, status: 'archived' });
  }
  if (json) printJson(archived);
}

function confirmed(what: string): Promise<boolean> {
  const question = `${what}\nIt gets no more events then, and can't be made active again. Archive it?`;
  return confirm(question, process.stdin, process.stderr);
}

function say(json: boolean | undefined, text: string): void {
  if (!json) process.stdout.write(`${text}\n`);
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
