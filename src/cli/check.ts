/** `relay check [dir]`: finds what is wrong with the rules before they are deployed. */
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { nodeClock } from '../node/ports.ts';
import { createReadSecret, readRulesFolder, RulesFolderError } from '../node/rules-folder.ts';
import { checkRules, type CheckReport } from '../rules/check.ts';
import { formatPlace, type Problem } from '../rules/problem.ts';

/** Exit codes: 0 fine (warnings or not), 1 problems, 2 the folder can't be read. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check the rules: syntax, references, expressions, templates, and their tests')
    .argument('[dir]', 'folder of the rules (default: $RELAY_RULES, else rules)')
    .option('--secrets', 'a secret that is not set is an error, not a warning')
    .option('--json', 'print the report as JSON')
    .action((directory: string | undefined, options: { secrets?: boolean; json?: boolean }) => {
      process.exitCode = check(directory ?? (process.env.RELAY_RULES || 'rules'), options);
    });
}

function check(directory: string, { secrets = false, json = false }: { secrets?: boolean; json?: boolean }): number {
  try {
    const files = readRulesFolder(directory);
    const report = checkRules(files, createReadSecret(process.env), {
      secrets: secrets ? 'required' : 'optional',
      nowMs: nodeClock.now(),
    });
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
    return report.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof RulesFolderError)) throw error;
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: error.message }, null, 2)}\n`);
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

/** `styleText` leaves colours out where the output is no terminal or `NO_COLOR` is set. */
function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout });
}

function formatReport({ ok, problems, warnings, counts }: CheckReport): string {
  const lines = [
    ...problems.flatMap((problem) => formatProblem(problem, style('red', 'error'))),
    ...warnings.flatMap((warning) => formatProblem(warning, style('yellow', 'warning'))),
  ];
  const found = [counted(problems.length, 'problem'), ...(warnings.length > 0 ? [counted(warnings.length, 'warning')] : [])];
  const looked = counts
    ? Object.entries(counts)
        .map(([what, count]) => counted(count, what.slice(0, -1)))
        .join(', ')
    : '';
  const summary = `${ok ? style('green', '✓') : style('red', '✗')} ${found.join(', ')}${looked === '' ? '' : style('dim', ` in ${looked}`)}`;
  return `${[...lines, summary].join('\n')}\n`;
}

function formatProblem(problem: Problem, label: string): string[] {
  const place = formatPlace(problem);
  const first = `${place === '' ? '' : `${style('bold', place)} `}${label}: ${problem.message}`;
  return problem.hint === undefined ? [first] : [first, `    ${style('dim', problem.hint)}`];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
