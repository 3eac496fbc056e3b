import type { Command } from 'commander';
import { readSecret } from '../node/rules-folder.ts';
import { RulesError, serve } from '../node/serve.ts';
import { StoreError } from '../node/sqlite.ts';
import { readSettings, settingsReference } from '../settings.ts';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('run the relay: take events, send alerts')
    .addHelpText('after', () => `\nSettings (environment):\n${settingsReference.map(describeSetting).join('\n')}`)
    .action(runServe);
}

function describeSetting({ name, default: usual, meaning }: (typeof settingsReference)[number]): string {
  return `  ${name.padEnd(22)} ${meaning}${usual === '' ? '' : ` [${usual}]`}`;
}

async function runServe(): Promise<void> {
  const read = readSettings(process.env, readSecret);
  if (!read.ok) return fail('The settings are wrong:', read.problems);
  try {
    const serving = await serve(read.settings, read.warnings);
    let stopping = false;
    const stop = () => {
      if (stopping) process.exit(1); // Asked twice: now, whatever is under way. Nothing is lost by it.
      stopping = true;
      void serving.stop().then(() => process.exit(0));
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  } catch (error) {
    if (error instanceof RulesError) return fail(`${error.message}:`, error.problems);
    if (error instanceof StoreError) return fail(error.message, []);
    if (isSystemError(error, 'EADDRINUSE')) return fail(`${error.message}. Stop what listens there, or set PORT.`, []);
    if (isSystemError(error)) return fail(`${error.message}. Check HOST and PORT.`, []);
    return fail(error instanceof Error ? error.message : String(error), []);
  }
}

function isSystemError(error: unknown, code?: string): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && (code === undefined || (error as NodeJS.ErrnoException).code === code);
}

function fail(message: string, lines: readonly string[]): void {
  process.stderr.write(`narrative-relay can't start: ${[message, ...lines].join('\n  ')}\n`);
  process.exitCode = 1;
}
