/** `relay subscriptions create`: asks for events, and keeps the secret that is told only once. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { oneLine } from '../destination/text.ts';
import type { NarrativeApi, NewSubscription, Subscription } from '../narrative/api.ts';
import { writeSubscription } from '../narrative/read-wire.ts';
import { overlapping } from '../narrative/subscription-plan.ts';
import { createEnvFile, type EnvFile } from './env-file.ts';
import { answered, apiFailure, requireNarrativeApi, settingsForCommand } from './narrative-client.ts';
import { nonEmpty } from './non-empty.ts';
import { CommandFailure } from './rules.ts';
import { createdText, dryRunText, remarksOnPlan, type KeptSecret } from './subscription-created-text.ts';
import { planCreation, type CreateFlags, type CreationPlan } from './subscription-plan.ts';
import { describeSubscription, withoutUrlTokens } from './subscription-text.ts';

interface Flags extends CreateFlags {
  dryRun?: boolean;
  json?: boolean;
  writeEnv?: string;
  envName?: string;
}

/** `footer`: what the help of all these commands ends with. */
export function addCreateCommand(subscriptions: Command, footer: string): void {
  const byHand = ['jobType', 'state', 'jobId'];
  const listOption = (flags: string, what: string) =>
    new Option(flags, `${what}; several: a,b or the option again`).argParser(separated).default([], 'all');
  subscriptions
    .command('create')
    .description('make a subscription, and keep its secret: Narrative tells it only once')
    .option('--url <url>', 'where Narrative is to send (default: $RELAY_PUBLIC_URL/webhooks/narrative)', nonEmpty)
    .option('--name <text>', 'what it is called at Narrative (default: narrative-relay)', nonEmpty)
    .addOption(listOption('--job-type <types>', 'only jobs of this type'))
    .addOption(listOption('--state <states>', 'only jobs that come to this state'))
    .addOption(listOption('--job-id <ids>', 'only this job'))
    .addOption(
      new Option('--app-id <id>', "a connector's events instead, such as 8 for Facebook")
        .argParser(nonEmpty)
        .conflicts([...byHand, 'fromRules']),
    )
    .addOption(
      new Option('--from-rules [dir]', 'what the rules need, and no more than can be helped')
        .argParser(nonEmpty)
        .conflicts(byHand),
    )
    .option('--subscription <name>', 'which of the subscriptions in the rules it is for', nonEmpty)
    .addOption(new Option('--single', 'with --from-rules: one subscription for all of it (the default)').conflicts('split'))
    .option('--split', 'with --from-rules: several, which together ask for exactly what the rules need')
    .option('--force', 'also with values that Narrative does not document, or beside one that tells of the same')
    .option('--write-env <file>', 'write the secret into a new file (mode 600) instead of printing it', nonEmpty)
    .option('--env-name <name>', 'the variable that is to hold it (default: NARRATIVE_WEBHOOK_SECRET)', nonEmpty)
    .option('--dry-run', 'print what would be sent to Narrative')
    .option('--json', 'print what was made as JSON, with its secret unless that is in a file')
    .addHelpText('after', `${examples}\n${footer}`)
    .action(create);
}

const examples = `
Examples:
  relay subscriptions create --from-rules --write-env narrative.env
  relay subscriptions create --state failed,cancelled --job-type materialize-view --dry-run
  relay subscriptions create --app-id 8 --name facebook`;

/** An empty value is a slip, such as a variable that is not set: without it, all would be asked for. */
function separated(text: string, before: string[]): string[] {
  const values = text.split(',').map((each) => each.trim());
  if (values.includes('')) throw new InvalidArgumentError('It holds an empty name: write a,b or leave the option out for all.');
  return [...before, ...values];
}

async function create(flags: Flags): Promise<void> {
  if (flags.split && flags.fromRules === undefined)
    throw new CommandFailure(2, '--split goes with --from-rules: it divides what the rules need');
  const settings = settingsForCommand();
  const plan = planCreation(flags, settings);
  if (plan.byUrlToken && flags.writeEnv !== undefined) {
    throw new CommandFailure(
      2,
      `the events of ${plan.name} are proved by the token at the end of its URL, and Narrative's secret is not needed for it: leave --write-env out`,
    );
  }
  const names = envNames(flags, plan);
  if (flags.dryRun) return printDryRun(plan, flags);
  const api = requireNarrativeApi(settings);
  const known = await answered(api.listSubscriptions());
  const overlaps = [...new Set(plan.wanted.flatMap((wanted) => overlapping(wanted, known)))];
  if (overlaps.length > 0 && !flags.force) throw new CommandFailure(1, refusedFor(overlaps));
  for (const warning of plan.warnings) process.stderr.write(`! ${warning}\n`);
  const file = flags.writeEnv === undefined ? null : createEnvFile(flags.writeEnv);
  const made: KeptSecret[] = [];
  try {
    for (const [i, wanted] of plan.wanted.entries())
      await createOne(api, wanted, { name: names[i]!, file, isNeeded: !plan.byUrlToken }, made);
  } finally {
    // Of two the second may fail: the first one's secret is told all the same.
    file?.close();
    if (made.length > 0) report(made, plan, flags);
  }
  sayRemarks(plan, known, flags);
}

