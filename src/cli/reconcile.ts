/** `relay reconcile`: asks a running relay to look for events whose webhooks never came, and to take them. */
import { type Command, Option } from 'commander';
import { operatorClient, type AskRelay } from './operator-client.ts';
import { cancelRun, listRuns, missedStates, showRun, startRun, type RunAnswer } from './reconcile-answers.ts';
import { followRun } from './reconcile-follow.ts';
import { describeRun, failureText, maxRows, runsTable } from './reconcile-text.ts';
import { CommandFailure } from './rules.ts';

interface ReconcileFlags {
  from: string;
  until?: string;
  lookback?: string;
  subscription?: string;
  apply?: boolean;
  follow?: string;
  cancel?: string;
  list?: boolean;
  json?: boolean;
}

export function addReconcileCommand(program: Command): void {
  const ofNewRuns = ['from', 'until', 'lookback', 'subscription', 'apply'];
  program
    .command('reconcile')
    .description("find events in Narrative's job list whose webhooks never came, by asking a running relay")
    .option('--from <when>', 'look at what happened since: 6h, 7d, or 2026-03-01T18:00:00Z; UTC without a zone', '24h')
    .option('--until <time>', 'and before: 2026-03-02T18:00:00Z (default: now, less what may be on its way)')
    .option('--lookback <duration>', 'how long a job may take: older ones are not looked at (default: $RELAY_RECONCILE_LOOKBACK)')
    .option('--subscription <name>', 'only what this subscription of the rules asks for (default: each)')
    .option('--apply', 'take what never arrived as if it had: its alerts are sent, marked as late')
    .addOption(new Option('--follow <id>', 'show a run that was begun before: rec_…').conflicts(ofNewRuns))
    .addOption(new Option('--cancel <id>', 'end a run; what it took stays').conflicts([...ofNewRuns, 'follow']))
    .addOption(new Option('--list', 'list the latest runs').conflicts([...ofNewRuns, 'follow', 'cancel']))
    .option('--json', 'print the run and all that it found as JSON')
    .addHelpText('after', help)
    .action(reconcile);
}

const help = `
Examples:
  relay reconcile --from 6h
  relay reconcile --from 2026-03-01T18:00:00Z --until 2026-03-02T02:00:00Z --apply
  relay reconcile --follow rec_1M7ZPRB9M00

It asks the relay at $RELAY_URL (default http://127.0.0.1:8787) with $RELAY_ADMIN_TOKEN, the token that the relay was started with.
Exit codes: 0 nothing is missing, or it was taken; 1 something is missing, or the run failed or was refused; 2 usage; 3 no relay there.`;

async function reconcile(flags: ReconcileFlags): Promise<void> {
  const ask = operatorClient();
  if (flags.list) return list(ask, flags);
  if (flags.cancel !== undefined) return print(ask, await cancelRun(ask, flags.cancel), flags);
  const begun = flags.follow === undefined ? await startRun(ask, requestOf(flags)) : await showRun(ask, flags.follow);
  const run = await followRun(ask, begun);
  await print(ask, run, flags);
  if (run.status === 'failed') throw new CommandFailure(1, failureText(run));
  const well = run.status === 'done' && (run.missing === 0 || run.apply);
  if (!well) process.exitCode = 1;
}

/** Whether the values make sense is for the relay to say. */
function requestOf({ from, until, lookback, subscription, apply = false }: ReconcileFlags): object {
  const begins = /^\d+[smhd]$/.test(from) ? { since: from } : { from };
  return { ...begins, until, lookback, subscription, apply };
}

async function list(ask: AskRelay, { json }: ReconcileFlags): Promise<void> {
  const runs = await listRuns(ask);
  if (json) return printJson(runs);
  process.stdout.write(runs.length > 0 ? `${runsTable(runs)}\n` : 'Nothing was reconciled yet.\n');
}

async function print(ask: AskRelay, run: RunAnswer, { json }: ReconcileFlags): Promise<void> {
  if (json) return printJson({ ...run, missed: await missedStates(ask, run.id, Infinity) });
  process.stdout.write(describeRun(run, run.missing === 0 ? [] : await missedStates(ask, run.id, maxRows)));
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