/** What is for people goes where it does not get between the JSON. */
function sayRemarks(plan: CreationPlan, known: readonly Subscription[], { json, split = false }: Flags): void {
  (json ? process.stderr : process.stdout).write(remarksOnPlan(plan, known, split));
}

function report(made: readonly KeptSecret[], plan: CreationPlan, { json, writeEnv }: Flags): void {
  const forJson = ({ created, kept }: KeptSecret) => ({
    ...created,
    url: jsonUrl(created.url, plan),
    ...(kept === 'file' ? { secret: undefined } : {}),
  });
  if (json) printJson(made.map(forJson));
  else process.stdout.write(createdText(made, plan, writeEnv ?? null));
}

function refusedFor(overlaps: readonly Subscription[]): string {
  const lines = overlaps.map((one) => `  ${describeSubscription(one)}`).join('\n');
  return `There is an active subscription that sends the same there, and each event would come twice:\n${lines}\nArchive it ("relay subscriptions archive <id>"), or create another beside it with --force, as when its secret is to be changed.`;
}

/** Where the secret goes. */
interface Keeping {
  /** Of the variable. */
  name: string;
  file: EnvFile | null;
  isNeeded: boolean;
}

async function createOne(
  api: NarrativeApi,
  wanted: NewSubscription,
  { name, file, isNeeded }: Keeping,
  made: KeptSecret[],
): Promise<void> {
  const answer = await api.createSubscription(wanted);
  // Narrative may well repeat the URL that it refuses.
  if (!answer.ok) throw apiFailure({ ...answer.failure, detail: withoutUrlTokens(answer.failure.detail) });
  const created = answer.value;
  // A line of its own, in the file too, whatever Narrative takes for a secret.
  const secret = oneLine(created.secret ?? '');
  if (!isNeeded) return void made.push({ created, secret, name, kept: 'not-needed' });
  if (secret === '') {
    throw new CommandFailure(
      1,
      `Narrative made ${describeSubscription(created)}, and did not tell its secret: nothing can prove its events. Archive it: relay subscriptions archive ${oneLine(created.id)}`,
    );
  }
  try {
    file?.add(name, secret);
    made.push({ created, secret, name, kept: file === null ? 'printed' : 'file' });
  } catch (error) {
    // Better on a screen than nowhere.
    made.push({ created, secret, name, kept: 'printed' });
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      1,
      `${file?.path} can't be written (${why}). The secret is printed instead: keep it, Narrative does not tell it again.`,
    );
  }
}

/** One for each part: NAME, NAME_2, … */
function envNames({ envName, appId }: Flags, { wanted }: CreationPlan): string[] {
  const usual =
    appId === undefined
      ? 'NARRATIVE_WEBHOOK_SECRET'
      : `NARRATIVE_WEBHOOK_SECRET_APP_${appId.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
  const first = envName ?? usual;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(first)) {
    throw new CommandFailure(2, `--env-name ${first}: the name of a variable has letters, digits and "_", and no digit first`);
  }
  return wanted.map((_, i) => (i === 0 ? first : `${first}_${i + 1}`));
}

function printDryRun(plan: CreationPlan, flags: Flags): void {
  for (const warning of plan.warnings) process.stderr.write(`! ${warning}\n`);
  if (flags.json) printJson(plan.wanted.map((wanted) => writeSubscription({ ...wanted, url: jsonUrl(wanted.url, plan) })));
  else process.stdout.write(dryRunText(plan));
  sayRemarks(plan, [], flags);
}

/** Whole, as it is the program that reads it which will need it; but for a token that came from the rules and is known there. */
function jsonUrl(url: string, { byUrlToken }: CreationPlan): string {
  return byUrlToken ? withoutUrlTokens(url) : url;
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
